"""Scores and labels at the door: float64, both classes, and a line for whatever else is given."""

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics.samples import as_floats, check_number, check_rate, check_samples, check_scores


def test_classes_and_instruments_by_hand():
    found = check_samples([0.5, 0.1, 0.9, 0.3], ["replay", "bona_fide", "print", "bona_fide"])
    assert found.bona_fide.tolist() == [0.1, 0.3]
    assert found.attacks.tolist() == [0.5, 0.9]
    assert {name: scores.tolist() for name, scores in found.by_pai.items()} == {
        "print": [0.9],
        "replay": [0.5],
    }
    assert list(found.by_pai) == ["print", "replay"]
    assert found.is_bona_fide.tolist() == [False, True, False, True]


def test_every_kind_of_number_becomes_float64():
    for scores in ([1, 2], [True, False], np.array([1, 2], np.float32), np.array([1, 2], np.uint8)):
        assert as_floats(scores).dtype == np.float64
    assert check_scores([np.inf, -np.inf]).tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "scores is empty"),
        ([[1.0]], r"shape \(1, 1\)"),
        ([0.1, float("nan")], r"scores\[1\] is NaN"),
        ([0.1, "0.2"], r"scores\[1\] is '0\.2'|cannot be read|scores\[0\]"),
        ([10**400], "beyond float64"),
        ([[1], [1, 2]], "cannot be read as an array"),
    ],
)
def test_what_is_no_list_of_scores(scores, message):
    with pytest.raises(MetricError, match=message):
        check_scores(scores)


def test_a_class_that_is_missing_is_named():
    with pytest.raises(MetricError, match="no bona fide score among 2"):
        check_samples([1, 2], ["print", "print"])
    with pytest.raises(MetricError, match="no attack score among 1"):
        check_samples([1], ["bona_fide"])
    with pytest.raises(MetricError, match="pais has 1 entries for 2 scores"):
        check_samples([1, 2], ["print"])


def test_rates_are_fractions_and_float32_means_what_it_prints():
    assert check_rate(np.float32(0.29), "rate") == 0.29
    for value in (1.5, -0.1, 5):
        with pytest.raises(MetricError, match="a fraction, not percent"):
            check_rate(value, "rate")
    for value in ("0.5", True, None, float("nan")):
        with pytest.raises(MetricError, match="give one real number"):
            check_number(value, "threshold")
