"""`autofas score` on files of other models: conventions are printed back, non-responses are counted."""

import pytest

from autofas.cli import main, main_values

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


def test_intervals_stand_beneath_the_rates(tmp_path, capsys) -> None:
    (tmp_path / "s.txt").write_text("0.9 1\n0.4 1\n0.1 0\n0.2 0\n")
    main_values(["score", str(tmp_path / "s.txt"), *FIXED])
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.split()[:1] == ["95"])
    # Clopper-Pearson of 0 of 2 is [0, 0.842], of 1 of 2 [0.0126, 0.9874]
    assert row.split() == ["95", "%", "0.0-84.2", "0.0-84.2", "1.3-98.7"]
