"""autofas score: what evaluate reports, from files of any model; conventions are printed back."""

import json
from pathlib import Path

import numpy as np
import pytest

from autofas.cli import main, main_values
from autofas.evaluation.judgement import Terms
from autofas.evaluation.report import report
from autofas.metrics import ScoreTable, write_scores
from autofas.printed import exact, exact_percent
from tests.evaluation.evaluation_files import random_table

FIXED = ["--threshold", "fixed", "--threshold-value", "0.5"]


def test_bob_columns_are_judged(tmp_path, capsys) -> None:
    rows = "c1 c1 real/a 0.9\nc2 c2 real/b 0.8\nc1 print attack/a 0.1\nc2 print attack/b 0.6\n"
    (tmp_path / "s.txt").write_text(rows)
    values = main_values(["score", str(tmp_path / "s.txt"), *FIXED])
    assert (values["apcer"], values["bpcer"], values["subjects"]) == (0.5, 0.0, 2)
    assert "read as bob's 'claimed real path score'" in capsys.readouterr().out


def test_inverted_labels_are_named_and_turned_round(tmp_path, capsys) -> None:
    (tmp_path / "s.txt").write_text("0.1 1\n0.2 1\n0.8 0\n0.9 0\n")
    words = ["score", str(tmp_path / "s.txt")]
    assert main_values([*words, *FIXED])["auc"] == 0
    assert "AUC 0.00 % is below one half" in capsys.readouterr().out
    assert main_values([*words, *FIXED, "--bona-fide-is", "0"])["auc"] == 1
    printed = capsys.readouterr().out
    assert "label 0 is bona fide; higher is bona fide" in printed
    assert "below one half" not in printed
    negated = ["--threshold", "fixed", "--threshold-value", "-0.5", "--higher-is", "attack"]
    values = main_values([*words, *negated])
    assert (values["auc"], values["acer"], values["threshold"]) == (1, 0, -0.5)
    assert "higher is attack: scores and thresholds are negated" in capsys.readouterr().out


def test_a_threshold_on_the_scale_of_a_file_that_is_negated_is_named(tmp_path, capsys) -> None:
    (tmp_path / "s.txt").write_text("0.1 1\n0.2 1\n0.8 0\n0.9 0\n")
    words = ["score", str(tmp_path / "s.txt"), "--higher-is", "attack", "--threshold-value"]
    assert main([*words, "0.5"]) == 2
    assert (
        "scores are negated here, from -0.9 to -0.1: give --threshold-value -0.5" in capsys.readouterr().err
    )
    assert main([*words, "-0.5"]) == 0
    assert main([*words, "7"]) == 0  # far off on either scale, and the user's wish


def test_non_responses_are_refused_or_counted(tmp_path, capsys) -> None:
    file = tmp_path / "s.csv"
    rows = [("bona_fide", 0.9), ("bona_fide", 0.4), ("bona_fide", ""), ("bona_fide", "nan")]
    rows += [
        ("print1", 0.1),
        ("print1", 0.2),
        ("print2", ""),
        ("print2", 0.3),
        ("replay1", 0.7),
        ("replay1", 0.1),
    ]
    lines = [f",v{number},,{pai},{score}" for number, (pai, score) in enumerate(rows)]
    file.write_text("\n".join(["path,video,subject,pai,score", *lines]) + "\n")
    assert main(["score", str(file), *FIXED]) == 2
    error = capsys.readouterr().err
    assert "row 4, column score: the score is empty" in error
    assert "--count-non-responses" in error
    values = main_values(["score", str(file), *FIXED, "--count-non-responses"])
    found = values["non_responses"]
    assert found["apnrr_by_pai"] == {"print": 0.25, "replay": 0.0}
    assert found["errors_by_pai"] == {"print": [1, 4], "replay": [0, 2]}
    assert (found["bpnrr"], found["bpnrr_errors"]) == (0.5, [2, 4])
    # error rates are over the presentations that have a score
    assert (values["bpcer"], values["bpcer_errors"]) == (0.5, [1, 2])
    assert values["errors_by_pai"] == {"print": [0, 3], "replay": [1, 2]}
    printed = capsys.readouterr().out
    assert "APNRR of print per video: 25.00 % (1 of 4 without a score)" in printed
    assert "BPNRR per video: 50.00 % (2 of 4 without a score)" in printed


