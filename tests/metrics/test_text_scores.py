"""Score files of other programs: plain text and bob's CSV."""

import pytest

from autofas.errors import MetricError
from autofas.metrics import eer, read_scores
from tests.metrics.score_files import columns, write


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
