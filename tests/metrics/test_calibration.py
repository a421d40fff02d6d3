"""Calibration: blocks and errors by hand, against independent libraries, and what may never change."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autofas.errors import MetricError
from autofas.metrics import brier_score, calibration_error, fit_isotonic, fit_temperature
from autofas.metrics.calibration import NEAREST, Isotonic, LogitScaling

FITS = [fit_temperature, fit_isotonic]


def labelled(bona_fide, attacks):
    return [*bona_fide, *attacks], ["bona_fide"] * len(bona_fide) + ["print"] * len(attacks)


def drawn(seed: int, count: int = 80, shift: float = 0.15):
    """Scores that overlap, a third of them bona fide."""
    rng = np.random.default_rng(seed)
    return labelled(rng.beta(2, 2, count // 3) ** (1 - shift), rng.beta(2, 3, count - count // 3))


def test_blocks_by_hand():
    # 0.2 and 0.3 do not rise: one block with half of it bona fide
    found = fit_isotonic([0.1, 0.2, 0.3, 0.8], ["print", "bona_fide", "print", "bona_fide"])
    assert found == Isotonic((0.1, 0.2, 0.3, 0.8), (0.0, 0.5, 0.5, 1.0))
    assert found([0.0, 0.15, 0.25, 0.55, 1.0]) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


def test_equal_scores_are_one_step():
    found = fit_isotonic([0.4, 0.4, 0.4, 0.9], ["print", "print", "bona_fide", "bona_fide"])
    assert found.scores == (0.4, 0.9)
    assert found.probabilities == pytest.approx((1 / 3, 1))


def test_isotonic_is_that_of_scikit_learn():
    isotonic = pytest.importorskip("sklearn.isotonic")
    grid = np.linspace(0, 1, 301)
    for seed in range(5):
        scores, pais = drawn(seed)
        scores = np.round(scores, 2)  # ties
        truth = [float(pai == "bona_fide") for pai in pais]
        theirs = isotonic.IsotonicRegression(out_of_bounds="clip").fit(scores, truth)
        assert fit_isotonic(scores, pais)(grid) == pytest.approx(theirs.predict(grid), abs=1e-12)


def test_temperature_is_where_the_likelihood_is_greatest():
    optimize = pytest.importorskip("scipy.optimize")
    for seed in range(3):
        scores, pais = drawn(seed)
        ours = fit_temperature(scores, pais)
        real = np.array(pais) == "bona_fide"
        targets = np.where(real, (real.sum() + 1) / (real.sum() + 2), 1 / ((~real).sum() + 2))
        logits = np.log(scores) - np.log1p(-np.asarray(scores))

        def loss(at, logits=logits, targets=targets):
            shown = at[0] * logits + at[1]
            return float((np.logaddexp(0, shown) - targets * shown).sum())

        theirs = optimize.minimize(
            loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
        )
        assert (ours.scale, ours.bias) == pytest.approx(tuple(theirs.x), abs=1e-5)


def test_probabilities_are_found_again():
    # labels drawn with probability p, scores p at another temperature: the scale is the inverse of it
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.02, 0.98, 40_000)
    pais = np.where(rng.uniform(size=len(truth)) < truth, "bona_fide", "print")
    shown = LogitScaling(2.0, 0.5)(truth)
    found = fit_temperature(shown, pais)
    assert (found.scale, found.bias) == pytest.approx((0.5, -0.25), abs=0.03)
    assert calibration_error(shown, pais) > 0.05
    assert calibration_error(found(shown), pais) < 0.01
    assert brier_score(found(shown), pais) < brier_score(shown, pais)


def test_separable_scores_have_a_finite_temperature():
    found = fit_temperature(*labelled([0.9, 0.95, 1.0], [0.0, 0.1, 0.2]))
    assert 0 < found.scale < 10
    assert found([0.0, 1.0]).tolist() == [0.0, 1.0]
    steps = fit_isotonic(*labelled([0.9, 0.95, 1.0], [0.0, 0.1, 0.2]))
    assert steps([0.2, 0.9]).tolist() == [0.0, 1.0]  # as sure as six scores can make it: too sure


@pytest.mark.parametrize("scores", [labelled([0.2, 0.1], [0.8, 0.7]), labelled([0.5, 0.5], [0.5, 0.5])])
def test_no_temperature_turns_scores_round(scores):
    with pytest.raises(MetricError, match="do not score below bona fide"):
        fit_temperature(*scores)
    assert set(fit_isotonic(*scores).probabilities) == {0.5}


@pytest.mark.parametrize("fit", FITS)
def test_what_is_refused(fit):
    with pytest.raises(MetricError, match=r"score 1.5 is not in \[0, 1\]"):
        fit(*labelled([1.5], [0.1]))
    with pytest.raises(MetricError, match="no attack score"):
        fit([0.5], ["bona_fide"])
    with pytest.raises(MetricError, match="is not in"):
        fit(*drawn(0))([math.inf])


def test_errors_by_hand():
    scores, pais = [0.1, 0.3, 0.8, 0.9], ["print", "bona_fide", "print", "bona_fide"]
    # two bins: 0.2 against 1/2, 0.85 against 1/2, each half of the scores
    assert calibration_error(scores, pais, bins=2) == pytest.approx(0.5 * 0.3 + 0.5 * 0.35)
    assert brier_score(scores, pais) == pytest.approx((0.01 + 0.49 + 0.64 + 0.01) / 4)
    assert (
        calibration_error([0.0, 1.0], ["print", "bona_fide"]) == brier_score([0, 1], ["a", "bona_fide"]) == 0
    )
    assert calibration_error([0.25], ["bona_fide"]) == 0.75  # one class alone
    # a bin has its upper end: 0.5 lies with 0.4, and 0 in the first
    assert calibration_error([0.4, 0.5, 0.0], ["bona_fide", "a", "a"], bins=2) == pytest.approx(0.1 / 3)


def test_brier_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    scores, pais = drawn(1)
    truth = [pai == "bona_fide" for pai in pais]
    assert brier_score(scores, pais) == pytest.approx(metrics.brier_score_loss(truth, scores), abs=1e-12)


SCORES = st.lists(st.floats(0, 1, width=32), min_size=3, max_size=40)


@settings(max_examples=60, deadline=None)
@given(SCORES, st.floats(0.05, 3), st.floats(-5, 5))
def test_a_temperature_changes_no_verdict(scores, scale, bias):
    # float32 scores, as networks give them, that are not so near to 1 that float64 runs out of numbers
    scores = np.array([score for score in scores if score < 1 - NEAREST] or [0.5])
    mapped = LogitScaling(scale, bias)(scores)
    assert ((mapped[:, None] >= mapped) == (scores[:, None] >= scores)).all()  # each as a threshold


@settings(max_examples=60, deadline=None)
@given(SCORES, st.integers(0, 2**32 - 1))
def test_isotonic_changes_a_verdict_only_by_making_scores_equal(scores, seed):
    pais = np.where(np.random.default_rng(seed).uniform(size=len(scores)) < 0.5, "bona_fide", "print")
    pais[:2] = ["bona_fide", "print"]
    mapped, scores = fit_isotonic(scores, pais)(scores), np.array(scores)
    changed = (mapped[:, None] >= mapped) != (scores[:, None] >= scores)
    assert (mapped[:, None] == mapped)[changed].all()
