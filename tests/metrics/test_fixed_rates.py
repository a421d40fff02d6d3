"""TPR at a false positive rate and BPCER at an APCER: budgets of whole attacks."""

import math
from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from autofas.errors import MetricError
from autofas.metrics import bpcer_at_apcer, fpr_resolvable, tpr_at_fpr, tpr_at_fpr_interpolated
from autofas.metrics.fixed_rates import error_budget

# attacks 0.1 .. 1.0 in steps of 0.1; bona fide between them
ATTACKS = [i / 10 for i in range(1, 11)]
BONA_FIDE = [0.05, 0.65, 0.85, 0.95, 1.05]
SCORES = BONA_FIDE + ATTACKS
PAIS = ["bona_fide"] * 5 + ["print"] * 10


def test_by_hand():
    assert tpr_at_fpr(SCORES, PAIS, 0.0) == 0.2  # only 1.05 lies above every attack
    assert tpr_at_fpr(SCORES, PAIS, 0.099) == 0.2
    assert tpr_at_fpr(SCORES, PAIS, 0.1) == 0.4  # one attack may pass
    assert tpr_at_fpr(SCORES, PAIS, 0.2) == 0.6
    assert tpr_at_fpr(SCORES, PAIS, 0.4) == 0.8
    assert tpr_at_fpr(SCORES, PAIS, 0.99) == 0.8  # 0.05 lies below every attack
    assert tpr_at_fpr(SCORES, PAIS, 1.0) == 1.0


def test_a_tie_between_bona_fide_and_attack_cannot_be_split():
    scores, pais = [0.5, 0.9, 0.5, 0.1], ["bona_fide"] * 2 + ["print"] * 2
    assert tpr_at_fpr(scores, pais, 0.49) == 0.5
    assert tpr_at_fpr(scores, pais, 0.5) == 1.0


def test_tied_attacks_pass_together_or_not_at_all():
    scores, pais = [0.5, 0.7, 0.6, 0.6, 0.6, 0.1], ["bona_fide"] * 2 + ["print"] * 4
    assert tpr_at_fpr(scores, pais, 0.5) == 0.5  # two may pass, but three share a score
    assert tpr_at_fpr(scores, pais, 0.75) == 1.0


