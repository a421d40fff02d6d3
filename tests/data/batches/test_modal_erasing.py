"""Erasing a modality: by hand, how often, and never all of them."""

import math

import numpy as np
import torch

from autofas.data.batches.modal_erasing import BLACK, erase_modalities, erased

NAMES = ("color", "depth", "ir")


def test_erasing_by_hand() -> None:
    # whether, how (< 1/2: lose one), which of three
    numbers = np.array([[0.1, 0.2, 0.4], [0.1, 0.7, 0.4], [0.9, 0.2, 0.4], [0.1, 0.2, 0.99]])
    gone = erased(list(NAMES), 0.5, numbers)
    assert gone["color"].tolist() == [False, True, False, False]
    assert gone["depth"].tolist() == [True, False, False, False]
    assert gone["ir"].tolist() == [False, True, False, True]


def test_erasing_shares_and_what_is_left() -> None:
    rows = np.arange(4000)
    images = {name: torch.full((4000, 3, 1, 1), 0.5) for name in NAMES}
    result = erase_modalities(images, 0.5, seed=3, epoch=2, rows=rows)
    left = sum((image[:, 0, 0, 0] != BLACK).int() for image in result.values())
    shares = [(left == number).float().mean().item() for number in range(4)]
    assert shares[0] == 0  # something is always left
    for share, expected in zip(shares[1:], (0.25, 0.25, 0.5), strict=True):
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / 4000)
    assert all(set(image.unique().tolist()) == {BLACK, 0.5} for image in result.values())
    assert torch.equal(result["ir"], erase_modalities(images, 0.5, seed=3, epoch=2, rows=rows)["ir"])
    assert erase_modalities(images, 0.0, seed=3, epoch=2, rows=rows)["ir"] is images["ir"]
