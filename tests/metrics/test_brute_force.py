"""Every figure that searches thresholds, against a search of all thresholds in exact fractions.

Ten thousand small cases with many ties, strong imbalance and now and then infinite scores.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from autofas.metrics import (
    bpcer_at_apcer,
    eer,
    eer_threshold,
    error_rates,
    min_acer_threshold,
    roc_auc,
    tpr_at_fpr,
)

CASES = 10_000
NAMES = ["bona_fide", "print", "replay", "mask"]


def cases():
    rng = np.random.default_rng(20240607)
    for case in range(CASES):
        # imbalance: each class gets one to seven, one of them perhaps most
        sizes = rng.integers(1, 5, 1 + int(rng.integers(1, 4)))
        sizes[rng.integers(len(sizes))] += rng.integers(0, 5)
        codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        scores = rng.integers(0, int(rng.integers(1, 9)), codes.size) / 10  # tenths: not exact in binary
        if case % 20 == 0:
            scores[rng.integers(codes.size)] = rng.choice([math.inf, -math.inf])
        yield scores.tolist(), [NAMES[code] for code in codes.tolist()]


def all_points(scores, pais):
    """(threshold, pooled APCER, APCER, BPCER) at every operating point, each rate an exact fraction."""
    thresholds = sorted(set(scores))
    if thresholds[-1] < math.inf:
        thresholds.append(math.nextafter(thresholds[-1], math.inf))
    groups = {name: [s for s, p in zip(scores, pais, strict=True) if p == name] for name in set(pais)}
    bona_fide = groups.pop("bona_fide")
    attacks = sum(len(group) for group in groups.values())
    for threshold in thresholds:
        accepted = {name: sum(s >= threshold for s in group) for name, group in groups.items()}
        yield (
            threshold,
            Fraction(sum(accepted.values()), attacks),
            max(Fraction(count, len(groups[name])) for name, count in accepted.items()),
            Fraction(sum(s < threshold for s in bona_fide), len(bona_fide)),
        )


def test_search_over_all_thresholds():
    ties = 0
    for scores, pais in cases():
        points = list(all_points(scores, pais))
        least = min(abs(pooled - bpcer) for _, pooled, _, bpcer in points)
        best = [p for p in points if abs(p[1] - p[3]) == least]
        ties += len(best) > 1
        expected = min(best, key=lambda p: (p[1] + p[3], -p[0]))
        threshold = eer_threshold(scores, pais)
        assert threshold == expected[0]
        assert eer(scores, pais) == pytest.approx(float(expected[1] + expected[3]) / 2, abs=1e-15)

        rates = error_rates(scores, pais, threshold)
        assert (rates.apcer_pooled, rates.apcer, rates.bpcer) == tuple(float(rate) for rate in expected[1:])
        assert rates.hter == eer(scores, pais)

        assert min_acer_threshold(scores, pais) == min(points, key=lambda p: (p[2] + p[3], -p[0]))[0]
    assert ties > CASES / 20


def test_rates_under_a_limit_and_area():
    rng = np.random.default_rng(1)
    for scores, pais in cases():
        if math.inf in scores:
            continue  # a limit may be out of reach there; see test_fixed_rates
        points = list(all_points(scores, pais))
        # half the limits lie exactly on a reachable rate
        limit = (
            float(points[rng.integers(len(points))][1 + rng.integers(2)])
            if rng.random() < 0.5
            else rng.random()
        )
        expected = max(1 - bpcer for _, pooled, _, bpcer in points if float(pooled) <= limit)
        assert tpr_at_fpr(scores, pais, limit) == float(expected)
        assert bpcer_at_apcer(scores, pais, limit) == float(min(p[3] for p in points if float(p[2]) <= limit))

        bona_fide = [s for s, p in zip(scores, pais, strict=True) if p == "bona_fide"]
        attacks = [s for s, p in zip(scores, pais, strict=True) if p != "bona_fide"]
        twice_wins = sum((b > a) + (b >= a) for b in bona_fide for a in attacks)
        assert roc_auc(scores, pais) == twice_wins / (2 * len(bona_fide) * len(attacks))
