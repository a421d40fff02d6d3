"""Rows of names above other programs' scores: columns found by their words, directions stated."""

import pytest

from autofas.cli import main, main_values
from autofas.metrics.score_headers import header_fault, names_columns, read_header


@pytest.mark.parametrize(
    ("header", "score", "label"),
    [
        ("path,label,score", "score", "label"),
        ("label,logit", "logit", "label"),
        ("y_true,y_pred", "y_pred", "y_true"),
        ("image,gt,live_prob", "live_prob", "gt"),
        ("path,label,spoof-score", "spoof-score", "label"),
        ("label,spoofScore", "spoofScore", "label"),
        ("label,spoof", "spoof", "label"),
        ("path,is_spoof,score", "score", "is_spoof"),
        ("label,score,real_score", "score", "label"),
        ("path,video,subject,pai,liveness", "liveness", "pai"),
    ],
)
def test_columns_are_found_by_their_words(header, score, label) -> None:
    found = read_header(header.split(","))
    assert found is not None
    assert (found.score, found.label) == (score, label)
    assert header.split(",")[found.places["score"]] == score


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("label,distance", "none of label, distance is known to hold scores; call that column score"),
        ("label,real_score,spoof_score", "real_score and spoof_score may each be the score"),
        ("path,liveness", "no column of labels beside liveness"),
        ("path,score_file,label", "none of path, score_file, label is known"),
    ],
)
def test_what_a_row_of_names_lacks_is_said(header, fault) -> None:
    assert read_header(header.split(",")) is None
    assert header_fault(header.split(",")).startswith(fault)


def test_a_row_of_values_is_no_row_of_names() -> None:
    assert names_columns([["label", "distance"], ["1", "0.5"]])
    for rows in ([["1", "0.5"]] * 2, [["a.jpg", "live"], ["b.jpg", "0.5"]]):
        assert not names_columns(rows)
    assert not names_columns([["print", ""], ["real", "0.5"]])  # a score that is missing


ROWS = "\n1,0.9\n0,0.2\n1,0.8\n0,0.3\n"


def _judged(tmp_path, capsys, header: str, *words: str) -> tuple[int, str]:
    (tmp_path / "s.csv").write_text(header + ROWS)
    code = main(["score", str(tmp_path / "s.csv"), "--threshold-value", "0.5", *words])
    captured = capsys.readouterr()
    return code, captured.err if code else captured.out


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("label,spoof_score", "a higher spoof_score means attack, by its name; give --higher-is attack, or"),
        ("label,fakeProb", "a higher fakeProb means attack, by its name; give --higher-is attack, or"),
        (
            "is_attack,score",
            "is_attack 1 means attack, by its name; give --bona-fide-is 0, or --bona-fide-is 1",
        ),
    ],
)
def test_a_name_that_goes_against_the_convention_is_refused_until_it_is_stated(
    tmp_path, capsys, header, told
) -> None:
    code, line = _judged(tmp_path, capsys, header)
    assert code == 2
    assert line.count("\n") == 1
    assert f"s.csv, row 1: {told}" in line


def test_a_stated_direction_is_taken_and_printed_back(tmp_path, capsys) -> None:
    (tmp_path / "s.csv").write_text("label,spoof_score\n0,0.9\n1,0.2\n0,0.8\n1,0.3\n")
    words = ["score", str(tmp_path / "s.csv"), "--threshold", "test-eer", "--higher-is"]
    assert main_values([*words, "attack"])["auc"] == 1
    assert "; higher spoof_score is attack: scores and thresholds are negated" in capsys.readouterr().out
    assert main_values([*words, "bona-fide"])["auc"] == 0
    assert "; higher spoof_score is bona fide\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["logit", "liveness", "live_score", "y_pred"])
def test_a_name_of_the_usual_direction_is_read_and_the_option_named(tmp_path, capsys, name) -> None:
    code, printed = _judged(tmp_path, capsys, f"label,{name}")
    assert code == 0
    assert f"; higher {name} is bona fide (if it is not, give --higher-is attack)" in printed


def test_the_plain_name_is_read_as_ever(tmp_path, capsys) -> None:
    code, printed = _judged(tmp_path, capsys, "label,score")
    assert code == 0
    assert "; higher is bona fide\n" in printed
