"""Score files of one data set row by row: any order, and files that do not match."""

from dataclasses import replace

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.evaluation.alignment import align
from autofas.evaluation.fusion import weighted_mean
from autofas.metrics import ScoreTable
from tests.evaluation.evaluation_files import random_table, table_of
from tests.evaluation.fused_files import shuffled

A = table_of("a s1 bona_fide 0.8\nb s1 print 0.2\nc s2 bona_fide 0.4")


B = table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1.0")


def test_the_order_of_rows_does_not_matter() -> None:
    one, other = random_table(1), random_table(2)
    fused = weighted_mean([one, shuffled(other)])
    assert fused.scores == pytest.approx((one.scores + other.scores) / 2)
    assert fused.paths == one.paths


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (table_of("a s1 bona_fide 0.4\nb s1 print 0.6"), "no score for 'c/2'"),
        (table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1\nd s2 print 0"), "for 'd/3', which"),
        (table_of("a s1 bona_fide 0.4\nb s1 replay 0.6\nc s2 bona_fide 1.0"), "says pai 'print'"),
        (table_of("a s1 bona_fide 0.4\nb s3 print 0.6\nc s2 bona_fide 1.0"), "says subject 's1'"),
        (replace(A, paths=["a/0", "a/0", "c/2"]), "twice"),
    ],
)
def test_files_that_do_not_match_are_errors(other: ScoreTable, words: str) -> None:
    with pytest.raises(MetricError, match=words):
        weighted_mean([A, other])


def test_files_without_names_are_matched_by_position() -> None:
    bare = [replace(t, paths=[""] * 3, videos=[""] * 3, subjects=[""] * 3) for t in (A, B)]
    assert weighted_mean(bare).scores == pytest.approx([0.6, 0.4, 0.7])
    short = ScoreTable([""] * 2, [""] * 2, [""] * 2, ["bona_fide", "print"], np.array([0.1, 0.2]))
    with pytest.raises(MetricError, match="by position"):
        align([bare[0], short], ["A", "B"])