@pytest.mark.parametrize(("labels", "words"), [("1", "there is no attack"), ("0", "there is no bona fide")])
def test_one_class_alone_is_judged(tmp_path, capsys, labels, words) -> None:
    (tmp_path / "s.txt").write_text(f"0.1 {labels}\n0.7 {labels}\n")
    values = main_values(["score", str(tmp_path / "s.txt"), *FIXED])
    assert values["bpcer" if labels == "1" else "apcer"] == 0.5
    assert values["acer"] is None
    assert words in capsys.readouterr().out


def test_how_a_file_was_read_is_said_where_it_cannot_be_judged(tmp_path, capsys) -> None:
    (tmp_path / "s.csv").write_text("path;video;subject;pai;score\na;v;s;bona_fide;0.9\n")
    assert main(["score", str(tmp_path / "s.csv"), "--threshold", "test-eer"]) == 2
    said = capsys.readouterr().err
    assert "no attack score among 1; error rates need both classes; " in said
    assert said.endswith("s.csv: read with columns parted by semicolons; higher is bona fide\n")


def test_json_lines_take_their_labels_from_a_list(tmp_path, capsys) -> None:
    scores = [("a.jpg", 0.9), ("b.jpg", 0.8), ("c.jpg", 0.7), ("d.jpg", 0.1)]
    text = "".join(f'{{"path": "{path}", "score": {score}}}\n' for path, score in scores)
    (tmp_path / "s.jsonl").write_text(text)
    (tmp_path / "labels.txt").write_text("a.jpg 1\nb.jpg 1\nc.jpg 0\nd.jpg 0\n")
    words = ["score", str(tmp_path / "s.jsonl"), "--labels", str(tmp_path / "labels.txt"), *FIXED]
    values = main_values(words)
    assert (values["bpcer"], values["apcer"]) == (0.0, 0.5)
    assert "read as 'path score' of JSON lines, labels by path from" in capsys.readouterr().out


def test_intervals_stand_beneath_the_rates(tmp_path, capsys) -> None:
    (tmp_path / "s.txt").write_text("0.9 1\n0.4 1\n0.1 0\n0.2 0\n")
    main_values(["score", str(tmp_path / "s.txt"), *FIXED])
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.split()[:1] == ["95"])
    # Clopper-Pearson of 0 of 2 is [0, 0.842], of 1 of 2 [0.0126, 0.9874]
    assert row.split() == ["95", "%", "0.0-84.2", "0.0-84.2", "1.3-98.7"]


@pytest.mark.parametrize(
    ("scale", "threshold"), [(1.0, "2.0"), (1e-7, "2e-07"), (1e-9 / 3, "6.666666666666667e-10")]
)
def test_a_printed_threshold_gives_the_same_rates_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scale: float, threshold: str
) -> None:
    # bona fide 1 2 3 4, attacks 0 0 2 1: at 2 one of four bona fide and one of four attacks are wrong
    lines = [f"{s * scale!r} 1" for s in (1, 2, 3, 4)] + [f"{s * scale!r} 0" for s in (0, 0, 2, 1)]
    (tmp_path / "dev.txt").write_text("\n".join(lines))
    words = ["score", str(tmp_path / "dev.txt")]
    assert main([*words, "--threshold", "test-eer"]) == 0
    row = capsys.readouterr().out.splitlines()[2].split()
    assert row[-2:] == [threshold, "test-eer"]
    assert main([*words, "--threshold-value", threshold]) == 0
    again = capsys.readouterr().out.splitlines()[2].split()
    assert again[:-1] == row[:-1]
    assert again[2:5] == ["25.00", "25.00", "25.00"]


