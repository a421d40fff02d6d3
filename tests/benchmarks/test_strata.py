"""P(better) and its test within strata: on paper, then against scipy."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from benchmarks import strata


def column(*values):
    return np.array(values, dtype=float)[:, None]


def row(*values):
    return np.array(values, dtype=float)


def test_pairs_are_counted_within_a_stratum():
    # 3 of 4 pairs in the first, a tie in the second; across strata the first would lose all
    groups = {0: (row(2, 4), column(1, 3)), 1: (row(10), column(10))}
    assert strata.better(groups) == (0.75 + 0.5) / 2


def test_several_controls_of_a_row_count_alike():
    assert strata.better({0: (row(2), np.array([[1.0, 3.0]]))}) == 0.5


def test_every_exchange_of_two_and_two_by_hand():
    # of the 6 divisions of four figures, 2 are as far from one half as a clean win
    assert strata.p_value({0: (row(3, 4), column(1, 2))}) == pytest.approx(1 / 3, abs=0.01)


def test_one_stratum_is_mann_whitney():
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.8, 1, 9), rng.normal(0, 1, 11)
    known = mannwhitneyu(one, other, method="exact")
    assert known.pvalue > 0.001
    groups = {0: (one, other[:, None])}
    assert strata.better(groups) == pytest.approx(known.statistic / 99)
    assert strata.p_value(groups) == pytest.approx(known.pvalue, abs=0.01)


def test_holm_by_hand():
    assert strata.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert strata.holm([0.9, 0.8]) == [1.0, 1.0]


def test_an_interval_holds_the_estimate_and_needs_two_rows():
    groups = {0: (row(1, 2, 3, 4), column(0, 3.5, 2.5, 1.5)), 1: (row(1, 2), column(1.5, 0))}
    low, high = strata.interval(groups)
    assert low < strata.better(groups) < high
    assert strata.interval({0: (row(1), column(0))}) is None
    assert strata.interval({0: (row(5, 6, 7), column(1, 2, 3))}) == pytest.approx((1, 1))


def test_power_is_the_level_without_a_difference_and_grows_with_rows():
    assert strata.power([(3, 3)] * 4, 0.5, 0.05) == pytest.approx(0.05, abs=0.02)
    few, many = (strata.power([(rows, rows)] * 4, 0.8, 0.05) for rows in (3, 6))
    assert 0.05 < few < many < 1
    assert strata.power([(1, 1)], 0.8, 0.05) == 0
