"""Other people's score files: where the label stands, what it means, and what has no score; by hand."""

import pytest

from autofas.errors import MetricError
from autofas.metrics import eer, read_scores
from autofas.metrics.score_file import read_score_file
from autofas.metrics.score_rows import Conventions
from autofas.metrics.text_scores import parse_score_lines
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
        ("a.jpg b.jpg c.jpg 0.9 1 x\n", "row 1: 6 fields"),
        ("a.jpg 0.9 1\n0.1 0\n", "row 2: 2 fields"),
        ("score label\nhigh 1\n", "row 2, column score: 'high' is not a number"),
        ("a.jpg 0.9 b.jpg\nc.jpg 0.1 d.jpg\n", "row 1, column label: 'b.jpg' is a path"),
        ("[1, 2]\n", "object 1: not a JSON object"),
        ('[{"score": 0.9, "label": 1},\n', "the list: not a JSON object"),
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


def read(text: str, **conventions):
    return parse_score_lines(text.splitlines(), "s.txt", Conventions(**conventions))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0.9 1\n0.2 0\n", "'score label', label 1 is bona fide"),
        ("1 0.9\n-1 0.2\n", "'label score', label 1 is bona fide"),  # bob.measure's two columns
        ("1 0.9\n0 1\n", "'label score', label 1 is bona fide"),
        ("bona_fide 0.9\nattack 0.2\n", "'label score'"),
        ("a.jpg 0.9 1\nb.jpg 0.2 0\n", "'path score label', label 1 is bona fide"),
        ("a.jpg 1 0.9\nb.jpg 0 0.2\n", "'path label score', label 1 is bona fide"),
        ("a.jpg, 0.9, bona_fide\nb c.jpg, 0.2, attack\n", "'path score label'"),
        ("1 a.jpg 0.9\n0 b.jpg 0.2\n", "'label path score', label 1 is bona fide"),
        ("0.9 a.jpg 1\n0.2 b.jpg 0\n", "'score path label', label 1 is bona fide"),
        ("1 0.9 a.jpg\n-1 0.2 b.jpg\n", "'label score path', label 1 is bona fide"),
        ("0.9 1 v/a\n0.2 0 v/b\n", "'score label path', label 1 is bona fide"),
        ("bona_fide a.jpg 0.9\nattack b.jpg 0.2\n", "'label path score'"),
        ("1.0 0.9\n0.0 0.2\n", "'label score', label 1 is bona fide"),
        ("9e-1 1.000e+00\n2e-1 0.000e+00\n", "'score label', label 1 is bona fide"),  # numpy.savetxt
        ("# label score\n1 0.9\n0 0.2\n", "'label score' by the names in row 1, label 1 is bona fide"),
        ("# of today\n0.9 1\n0.2 0\n", "'score label', label 1 is bona fide"),
        ("y_true,y_score\n1,0.9\n0,0.2\n", "'label score' by the names in row 1, label 1"),
        (',filename,Label,fold,Score\n0,"a,b.jpg",1,3,0.9\n1,c.jpg,0,3,0.2\n', "'path label score' by"),
        ('{"score": 0.9, "label": 1}\n{"score": 0.2, "label": 0}\n', "'JSON lines', label 1 is bona fide"),
        ('[{"score": 0.9, "label": 1},\n {"score": 0.2, "label": 0}]\n', "label 1 is bona fide"),
        (
            '{"pai": "bona_fide", "score": 0.9, "video": "v"}\n{"pai": "attack", "score": 0.2, "video": "w"}',
            "lines",
        ),
        ('{"y_true": 1, "prob": 0.9}\n{"prob": 0.2, "y_true": 0}\n', "'JSON lines', label 1 is bona fide"),
        (
            '{"class": 3, "pai": "bona_fide", "score": 0.9}\n{"class": 4, "pai": "attack", "score": 0.2}',
            "lines",
        ),
    ],
)
def test_the_column_of_labels_is_found(text, told) -> None:
    found = read(text)
    assert found.table.pais == ["bona_fide", "attack"]
    assert found.table.scores.tolist() == [0.9, 1.0 if "0 1\n" in text else 0.2]
    assert told in found.told
    assert "higher is bona fide" in found.told


