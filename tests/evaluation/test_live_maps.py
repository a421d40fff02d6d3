"""The maps of a few faces: the same ones each time, of either class, and the network as it was."""

import numpy as np
import pandas as pd
import pytest
import torch

from autofas.evaluation import live_maps as module
from autofas.evaluation.live_maps import WatchedFaces
from autofas.models.build import build

PAIS = ["bona_fide"] * 9 + ["print"] * 2


@pytest.fixture
def watched(monkeypatch):
    """Faces whose brightness is their row, in place of a data set's."""

    def batches(store, table, size, *, modalities, **other):
        assert size == len(table)
        values = torch.tensor(table.index.to_numpy(), dtype=torch.float32)
        yield type(
            "Batch",
            (),
            {"images": {name: values[:, None, None, None].expand(-1, 3, 32, 32) for name in modalities}},
        )

    monkeypatch.setattr(module, "evaluation_batches", batches)
    return WatchedFaces.of(None, pd.DataFrame({"pai": PAIS}), ("color",), torch.device("cpu"))


def test_a_few_of_either_class_are_watched(watched):
    assert watched.images["color"][:, 0, 0, 0].tolist() == [1, 3, 5, 7, 9, 10]
    assert watched.bona_fide.tolist() == [True] * 4 + [False] * 2


def test_maps_are_by_class_and_the_network_stays_in_its_mode(watched):
    network = build("feathernet_b", input_size=32)
    seen = []

    def compute(images):
        seen.append((network.training, torch.is_grad_enabled()))
        return images["color"][:, 0, :2, :2] / 10

    network.train()
    found = watched.maps(network, compute)
    assert network.training
    assert seen == [(False, False)]
    assert {name: part.shape for name, part in found.items()} == {"bona fide": (4, 2, 2), "attack": (2, 2, 2)}
    np.testing.assert_allclose(found["attack"][:, 0, 0], [0.9, 1.0], rtol=1e-6)
    assert watched.maps(network, lambda images: None) == {}
