"""Clopper-Pearson limits, by hand and against scipy."""

import math

import pytest
from scipy.stats import beta, binom

from autofas.errors import MetricError
from autofas.metrics import clopper_pearson, error_rates, rate_intervals


def test_by_hand():
    # no error in n: the upper limit solves (1 - p)^n = 0.025
    low, high = clopper_pearson(0, 20)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20), abs=1e-14)
    low, high = clopper_pearson(20, 20)
    assert low == pytest.approx(0.025 ** (1 / 20), abs=1e-14)
    assert high == 1.0
    # one of one: [0.025, 1]; one of two: p^2 + 2p(1-p) = 0.025 below
    assert clopper_pearson(1, 1) == (pytest.approx(0.025, abs=1e-15), 1.0)
    assert clopper_pearson(1, 2)[0] == pytest.approx(1 - math.sqrt(0.975), abs=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 20, 60, 480, 6614, 40252, 10**6, 10**8])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999999])
def test_against_scipy(n, level):
    tail = (1 - level) / 2
    for k in sorted({0, 1, min(2, n), n // 1000, n // 7, n // 2, n - 1, n}):
        low, high = clopper_pearson(k, n, level)
        assert low == pytest.approx(beta.ppf(tail, k, n - k + 1) if k else 0.0, abs=1e-10)
        assert high == pytest.approx(beta.isf(tail, k + 1, n - k) if k < n else 1.0, abs=1e-10)
        assert low <= k / n <= high


def test_every_count_of_a_small_set():
    for n in range(1, 41):
        for k in range(n + 1):
            low, high = clopper_pearson(k, n)
            assert k == 0 or binom.sf(k - 1, n, low) == pytest.approx(0.025, abs=1e-12)
            assert k == n or binom.cdf(k, n, high) == pytest.approx(0.025, abs=1e-12)


def test_the_limits_mirror_each_other():
    for k in range(61):
        low, high = clopper_pearson(k, 60)
        mirrored = clopper_pearson(60 - k, 60)
        assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-15)


def test_intervals_of_error_rates_use_the_worst_instrument():
    scores = [0.9] * 19 + [0.1] + [0.1] * 20 + [0.9] * 3 + [0.1] * 7
    pais = ["bona_fide"] * 20 + ["print"] * 20 + ["replay"] * 10
    intervals = rate_intervals(error_rates(scores, pais, 0.5))
    assert intervals["apcer"] == clopper_pearson(3, 10)
    assert intervals["apcer_pooled"] == clopper_pearson(3, 30)
    assert intervals["bpcer"] == clopper_pearson(1, 20)
    assert rate_intervals(error_rates(scores, pais, 0.5), 0.5)["bpcer"] == clopper_pearson(1, 20, 0.5)


@pytest.mark.parametrize(
    ("k", "n", "level", "words"),
    [
        (0, 0, 0.95, "0 errors of 0"),
        (-1, 5, 0.95, "-1 errors of 5"),
        (6, 5, 0.95, "6 errors of 5"),
        (0.5, 5, 0.95, "whole numbers"),
        (1, 5, 0.0, "level is 0.0"),
        (1, 5, 1.0, "level is 1.0"),
        (1, 5, 95, "level is 95"),
        (1, 5, math.nan, "level is NaN"),
    ],
)
def test_refuses(k, n, level, words):
    with pytest.raises(MetricError, match=words):
        clopper_pearson(k, n, level)
