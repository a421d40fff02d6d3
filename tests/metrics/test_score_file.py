"""scores.csv and the files of other tools: exact round trips, and faults named by row and column."""

import csv
import math
import os
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autofas.errors import MetricError
from autofas.metrics import ScoreTable, read_scores, write_scores
from autofas.metrics.score_file import read_score_file
from autofas.metrics.score_rows import Conventions
from tests.metrics.score_files import columns, write

HEADER = "path,video,subject,pai,score\n"


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=12
)


rows = st.lists(
    st.tuples(
        names, names, names, st.sampled_from(["bona_fide", "print", "a, b"]), st.floats(allow_nan=False)
    ),
    min_size=1,
    max_size=20,
)


def one_row(path="p"):
    return ScoreTable([path], ["v"], ["s"], ["print"], np.array([0.5]))


def test_read_by_hand(tmp_path):
    path = write(
        tmp_path, HEADER + "a/1.jpg,a,s1,bona_fide,0.75\na/2.jpg,a,s1,bona_fide,1e-3\nb.jpg,b,s2,print,-inf\n"
    )
    table = read_scores(path)
    assert columns(table) == (
        ["a/1.jpg", "a/2.jpg", "b.jpg"],
        ["a", "a", "b"],
        ["s1", "s1", "s2"],
        ["bona_fide", "bona_fide", "print"],
        [0.75, 0.001, -math.inf],
    )
    assert len(table) == 3
    assert table.scores.dtype == np.float64


def test_written_file_by_hand(tmp_path):
    path = tmp_path / "scores.csv"
    write_scores(path, ScoreTable(["x,y.jpg"], ["v"], ['s"1"'], ["print"], np.array([0.1])))
    assert path.read_bytes() == HEADER.encode() + b'"x,y.jpg",v,"s""1""",print,0.1\n'


def test_column_order_blank_end_and_byte_order_mark_do_not_matter(tmp_path):
    text = "\ufeffscore, pai ,frame,subject,video,path\r\n0.5,print,7,s,v,p\r\n\r\n"
    assert columns(read_scores(write(tmp_path, text))) == (["p"], ["v"], ["s"], ["print"], [0.5])


