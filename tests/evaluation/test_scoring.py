"""Scores of a split by hand: a network is asked in evaluation mode and left as it was."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from autofas.data.batches.crop_store import FrameStore
from autofas.evaluation.scoring import score_rows
from autofas.models.network import Network

WHITE, BLACK = 255, 0  # become 1 and -1 at the network


class MeanOfNorm(nn.Module):
    """A batch norm that has seen nothing, then the mean of the channels: constant images keep their value."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3, eps=0.0)

    def forward(self, images):
        return self.norm(images).mean(1, keepdim=True)  # (B, 1, H, W)


def frames(*pixels):
    """A store of one constant 8x8 crop a frame, and its table."""
    paths = [f"{number}.png" for number in range(len(pixels))]
    crops = np.stack([np.full((3, 8, 8), value, np.uint8) for value in pixels])
    store = FrameStore({"color": crops}, 8, 1.3, None, {(path, 0): row for row, path in enumerate(paths)})
    columns = {"path": paths, "frame": 0, "video": paths, "subject": "1", "pai": "bona_fide"}
    return store, pd.DataFrame(columns)


def network():
    return Network(MeanOfNorm(), name="mean", kind="hand-designed", supervision="pixelwise_bce", input_size=8)


@pytest.mark.parametrize("training", [True, False])
def test_a_score_is_that_of_evaluation_mode_and_the_mode_stays(training):
    # with the batch's own statistics white among white would be 0, a score of 1/2
    store, table = frames(WHITE, WHITE, BLACK)
    asked = network().train(training)
    scores = score_rows(asked, store, table, torch.device("cpu")).scores
    likely = 1 / (1 + math.exp(-1))
    assert scores.tolist() == pytest.approx([likely, likely, 1 - likely], abs=1e-6)
    assert asked.training == asked.body.norm.training == training
    assert asked.body.norm.running_mean.tolist() == [0, 0, 0]


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_a_score_does_not_depend_on_the_rows_around_it(batch_size):
    store, table = frames(WHITE, 40, BLACK, 200, 90)
    together = score_rows(network(), store, table, torch.device("cpu")).scores
    turned = score_rows(network(), store, table[::-1], torch.device("cpu"), batch_size).scores
    np.testing.assert_array_equal(together, turned[::-1])
