"""Conventions of foreign score files, and presentations without a score, by hand."""

import pytest

from autofas.errors import MetricError
from autofas.metrics.score_rows import Conventions
from autofas.metrics.text_scores import parse_score_lines


def read(text: str, **conventions):
    return parse_score_lines(text.splitlines(), "s.txt", Conventions(**conventions))


def test_zero_may_be_bona_fide_and_high_may_be_attack() -> None:
    found = read("0.9 1\n0.2 0\n", bona_fide_is="0", higher_is="attack")
    assert found.table.pais == ["attack", "bona_fide"]
    assert found.table.scores.tolist() == [-0.9, -0.2]
    assert "label 0 is bona fide" in found.told
    assert "higher is attack: scores and thresholds are negated" in found.told
    assert read("0.9 -1\n0.2 +1\n", bona_fide_is="0").table.pais == ["bona_fide", "attack"]


def test_rows_without_a_score_are_kept_apart_on_request() -> None:
    text = "0.9 1\nnan 1\n0.2 0\nNaN 0\n-nan 0\n"
    found = read(text, count_non_responses=True)
    assert found.table.scores.tolist() == [0.9, 0.2]
    assert found.unscored.pais == ["bona_fide", "attack", "attack"]
    assert found.unscored.counts(found.table, "frame", "family") == {"attack": (2, 3), "bona_fide": (1, 2)}
    with pytest.raises(MetricError, match=r"row 2, column score: the score is NaN.*--count-non-responses"):
        read(text)
    with pytest.raises(MetricError, match="holds no score"):
        read("nan 1\n", count_non_responses=True)


def test_a_video_responds_where_one_of_its_frames_does() -> None:
    lines = [("v", 0.9), ("v", None), ("w", None), ("w", None), ("x", 0.8)]
    text = "\n".join(
        f'{{"pai": "bona_fide", "video": "{video}", "score": {"null" if score is None else score}}}'
        for video, score in lines
    )
    found = read(text, count_non_responses=True)
    assert found.unscored.counts(found.table, "frame", "family") == {"bona_fide": (3, 5)}
    assert found.unscored.counts(found.table, "video", "family") == {"bona_fide": (1, 3)}
    found = read(text + '\n{"pai": "print", "video": "v", "score": null}', count_non_responses=True)
    with pytest.raises(MetricError, match="'v' has two labels"):
        found.unscored.counts(found.table, "video", "family")
