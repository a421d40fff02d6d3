"""Parity by numbers one can check on paper."""

import numpy as np
import pytest

from autofas.deploy.parity import compare, require_parity, steady
from autofas.deploy.runtime import Scores
from autofas.errors import RunError


def scores(*values, maps=None):
    return Scores(np.array(values, np.float32), None if maps is None else np.array(maps, np.float32))


def test_errors_and_changed_decisions_name_their_crop():
    found = compare(scores(0.1, 0.5, 0.9), scores(0.1, 0.25, 0.875), 0.5, ["a", "b", "c"])
    assert found.score_error == 0.25
    assert found.changed == 1
    assert found.worst == "b"
    assert found.first_changed == "b: 0.5000000 became 0.2500000 at 0.5000000"
    assert found.map_error is None


def test_a_map_counts_at_its_worst_place():
    before = scores(0.5, 0.5, maps=[[[0, 1]], [[0.5, 0.5]]])
    after = scores(0.5, 0.5, maps=[[[0, 1]], [[0.25, 0.75]]])
    found = compare(before, after, 0.4, ["a", "b"])
    assert (found.map_error, found.worst, found.changed) == (0.25, "b", 0)


def test_what_differs_is_not_kept():
    same = compare(scores(0.1, 0.9), scores(0.1, 0.9), 0.5, ["a", "b"])
    require_parity(same, "model.onnx")
    off = compare(scores(0.1, 0.9), scores(0.1, 0.8), 0.5, ["a", "b"])
    with pytest.raises(RunError, match=r"model.onnx .* differs by 1.00e-01 on b"):
        require_parity(off, "model.onnx")
    nan = compare(scores(0.1, 0.9), scores(np.nan, 0.9), 0.5, ["a", "b"])
    with pytest.raises(RunError, match="on a"):
        require_parity(nan, "model.onnx")
    turned = compare(scores(0.50001), scores(0.49999), 0.5, ["a"])
    with pytest.raises(RunError, match="decides otherwise on 1 of 1"):
        require_parity(turned, "model.onnx")


def test_a_threshold_that_is_a_score_moves_below_it_and_past_no_other():
    assert steady(0.5, np.array([0.2, 0.5, 0.8])) == 0.5 - 1e-5
    assert steady(0.5, np.array([0.5 - 4e-6, 0.5])) == pytest.approx(0.5 - 2e-6, abs=1e-12)
    assert steady(0.5, np.array([0.7])) == 0.5 - 1e-5
