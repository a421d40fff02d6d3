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
from autofas.metrics import ScoreTable, eer, read_scores, write_scores

HEADER = "path,video,subject,pai,score\n"


def write(tmp_path, text, name="scores.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def columns(table):
    return table.paths, table.videos, table.subjects, table.pais, table.scores.tolist()


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
        ("p,v,s,print,0.5\np,v,s,print,\n", "row 3, column score: '' is not a number"),
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
        ("path,video,subject,label,score\n", "column pai is missing"),
        ("path;video;subject;pai;score\n", "columns are parted by semicolons"),
        ("", "holds no score"),
        (b"\xff\xfe\x00", "is not UTF-8"),
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


def one_row(path="p"):
    return ScoreTable([path], ["v"], ["s"], ["print"], np.array([0.5]))


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


@pytest.mark.parametrize(
    ("text", "pais"),
    [
        ("0.9 1\n0.1 0\n", ["bona_fide", "attack"]),
        ("0.9 1\n0.1 -1\n", ["bona_fide", "attack"]),
        ("0.9\t+1\n0.1\t-1", ["bona_fide", "attack"]),
        ("0.9,1\r\n\r\n0.1, 0\r\n", ["bona_fide", "attack"]),
        ("\ufeff0.9 bona_fide\n0.1 print2\n", ["bona_fide", "print2"]),
    ],
)
def test_plain_text(tmp_path, text, pais):
    table = read_scores(write(tmp_path, text, "scores.txt"))
    assert columns(table) == (["", ""], ["", ""], ["", ""], pais, [0.9, 0.1])
    assert eer(table.scores, table.pais) == 0.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.9 1\n0.1 0\n0.1 -1\n", "row 3, column label: '-1', but the rows above use 1 and 0"),
        ("0.9 +1\n0.1 0\n", r"row 2, column label: '0', but the rows above use \+1 and -1"),
        ("0.9 1\n0.1 print\n", r"row 2, column label: 'print', but the rows above use \+1 and -1 or 1 and 0"),
        ("0.9 print\n0.1 1\n", "row 2, column label: '1', but the rows above use names"),
        ("0.9 -2\n", "row 1, column label: label '-2' is a bare number"),
        ("0.9 real\n", "row 1, column label: label 'real'"),
        ("nan 1\n", "row 1, column score: the score is NaN"),
        ("1 0.9\nhigh 1\n", "row 1, column label: label '0.9'"),
        ("0.9\n", "row 1: 1 fields"),
        ("a.jpg 0.9 1\n", "row 1: 3 fields"),
        ("score label\n0.9 1\n", "row 1, column score: 'score' is not a number"),
    ],
)
def test_plain_text_faults(tmp_path, text, words):
    with pytest.raises(MetricError, match=words):
        read_scores(write(tmp_path, text, "scores.txt"))


def test_bob_pad_csv(tmp_path):
    text = (
        "claimed_id,test_label,is_bonafide,attack_type,score,frame_id\n"
        "001,real/001_1,True,,0.9,\n"
        "001,attack/001_2,False,print/1,0.6,\n"
    )
    assert columns(read_scores(write(tmp_path, text))) == (
        ["real/001_1", "attack/001_2"],
        ["real/001_1", "attack/001_2"],
        ["001", "001"],
        ["bona_fide", "print/1"],
        [0.9, 0.6],
    )


def test_bob_csv_with_the_columns_of_bob_bio(tmp_path):
    header = "probe_template_id,probe_subject_id,bio_ref_subject_id,attack_type,score"
    text = f"{header}\nt1,7,8,,0.9\nt2,7,8,replay,0.1\n"
    table = read_scores(write(tmp_path, text))
    assert columns(table) == (["t1", "t2"], ["t1", "t2"], ["7", "7"], ["bona_fide", "replay"], [0.9, 0.1])
    table = read_scores(write(tmp_path, "bio_ref_subject_id,attack_type,score\n8,,0.9\n8,replay,0.1\n"))
    assert columns(table)[:3] == (["", ""], ["", ""], ["8", "8"])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,k,True,print,0.5", "row 2, column is_bonafide: True, but attack_type is 'print'"),
        ("1,k,False,,0.5", "row 2, column is_bonafide: False, but attack_type is empty"),
        ("1,k,maybe,,0.5", "row 2, column is_bonafide: 'maybe'"),
        ("1,k,True,,nan", "row 2, column score: the score is NaN"),
        ("1,k,False,None,0.5", "row 2, column attack_type: label 'None' is unknown"),
    ],
)
def test_bob_faults(tmp_path, row, words):
    with pytest.raises(MetricError, match=words):
        read_scores(write(tmp_path, f"claimed_id,test_label,is_bonafide,attack_type,score\n{row}\n"))


def test_any_csv_reader_gets_the_same_scores(tmp_path):
    path = tmp_path / "scores.csv"
    scores = np.random.default_rng(0).normal(size=50)
    ids = [f"v{i}" for i in range(50)]
    write_scores(path, ScoreTable(ids, ids, ids, ["print"] * 50, scores))
    with path.open(newline="") as handle:
        assert [float(row["score"]) for row in csv.DictReader(handle)] == scores.tolist()
    assert b"\r" not in path.read_bytes()