@pytest.mark.parametrize("n", [7, 10, 64, 100, 250, 1000, 6614, 40252])
def test_the_budget_has_no_floor_error(n):
    assert int(0.29 * 100) == 28  # the error to avoid
    for errors in range(0, n + 1, max(1, n // 211)):
        assert error_budget(errors / n, n) == errors
        assert error_budget(math.nextafter(errors / n, 0), n) == max(errors - 1, 0)
    for percent in range(101):
        assert error_budget(percent / 100, n) == Fraction(percent, 100) * n // 1


def test_029_of_a_hundred_attacks_is_29():
    scores = [70.5, *range(100)]
    pais = ["bona_fide"] + ["print"] * 100
    assert tpr_at_fpr(scores, pais, 0.28) == 0.0
    assert tpr_at_fpr(scores, pais, 0.29) == 1.0  # attacks 71 .. 99 pass
    assert tpr_at_fpr(scores, pais, np.float32(0.29)) == 1.0
    assert tpr_at_fpr(scores, pais, np.float64(0.29)) == 1.0


def test_casia_surf_validation_cannot_resolve_one_in_ten_thousand():
    pais = ["bona_fide"] * 2994 + ["print"] * 6614
    assert not fpr_resolvable(pais, 1e-4)
    assert fpr_resolvable(pais, 1e-3)
    assert fpr_resolvable(["print"] * 40252, 1e-4)
    assert fpr_resolvable(["print"] * 100, 0.01)
    assert not fpr_resolvable(["print"] * 99, 0.01)
    scores = np.arange(len(pais))[::-1].astype(float)
    assert tpr_at_fpr(scores, pais, 1e-4) == tpr_at_fpr(scores, pais, 0.0) == 1.0


def test_interpolation_by_hand():
    # between (0.1, 0.4) and (0.2, 0.4), then up to (0.2, 0.6)
    assert tpr_at_fpr_interpolated(SCORES, PAIS, 0.1) == 0.4
    assert tpr_at_fpr_interpolated(SCORES, PAIS, 0.15) == 0.4
    # a tie of both classes is a slope: from (0, 0.5) to (0.5, 1)
    scores, pais = [0.5, 0.9, 0.5, 0.1], ["bona_fide"] * 2 + ["print"] * 2
    assert tpr_at_fpr_interpolated(scores, pais, 0.25) == 0.75
    assert tpr_at_fpr(scores, pais, 0.25) == 0.5
    assert tpr_at_fpr_interpolated(scores, pais, 1.0) == 1.0


def test_both_against_scikit_learn_between_the_points():
    rng = np.random.default_rng(3)
    for _ in range(300):
        scores = rng.integers(0, 12, 30) / 4
        pais = rng.permutation(["bona_fide"] * 12 + ["print"] * 10 + ["replay"] * 8)
        curve_fpr, curve_tpr, _ = roc_curve(pais == "bona_fide", scores, drop_intermediate=False)
        for fpr in rng.random(5):  # never on a point, where the curve may be vertical
            strict, line = tpr_at_fpr(scores, pais, fpr), tpr_at_fpr_interpolated(scores, pais, fpr)
            assert line == pytest.approx(np.interp(fpr, curve_fpr, curve_tpr), abs=1e-12)
            assert line >= strict
            assert strict == curve_tpr[curve_fpr <= fpr].max()


def test_bpcer_at_apcer_minds_the_worst_instrument():
    scores = [0.3, 0.6, 0.7, 0.9] + [0.1] * 9 + [0.2] + [0.5, 0.65]
    pais = ["bona_fide"] * 4 + ["print"] * 10 + ["mask"] * 2
    assert bpcer_at_apcer(scores, pais, 0.1) == 0.5  # no mask may pass: above 0.65
    assert bpcer_at_apcer(scores, pais, 0.5) == 0.25  # one mask may: above 0.5
    assert bpcer_at_apcer(scores, pais, 1.0) == 0.0
    pooled = ["bona_fide"] * 4 + ["any"] * 12
    assert bpcer_at_apcer(scores, pooled, 0.1) == 0.25
    assert bpcer_at_apcer(scores, pooled, 0.1) == 1 - tpr_at_fpr(scores, pooled, 0.1)


def test_infinite_scores():
    assert tpr_at_fpr([math.inf, 0.0, 0.0, -math.inf], ["bona_fide"] * 2 + ["print"] * 2, 0.0) == 0.5
    assert tpr_at_fpr([0.0, -math.inf, -math.inf], ["bona_fide"] + ["print"] * 2, 0.0) == 1.0
    scores, pais = [math.inf, math.inf, 0.0], ["bona_fide", "print", "print"]
    assert tpr_at_fpr(scores, pais, 0.5) == 1.0
    for function in (tpr_at_fpr, tpr_at_fpr_interpolated, bpcer_at_apcer):
        with pytest.raises(MetricError, match=r"1 of 2 .*attacks score \+inf"):
            function(scores, pais, 0.25)


@pytest.mark.parametrize("function", [tpr_at_fpr, tpr_at_fpr_interpolated, bpcer_at_apcer])
@pytest.mark.parametrize("rate", [-0.01, 1.01, 5, math.nan, math.inf, "0.1", None, True])
def test_rates_outside_zero_to_one_are_refused(function, rate):
    with pytest.raises(MetricError) as caught:
        function(SCORES, PAIS, rate)
    assert "\n" not in str(caught.value)


def test_resolvable_refuses_what_it_cannot_answer():
    with pytest.raises(MetricError, match="no attack among 1"):
        fpr_resolvable(["bona_fide"], 0.1)
    with pytest.raises(MetricError, match="no attack among 0"):
        fpr_resolvable([], 0.1)
    with pytest.raises(MetricError, match="between 0 and 1"):
        fpr_resolvable(["print"], 2)
