"""Random numbers that belong to a row: the same in any batch, and distributed as asked."""

import numpy as np
import torch

from autofas.data.batches.row_random import normal_fields, uniforms


def test_uniforms_belong_to_the_row():
    whole = uniforms(3, 7, np.arange(1000), 20)
    assert whole.shape == (1000, 20)
    assert np.array_equal(whole[[5, 900]], uniforms(3, 7, np.array([5, 900]), 20))
    assert np.array_equal(whole[:, :4], uniforms(3, 7, np.arange(1000), 4))
    assert whole.min() >= 0
    assert whole.max() < 1
    assert abs(whole.mean() - 0.5) < 0.01
    assert abs(np.histogram(whole, bins=10)[0] / 20000 - 0.1).max() < 0.01
    for other in (uniforms(4, 7, np.arange(1000), 20), uniforms(3, 8, np.arange(1000), 20)):
        assert abs(np.corrcoef(whole.ravel(), other.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(whole[:-1, 0], whole[1:, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(whole[:, 0], whole[:, 1])[0, 1]) < 0.1


def test_normal_fields_are_normal():
    fields = normal_fields(0, np.array([0.0, 0.5, 0.999999]), 10_000, torch.device("cpu"))
    assert fields.shape == (3, 10_000)
    assert fields.mean(dim=1).abs().max() < 0.05
    assert (fields.std(dim=1) - 1).abs().max() < 0.05
    assert np.corrcoef(fields.numpy()).max(initial=0, where=~np.eye(3, dtype=bool)) < 0.05
