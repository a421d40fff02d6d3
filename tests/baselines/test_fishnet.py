"""FishNet: an up unit sums runs of channels."""

import torch
from autofas.baselines.fishnet import Unit
from torch import nn


def test_fishnet_up_unit_sums_runs_of_channels():
    unit = Unit(8, 4, sum_groups=True).eval()
    nn.init.zeros_(unit.conv3.weight)
    x = torch.arange(8.0).view(1, 8, 1, 1)
    assert unit(x).flatten().tolist() == [1, 5, 9, 13]
