"""The cascade against Algorithm 2 written out per sample."""

from dataclasses import replace

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.evaluation.cascade import Thresholds, cascade, tune
from autofas.evaluation.judgement import dev_error
from tests.evaluation.evaluation_files import random_table, table_of
from tests.evaluation.fused_files import shuffled

A = table_of("a s1 bona_fide 0.8\nb s1 print 0.2\nc s2 bona_fide 0.4")


B = table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1.0")


def test_cascade_by_hand() -> None:
    names = "a s1 bona_fide {}\nb s1 print {}\nc s2 bona_fide {}\nd s2 print {}\ne s2 print {}\nf s2 print {}"
    first = table_of(names.format(0.95, 0.05, 0.55, 0.30, 0.60, 0.40))
    second = table_of(names.format(0.97, 0.01, 0.75, 0.80, 0.70, 0.42))
    infrared = table_of(names.format(0.00, 1.00, 0.90, 0.90, 0.05, 0.90))
    found = cascade([first, second], infrared, Thresholds(low=0.2, high=0.8, second=0.1, lead=0.35))
    # a, b sure; c: (2 * 0.65 + 0.55) / 3 > 0.5 -> max; d: lead 0.30 < 0.35; e: IR 0.05 < 0.1;
    # f: (2 * 0.41 + 0.40) / 3 <= 0.5 -> min
    assert found.table.scores == pytest.approx([0.96, 0.03, 0.75, 0.30, 0.05, 0.40])
    assert found.decided_by.tolist() == [0, 0, 3, 1, 2, 3]
    assert found.shares == pytest.approx(
        {"ensemble": 1 / 3, "lead": 1 / 6, "second": 1 / 6, "extreme": 1 / 3}
    )


@pytest.mark.parametrize("lead_threshold", [None, 0.4])
def test_cascade_equals_algorithm_2_written_out(lead_threshold: float | None) -> None:
    members = [random_table(seed) for seed in range(6)]
    infrared = random_table(9)
    limits = Thresholds(low=0.35, high=0.6, second=0.3, lead=lead_threshold)
    found = cascade([members[0], *map(shuffled, members[1:])], shuffled(infrared), limits)
    for row in range(len(infrared)):
        scores = [float(table.scores[row]) for table in members]
        mean = sum(scores) / 6
        if mean > 0.6 or mean < 0.35:
            final = mean
        elif lead_threshold is not None and scores[0] < lead_threshold:
            final = scores[0]
        elif infrared.scores[row] < 0.3:
            final = float(infrared.scores[row])
        else:
            final = max(scores) if (6 * mean + scores[0]) / 7 > 0.5 else min(scores)
        assert found.table.scores[row] == pytest.approx(final)


def test_cascade_edges() -> None:
    whole = cascade([A, B], A, Thresholds(low=0.0, high=0.0, second=0.0))
    assert whole.table.scores == pytest.approx([0.6, 0.4, 0.7])
    with pytest.raises(MetricError, match="low <= high"):
        Thresholds(low=0.9, high=0.1, second=0.5)
    with pytest.raises(MetricError, match=r"\[0, 1\]"):
        Thresholds(low=0.1, high=1.5, second=0.5)
    with pytest.raises(MetricError, match="a score 2"):
        cascade([A], replace(B, scores=np.array([0.1, 2.0, 0.3])), Thresholds(0.1, 0.9, 0.5))
    with pytest.raises(MetricError, match="none was given"):
        cascade([], B, Thresholds(0.1, 0.9, 0.5))
    with pytest.raises(MetricError, match="lead"):
        cascade([A], B, Thresholds(0.1, 0.9, 0.5), lead=1)


def test_tuned_thresholds_do_not_lose_on_dev() -> None:
    depth, infrared = random_table(1), random_table(2, shift=0.4)
    limits = tune([depth], infrared, quantiles=5)
    assert dev_error(cascade([depth], infrared, limits).table) <= dev_error(depth)
