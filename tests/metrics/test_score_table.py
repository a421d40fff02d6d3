"""A table of scores: checked when it is made, and taken together by video."""

import math

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import ScoreTable
from tests.metrics.score_files import columns


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scores": np.array([0.5, math.nan])}, r"scores\[1\] is NaN"),
        ({"videos": ["v"]}, "video column has 1 entries for 2 scores"),
        ({"pais": ["print"]}, "pai column has 1 entries for 2 scores"),
        ({"pais": ["print", "live"]}, "index 1: label 'live'"),
        ({"subjects": ["s", ""]}, "subject column, index 1: empty"),
        ({"scores": np.array([])}, "scores is empty"),
    ],
)
def test_a_table_is_checked_when_it_is_made(change, words):
    good = {
        "paths": ["p", "q"],
        "videos": ["v", "v"],
        "subjects": ["s", "s"],
        "pais": ["print"] * 2,
        "scores": np.array([0.0, 1.0]),
    }
    assert len(ScoreTable(**good)) == 2
    with pytest.raises(MetricError, match=words):
        ScoreTable(**(good | change))


def test_table_by_video():
    table = ScoreTable(
        ["b1", "a1", "b2"],
        ["b", "a", "b"],
        ["s2", "s1", "s2"],
        ["print", "bona_fide", "print"],
        np.array([0.0, 1.0, 0.5]),
    )
    assert columns(table.by_video()) == (
        ["b1", "a1"],
        ["b", "a"],
        ["s2", "s1"],
        ["print", "bona_fide"],
        [0.25, 1.0],
    )
    with pytest.raises(MetricError, match=r"video 'b' has two subjects, 's2' and 's3' \(index 2\)"):
        ScoreTable(table.paths, table.videos, ["s2", "s1", "s3"], table.pais, table.scores).by_video()
    with pytest.raises(MetricError, match=r"videos\[0\] is ''"):
        ScoreTable([""], [""], [""], ["print"], np.array([1.0])).by_video()
