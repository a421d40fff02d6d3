"""The area under the ROC, against scikit-learn and by hand."""

import math
import time

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autofas.errors import MetricError
from autofas.metrics import eer_threshold, error_rates, roc_auc


def random_case(rng):
    bona_fide, attacks = rng.integers(1, 40, 2)
    scores = rng.integers(0, rng.integers(1, 50), bona_fide + attacks) / 8
    pais = np.repeat(["bona_fide", "print", "replay"], [bona_fide, attacks - attacks // 3, attacks // 3])
    return scores, pais


def test_auc_by_hand():
    # pairs (bona fide, attack): .8>.6 .8>.4 .5<.6 .5>.4 -> 3 of 4
    assert roc_auc([0.8, 0.5, 0.6, 0.4], ["bona_fide"] * 2 + ["print", "replay"]) == 0.75
    # a tie counts one half
    assert roc_auc([0.5, 0.5], ["bona_fide", "print"]) == 0.5
    assert roc_auc([0.5, 0.9, 0.5, 0.1], ["bona_fide"] * 2 + ["print"] * 2) == 3.5 / 4
    assert roc_auc([1.0, 0.0], ["bona_fide", "print"]) == 1.0
    assert roc_auc([0.0, 1.0], ["bona_fide", "print"]) == 0.0


def test_auc_of_infinite_scores():
    pais = ["bona_fide"] * 2 + ["print"] * 2
    assert roc_auc([math.inf, math.inf, math.inf, -math.inf], pais) == 0.75


def test_auc_is_exact_where_float_sums_are_not():
    # 300 thousand pairs; b tenths beat b attacks below and tie with one, or beat all 500
    scores = np.concatenate([np.arange(1, 601), np.arange(0, 500)]) * 0.1
    pais = ["bona_fide"] * 600 + ["print"] * 500
    twice_wins = sum(2 * b + 1 if b < 500 else 1000 for b in range(1, 601))
    assert roc_auc(scores, pais) == twice_wins / (2 * 600 * 500)


def test_against_scikit_learn():
    rng = np.random.default_rng(5)
    for _ in range(500):
        scores, pais = random_case(rng)
        truth = pais == "bona_fide"
        assert roc_auc(scores, pais) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def test_one_class_has_no_area():
    with pytest.raises(MetricError, match="no attack score"):
        roc_auc([0.1, 0.2], ["bona_fide", "bona_fide"])


def test_half_a_million_scores_take_no_quadratic_time():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, 500_000)
    pais = np.array(["bona_fide", "print1", "print2", "replay1", "replay2"])[codes]
    scores = rng.normal(size=codes.size) + (codes == 0)
    start = time.perf_counter()
    rates = error_rates(scores, pais, eer_threshold(scores, pais))
    area = roc_auc(scores, pais)
    assert time.perf_counter() - start < 3  # a quarter of a second on one core of 2024
    # two unit normals one apart: the EER is Phi(-1/2), the area Phi(1/sqrt 2)
    assert rates.hter == pytest.approx(0.3085, abs=0.003)
    assert area == pytest.approx(0.7602, abs=0.003)