def test_names_come_with_the_rows() -> None:
    assert read("a.jpg 0.9 1\nb c.jpg 0.2 0".replace("b c", "b")).table.paths == ["a.jpg", "b.jpg"]
    table = read('{"score": 1, "label": 1, "path": "p", "video": "v", "subject": 7}').table
    assert (table.paths, table.videos, table.subjects) == (["p"], ["v"], ["7"])


@pytest.mark.parametrize("model", ["", "m "])
def test_bob_names_attacks_by_the_real_identity(model) -> None:
    rows = [("c1", "c1", "real/a", 0.9), ("c1", "print", "attack/a", 0.1), ("c2", "replay", "attack/b", 0.3)]
    table = read("\n".join(f"{one} {model}{real} {path} {score}" for one, real, path, score in rows)).table
    assert table.pais == ["bona_fide", "print", "replay"]
    assert (table.subjects, table.paths) == (["c1", "c1", "c2"], ["real/a", "attack/a", "attack/b"])
    assert table.scores.tolist() == [0.9, 0.1, 0.3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c1 c1 a 0.9\nc2 c1 b 0.1\n", "row 2: 'c1' claims to be 'c2', an impostor"),
        ("a-color.jpg a-depth.jpg a-ir.jpg 0.9\n", "without labels, as challenges collect them"),
        ("a.jpg 0.9 0.8\n", "label '0.8' is a bare number"),
        ('{"score": 0.9}', "row 1: a JSON line holds score and either pai or label"),
        ('{"score": 0.9, "label": 1, "pai": "print"}', "either pai or label"),
        ('{"score": 0.9, "label": true}', "row 1: label is True"),
        ('{"score": 0.9, "label": 1}\n[1]', "row 2: not a JSON object"),
        ('{"score": 0.9, "label": 1}\n0.9 1', "row 2: not a JSON object"),
        ("1 2 3 4 5 6\n", "row 1: 6 fields"),
        ("\n", "holds no score"),
        ("a" * 200_000 + ",1\n", "a line of 200002 characters is not a row of scores"),
    ],
)
def test_what_cannot_be_judged_is_one_line(text, words) -> None:
    with pytest.raises(MetricError, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_a_convention_that_does_not_apply_is_refused() -> None:
    for text in ("0.9 bona_fide\n0.1 print\n", "c1 c1 a 0.9\nc1 print b 0.1\n"):
        with pytest.raises(MetricError, match="leave --bona-fide-is out"):
            read(text, bona_fide_is="1")
    with pytest.raises(MetricError, match="labels are numbers; leave --bona-fide-is out, or give 0 or 1"):
        read("0.9 1\n0.1 0\n", bona_fide_is="live")


def test_bona_fide_may_have_another_name(tmp_path) -> None:
    found = read("live 0.9\nspoof 0.1\n", bona_fide_is="live")
    assert found.table.pais == ["bona_fide", "spoof"]
    assert "label live is bona fide" in found.told
    with pytest.raises(MetricError, match="--bona-fide-is LABEL"):
        read("live 0.9\nspoof 0.1\n")
    place = write(tmp_path, "path,video,subject,pai,score\na,v,s,real,0.9\nb,w,s,fake,0.1\n")
    assert read_score_file(place, Conventions(bona_fide_is="real")).table.pais == ["bona_fide", "fake"]


@pytest.mark.parametrize(
    ("text", "stated", "pais"),
    [
        ("0.9 2\n0.1 1\n", "2", ["bona_fide", "attack"]),
        ("2 0.9\n1 0.1\n", "2", ["bona_fide", "attack"]),
        ("a.jpg 0.9 2.0\nb.jpg 0.1 1.0\n", "2", ["bona_fide", "attack"]),
        ("0.9 0\n0.1 1\n0.2 7\n", "0", ["bona_fide", "attack", "attack"]),
        ('{"score": 0.9, "label": 3}\n{"score": 0.1, "label": 0}', "3", ["bona_fide", "attack"]),
    ],
)
def test_classes_may_be_numbered_once_the_bona_fide_one_is_stated(text, stated, pais) -> None:
    found = read(text, bona_fide_is=stated)
    assert found.table.pais == pais
    assert found.table.scores.tolist()[:2] == [0.9, 0.1]
    assert f"label {stated} is bona fide" in found.told
    with pytest.raises(MetricError):
        read(text)
