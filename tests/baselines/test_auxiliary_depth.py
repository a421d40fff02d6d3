"""The depth network: its map begins near zero and alive."""

import pytest
import torch
from autofas.baselines import build_baseline


@pytest.mark.parametrize("name", ["auxiliary_depth", "cdcn"])
def test_a_depth_map_begins_near_zero_and_alive(name):
    torch.manual_seed(0)
    network = build_baseline(name, input_size=64)
    depth = network(torch.randn(4, 3, 64, 64)).detach()
    assert 0 < float(depth.mean()) < 0.1
    assert 0.2 < float((depth > 0).float().mean()) < 0.8
