"""Labels found by path: every path on either side has its other, or one line says which has not."""

import pytest

from autofas.errors import MetricError
from autofas.metrics.path_labels import Labelled, PathLabels

FRAMES = {
    f"{split}/{number}/{frame}.png": Labelled(pai, f"{split}{number}", f"s{number}", split)
    for split in ("dev", "test")
    for number, pai in enumerate(("bona_fide", "print"))
    for frame in (0, 1)
}


def _labels(**rows: Labelled) -> PathLabels:
    return PathLabels("list.csv", "data", rows or FRAMES)


def _numbered(*paths: str) -> list[tuple[int, str]]:
    return list(enumerate(paths, start=1))


def test_paths_count_from_the_list_or_from_here() -> None:
    asked = _numbered("test/0/0.png", "./test/0/1.png", "test\\1\\0.png", "data/test/1/1.png")
    found = _labels().label("s.txt", asked)
    assert [key for key, _ in found] == ["test/0/0.png", "test/0/1.png", "test/1/0.png", "test/1/1.png"]
    assert [row.pai for _, row in found] == ["bona_fide", "bona_fide", "print", "print"]


def test_a_folder_has_the_label_of_its_frames() -> None:
    found = _labels().label("s.txt", _numbered("test/0", "test/1"))
    assert found[1] == ("test/1", Labelled("print", "test1", "s1", "test"))


def test_a_folder_of_two_labels_is_none() -> None:
    rows = {"a/1.png": Labelled("bona_fide"), "a/2.png": Labelled("print")}
    with pytest.raises(MetricError, match="row 1: 'a' is not in list"):
        PathLabels("list.csv", "data", rows).label("s.txt", _numbered("a"))


def test_an_unknown_path_and_a_second_score_are_one_line() -> None:
    with pytest.raises(MetricError, match=r"^s.txt, row 2: 'x.png' is not in list.csv, nor 1 more of 3;"):
        _labels().label("s.txt", _numbered("test/0/0.png", "x.png", "y.png"))
    with pytest.raises(MetricError, match=r"^s.txt, row 2: 'test/0/0.png' has a score already"):
        _labels().label("s.txt", _numbered("test/0/0.png", "test/0/0.png"))


def test_of_a_split_that_is_scored_everything_needs_a_score() -> None:
    labels = _labels()
    labels.label("s.txt", _numbered("test/0/0.png", "test/1/0.png", "test/1/1.png"))
    with pytest.raises(MetricError, match=r"^list.csv: 'test/0/1.png' has no score in s.txt; score"):
        labels.require_all("s.txt")
    lost = labels.without_score("s.txt")
    assert (lost.videos, lost.pais) == (["test0"], ["bona_fide"])
    labels.label("rest.txt", _numbered("test/0/1.png"))  # a list without splits may be shared by two files
    labels.require_all("s.txt")
