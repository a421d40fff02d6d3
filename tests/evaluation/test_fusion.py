"""Fusion by hand: means, weights, and a greedy choice that is never worse on dev."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autofas.errors import MetricError
from autofas.evaluation.fusion import greedy_selection, weighted_mean
from autofas.evaluation.judgement import dev_error
from tests.evaluation.evaluation_files import random_table, table_of

A = table_of("a s1 bona_fide 0.8\nb s1 print 0.2\nc s2 bona_fide 0.4")


B = table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1.0")


def test_means_by_hand() -> None:
    assert weighted_mean([A, B]).scores == pytest.approx([0.6, 0.4, 0.7])
    assert weighted_mean([A, B], [3, 1]).scores == pytest.approx([0.7, 0.3, 0.55])
    assert weighted_mean([A, B], [0, 1]).scores.tolist() == B.scores.tolist()
    assert weighted_mean([A]).scores.tolist() == A.scores.tolist()


def test_bad_weights_and_opposite_infinities() -> None:
    for weights in ([1], [0, 0], [-1, 2], [np.nan, 1]):
        with pytest.raises(MetricError, match="weights"):
            weighted_mean([A, B], weights)
    high, low = replace(A, scores=np.array([np.inf, 0, 0])), replace(A, scores=np.array([-np.inf, 0, 0]))
    with pytest.raises(MetricError, match="undefined"):
        weighted_mean([high, low])
    assert weighted_mean([high, low], [0, 1]).scores[0] == -np.inf


def test_greedy_selection_by_hand_and_never_worse_on_dev() -> None:
    members = [random_table(seed, shift) for seed, shift in ((1, 0.1), (2, 0.3), (3, 0.3), (4, 0.05))]
    chosen = greedy_selection(members, steps=8)
    singles = [dev_error(table) for table in members]
    assert chosen.order[0] == singles.index(min(singles))
    fused = weighted_mean(members, chosen.weights)
    assert sum(chosen.weights) == len(chosen.order)
    assert dev_error(fused) <= min(singles)
    videos = fused.by_video()
    labels = [pai == "bona_fide" for pai in videos.pais]
    assert chosen.errors[-1][1] == pytest.approx(1 - roc_auc_score(labels, videos.scores))
    perfect = replace(members[0], scores=np.array([float(p == "bona_fide") for p in members[0].pais]))
    assert greedy_selection([members[0], perfect], steps=3).weights == (0, 1)
    with pytest.raises(MetricError, match="steps"):
        greedy_selection(members, steps=0)
