"""Thresholds inside the interval that dev leaves open: by hand, and against the rule at its edge."""

import math

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import eer_threshold, error_rates
from autofas.metrics.transfer_thresholds import (
    apcer_threshold,
    logit_normal_threshold,
    middle_eer_threshold,
    near_attacks_threshold,
    quantile_threshold,
)

RULES = [
    apcer_threshold,
    middle_eer_threshold,
    quantile_threshold,
    near_attacks_threshold,
    logit_normal_threshold,
]


def labelled(bona_fide, attacks):
    return [*bona_fide, *attacks], ["bona_fide"] * len(bona_fide) + ["print"] * len(attacks)


def test_the_middle_of_separable_scores():
    scores = labelled([0.9, 0.8, 0.7], [0.1, 0.3, 0.2])
    assert eer_threshold(*scores) == 0.7
    assert middle_eer_threshold(*scores) == pytest.approx(0.5)


def test_the_middle_decides_as_the_edge_where_scores_overlap():
    rng = np.random.default_rng(0)
    for _ in range(50):
        scores = labelled(rng.normal(0.6, 0.2, 37), rng.normal(0.4, 0.2, 53))
        edge, middle = eer_threshold(*scores), middle_eer_threshold(*scores)
        assert middle <= edge
        assert error_rates(*scores, middle).counts_by_pai == error_rates(*scores, edge).counts_by_pai
        assert error_rates(*scores, middle).bpcer == error_rates(*scores, edge).bpcer


def test_inverted_and_equal_scores_keep_the_edge():
    everything_alike = labelled([0.5, 0.5], [0.5, 0.5])
    assert middle_eer_threshold(*everything_alike) <= eer_threshold(*everything_alike)
    assert middle_eer_threshold(*labelled([0.0, math.inf], [-math.inf, 0.5])) <= 0.5


def test_quantiles_are_those_of_numpy():
    bona_fide, attacks = np.linspace(0.5, 1, 21), np.linspace(0, 0.4, 21)
    assert quantile_threshold(*labelled(bona_fide, attacks)) == pytest.approx((0.525 + 0.38) / 2)


def test_near_the_attacks_by_hand_in_logits():
    # quantiles 0.2 and 0.8: logits -ln 4 and ln 4, 0.15 of the way -0.7 ln 4
    bona_fide, attacks = [0.7, 0.8, *[0.9] * 19], [*[0.0] * 19, 0.2, 0.3]
    assert near_attacks_threshold(*labelled(bona_fide, attacks)) == pytest.approx(1 / (1 + 4**0.7))


def test_near_the_attacks_accepts_the_same_at_any_temperature():
    rng = np.random.default_rng(0)
    logits = np.concatenate([rng.normal(2, 1, 60), rng.normal(-4, 1, 80)])
    pais = ["bona_fide"] * 60 + ["print"] * 80
    accepted = []
    for temperature in (1.0, 3.0):
        scores = 1 / (1 + np.exp(-logits / temperature))
        accepted.append(scores >= near_attacks_threshold(scores, pais))
    assert (accepted[0] == accepted[1]).all()
    assert 0 < accepted[0].sum() < 140


def test_the_attacks_alone_set_a_threshold():
    attacks = np.linspace(0, 0.5, 101)  # one of them may pass
    assert apcer_threshold(*labelled([0.9, 0.8], attacks)) == pytest.approx((0.495 + 0.5) / 2)
    assert apcer_threshold(*labelled([0.7], attacks)) == apcer_threshold(*labelled([0.9], attacks))
    assert apcer_threshold(*labelled([0.9, 0.8], attacks[:5])) == pytest.approx((attacks[4] + 0.8) / 2)


def test_logits_of_equal_spread_meet_halfway():
    def probability(logits):
        return 1 / (1 + np.exp(-np.asarray(logits, dtype=float)))

    scores = labelled(probability([3, 5]), probability([-3, -1]))
    assert logit_normal_threshold(*scores) == pytest.approx(probability(1.0))
    wider = labelled(probability([2, 6]), probability([-3, -1]))  # spreads 2 and 1: (4 * 1 - 2 * 2) / 3 = 0
    assert logit_normal_threshold(*wider) == pytest.approx(0.5)
    assert logit_normal_threshold(*labelled([1.0, 1.0], [0.0, 0.0])) == pytest.approx(0.5)


def test_logits_need_probabilities():
    with pytest.raises(MetricError, match=r"score 1\.5 is not a probability"):
        logit_normal_threshold(*labelled([1.5], [0.1]))
    with pytest.raises(MetricError, match=r"score 1\.5 is not a probability"):
        near_attacks_threshold(*labelled([1.5], [0.1]))


@pytest.mark.parametrize("rule", RULES)
def test_both_classes_are_needed(rule):
    with pytest.raises(MetricError):
        rule([0.1, 0.2], ["print", "print"])
    with pytest.raises(MetricError):
        rule([0.1, math.nan], ["print", "bona_fide"])
