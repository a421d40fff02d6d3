"""Lists of files and labels: which column is which, and what no list is."""

import pytest

from autofas.data.label_lists import Listed, label_of, read_label_list
from autofas.errors import DataError


def test_columns_that_a_header_names(tmp_path):
    (tmp_path / "list.csv").write_text("Subset;Label;Subject;File\nval;1;anna;a/1.png\n;0;ben;a\\2.PNG\n")
    assert read_label_list(tmp_path / "list.csv") == [
        Listed("a/1.png", "1", "dev", "anna"),
        Listed("a/2.PNG", "0", "", "ben"),
    ]


def test_a_path_with_blanks_beside_a_label_on_either_side(tmp_path):
    for text in ("my photos/1 a.png 1\nb.png 0\n", "1 my photos/1 a.png\n0 b.png\n"):
        (tmp_path / "list.txt").write_text(text)
        assert read_label_list(tmp_path / "list.txt") == [
            Listed("my photos/1 a.png", "1"),
            Listed("b.png", "0"),
        ]


@pytest.mark.parametrize(
    ("label", "bona_fide_is", "pai"),
    [
        ("1", "1", "bona_fide"), ("1.0", "1", "bona_fide"), ("0", "1", "attack"), ("2", "0", "attack"),
        ("Real", "1", "bona_fide"), ("print", "0", "print"), ("human", "human", "bona_fide"),
        ("A4 paper", "human", "a4_paper"),
    ],
)  # fmt: skip
def test_what_a_label_says(label, bona_fide_is, pai):
    assert label_of(label, bona_fide_is) == pai


def test_two_words_for_bona_fide_are_refused():
    with pytest.raises(DataError, match="label live reads as bona fide, but --bona-fide-is says human"):
        label_of("live", "human")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.png,1,7\nb.png,0,7\n", "line 1: which of 3 cells is the label is not said"),
        ("a.txt 1\nb.png 0\n", "line 1: 'a.txt 1' is not a path and a label"),
        ("a.png 1\nb.txt 0\n", "line 2: b.txt is neither an image nor a video"),
        ("a.png,1\nb.png\n", "line 2: is not a path and a label"),
        ("# nothing\n", "holds no path and label lines"),
    ],
)
def test_lists_that_are_none(tmp_path, text, message):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_label_list(tmp_path / "list.txt")


def test_splits_by_other_names_and_none_that_is_unknown(tmp_path):
    place = tmp_path / "list.csv"
    place.write_bytes("sep=;\npath;label;split\na.png;1;Train\nb.png;0;VALID\n".encode("utf-16"))
    assert [line.split for line in read_label_list(place)] == ["train", "dev"]
    place.write_text("path,label,split\na.png,1,query\nb.png,0,train\n")
    with pytest.raises(DataError, match="column split: 'query' is not one of train, dev, test"):
        read_label_list(place)