@pytest.mark.parametrize("typed", ["-1e-07", "-.5", "-2", "-3.25E+2", "-inf", "inf"])
def test_a_negative_threshold_is_a_value_and_not_a_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    (tmp_path / "scores.txt").write_text("0.9 1\n0.8 1\n0.1 0\n0.2 0\n")
    assert main(["score", str(tmp_path / "scores.txt"), "--threshold-value", typed]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[-2:] == [exact(float(typed)), "fixed"]


def test_every_float64_survives_its_text() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
    for number in (*numbers[np.isfinite(numbers)], 0.1, np.float64(0.1), 5e-324):
        assert float(exact(number)) == number
    assert exact(np.float64(0.1)) == "0.1"


def test_a_percentage_keeps_every_digit_of_its_fraction() -> None:
    assert [exact_percent(level) for level in (0.95, 1.0, 0.07, 0.9999999)] == ["95", "100", "7", "99.99999"]


def test_score_command_reports_what_evaluate_does(tmp_path, capsys) -> None:
    table = random_table(2)
    device = ["1" if "_0_" in path else "2" for path in table.paths]
    dev = random_table(3)
    dev = ScoreTable(dev.paths, dev.videos, [f"d{name}" for name in dev.subjects], dev.pais, dev.scores)
    write_scores(tmp_path / "test.csv", table, {"device": device})
    write_scores(tmp_path / "dev.csv", dev)
    stem = tmp_path / "out"
    values = main_values(
        ["score", str(tmp_path / "test.csv"), "--dev", str(tmp_path / "dev.csv"), "--out", str(stem)]
    )
    assert values["acer"] == report(table, dev, Terms()).acer
    assert {row["value"] for row in values["breakdown"] if row["by"] == "device"} == {"1", "2"}
    assert json.loads((tmp_path / "out.json").read_text())["acer"] == values["acer"]
    printed = capsys.readouterr().out
    assert "dev-eer: EER of the development scores" in printed
    assert main(["score", str(tmp_path / "test.csv")]) == 2
    assert "--dev" in capsys.readouterr().err


def test_score_refuses_a_dev_file_with_subjects_of_the_test(tmp_path, capsys) -> None:
    write_scores(tmp_path / "a.csv", random_table(1))
    assert main(["score", str(tmp_path / "a.csv"), "--dev", str(tmp_path / "a.csv")]) == 2
    assert "share subject" in capsys.readouterr().err


def test_score_reads_plain_text_without_videos(tmp_path) -> None:
    (tmp_path / "s.txt").write_text("0.9 1\n0.8 1\n0.1 0\n0.85 0\n")
    values = main_values(["score", str(tmp_path / "s.txt"), "--threshold", "test-eer"])
    assert values["level"] == "frame"
    assert list(values["by_level"]) == ["frame"]
    assert "tuned on test" in values["threshold_provenance"]


def test_score_interpolates_tpr_between_roc_points_on_request(tmp_path, capsys) -> None:
    # a tie of both classes is a slope from (0, 0.5) to (0.5, 1): at FPR 0.01 it stands at 0.51
    (tmp_path / "s.txt").write_text("0.5 1\n0.9 1\n0.5 0\n0.1 0\n")
    words = ["score", str(tmp_path / "s.txt"), "--threshold", "test-eer"]
    assert "tpr_at_fpr_interpolated" not in main_values(words)
    capsys.readouterr()
    rates = main_values([*words, "--interpolate"])["tpr_at_fpr_interpolated"]
    assert rates == pytest.approx({"0.01": 0.51, "0.001": 0.501, "0.0001": 0.5001})
    assert "interpolated: TPR 51.00 % at FPR 0.01, " in capsys.readouterr().out