@settings(max_examples=150, deadline=None)
@given(rows)
def test_round_trip_is_exact(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    paths, videos, subjects, pais, scores = (list(column) for column in zip(*data, strict=True))
    write_scores(path, ScoreTable(paths, videos, subjects, pais, np.array(scores)))
    table = read_scores(path)
    assert columns(table)[:4] == (paths, videos, subjects, pais)
    assert table.scores.tobytes() == np.array(scores).tobytes()  # to the last bit, signed zeros too


def test_float32_scores_are_written_as_the_float64_they_are(tmp_path):
    path = tmp_path / "scores.csv"
    scores = np.array([0.1], np.float32)
    write_scores(path, ScoreTable([""], [""], [""], ["print"], scores))
    assert "0.10000000149011612" in path.read_text()
    assert read_scores(path).scores[0] == float(scores[0])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("p,v,s,print,nan\n", "row 2, column score: the score is NaN"),
        ("p,v,s,print,0.5\np,v,s,print,\n", "row 3, column score: the score is empty"),
        ("p,v,s,print,1_0\n", "row 2, column score: '1_0' is not a number"),
        ("p,v,s,print,0x1\n", "row 2, column score: '0x1' is not a number"),
        ("p,v,s,,0.5\n", "row 2, column pai: the label is empty"),
        ("p,v,s,print,0.5\np,v,s,real,0.5\n", "row 3, column pai: label 'real'"),
        ("p,v,s,1,0.5\n", "row 2, column pai: label '1' is a bare number"),
        ("p,v,s,print,0.5\np,,s,print,0.5\n", "row 3, column video: empty, but not in every row"),
        (",v,s,print,0.5\np,v,s,print,0.5\n", "row 2, column path: empty"),
        ("p,v,s,print\n", "row 2: 4 cells where the header has 5"),
        ("p,v,s,print,0,5\n", "row 2: 6 cells where the header has 5"),
        ("p,v,s,print,0.5\n\np,v,s,print,0.5\n", "row 3: blank, with rows after it"),
        ('p,v,s,print,0.5\np,v,s,print,"0.5\n', "row 3: not valid CSV"),
        ("", "holds a header and no score"),
    ],
)
def test_faults_are_named_by_row_and_column(tmp_path, body, words):
    with pytest.raises(MetricError, match=words) as caught:
        read_scores(write(tmp_path, HEADER + body))
    assert "\n" not in str(caught.value)
    assert "scores.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,video,pai,score\np,v,print,1\n", "row 1: column subject is missing"),
        ("path,video,subject,pai\np,v,s,print\n", "row 1: column score is missing"),
        ("path,video,subject,pai,score,score\n", "row 1: column score appears twice"),
        ("path,video,subject,score\n", "no column of labels beside score"),
        ("path;video;subject;pai;score\n", "a header and no score"),
        ("", "holds no score"),
        (b"\xff\xfe\x00", "is not UTF-16 text"),
        (HEADER.encode() + b"caf\xe9,v,s,print,1\n", "is not UTF-8"),
    ],
)
def test_headers_that_are_not_understood(tmp_path, text, words):
    with pytest.raises(MetricError, match=words) as caught:
        read_scores(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(MetricError, match="does not exist"):
        read_scores(tmp_path / "none.csv")
    with pytest.raises(MetricError, match="cannot be read"):
        read_scores(tmp_path)
    with pytest.raises(MetricError, match="cannot be written"):
        write_scores(tmp_path / "none" / "scores.csv", one_row())


@pytest.mark.parametrize("path", ["two\nlines", "carriage\rreturn", "nul\0", "lone \udcff surrogate"])
def test_names_that_do_not_survive_a_file_are_refused_and_leave_the_old_file(tmp_path, path):
    target = tmp_path / "scores.csv"
    write_scores(target, one_row())
    before = target.read_bytes()
    with pytest.raises(MetricError):
        write_scores(target, one_row(path))
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["scores.csv"]


def test_the_new_file_takes_the_place_of_the_old_one_whole(tmp_path):
    target, other_name = tmp_path / "scores.csv", tmp_path / "kept.csv"
    write_scores(target, one_row())
    os.link(target, other_name)  # whoever holds the old file keeps all of it; it is not written into
    write_scores(target, one_row("other"))
    assert read_scores(other_name).paths == ["p"]
    assert read_scores(target).paths == ["other"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "scores.csv"
    write_scores(target, one_row())
    before = target.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_scores(target, one_row("other"))
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["scores.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="permission bits")
def test_the_file_gets_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_scores(tmp_path / "scores.csv", one_row())
    assert (tmp_path / "scores.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_any_csv_reader_gets_the_same_scores(tmp_path):
    path = tmp_path / "scores.csv"
    scores = np.random.default_rng(0).normal(size=50)
    ids = [f"v{i}" for i in range(50)]
    write_scores(path, ScoreTable(ids, ids, ids, ["print"] * 50, scores))
    with path.open(newline="") as handle:
        assert [float(row["score"]) for row in csv.DictReader(handle)] == scores.tolist()
    assert b"\r" not in path.read_bytes()


def test_rows_of_predict_are_judged_once_they_say_what_was_shown(tmp_path):
    header = "source,frame,face,x,y,width,height,score,threshold,verdict,reason,warning,probability"
    rows = [
        "a.jpg,,0,1,1,9,9,0.9,0.5,bona fide,,,",
        "a.jpg,,1,5,5,4,4,0.1,0.5,attack,,,",  # a smaller face
        "b.jpg,,,,,,,,0.5,not judged,no face was found,,",
        "v.mp4,0,0,1,1,9,9,0.2,0.5,attack,,,",
        "v.mp4,4,0,1,1,9,9,0.4,0.5,attack,,,",
        "v.mp4,mean,,,,,,0.3,0.5,attack,mean of 2 frames,,",
    ]
    with pytest.raises(MetricError, match="say nothing of what was shown; add a column pai"):
        read_scores(write(tmp_path, "\n".join([header, *rows])))
    told = ["bona_fide", "bona_fide", "bona_fide", "print", "print", "print"]
    text = "\n".join([f"{header},pai", *(f"{row},{pai}" for row, pai in zip(rows, told, strict=True))])
    with pytest.raises(MetricError, match="row 4, column score: the score is empty"):
        read_scores(write(tmp_path, text))
    found = read_score_file(write(tmp_path, text), Conventions(count_non_responses=True))
    assert found.table.paths == found.table.videos == ["a.jpg", "v.mp4", "v.mp4"]
    assert found.table.scores.tolist() == [0.9, 0.2, 0.4]
    assert found.unscored.counts(found.table, "video", "family") == {"bona_fide": (1, 2), "print": (0, 1)}
