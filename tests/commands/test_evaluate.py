"""autofas evaluate: a run judged at its dev threshold, what is written beside it, and other thresholds."""

import csv
import json
import shutil
from pathlib import Path

from PIL import Image

from autofas.cli import main, main_values
from autofas.evaluation import calibration


def test_a_run_is_judged_at_its_dev_threshold(trained, capsys):
    folder = Path(trained[0]["run"])
    assert main(["evaluate", "--run", str(folder), "--quiet", "--json"]) == 0
    *lines, last = capsys.readouterr().out.strip().splitlines()
    values = json.loads(last)
    assert (values["threshold_rule"], values["split"]) == ("dev-eer", "test")
    assert any("APCER" in line for line in lines)
    written = json.loads((folder / "metrics.json").read_text())
    assert written["acer"] == values["acer"] == (values["apcer"] + values["bpcer"]) / 2
    with (trained[1] / "leaderboard.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["model"] == "feathernet_a"]
    assert float(rows[-1]["acer"]) == values["acer"]


def test_another_threshold_is_said(trained):
    words = ["evaluate", "--run", trained[0]["run"], "--quiet"]
    fixed = main_values([*words, "--threshold", "fixed", "--threshold-value", "2"])
    assert (fixed["threshold"], fixed["bpcer"], fixed["apcer"]) == (2, 1, 0)
    assert main_values([*words, "--threshold", "test-eer"])["threshold_rule"] == "test-eer"


def test_what_is_no_run_is_said(tmp_path, capsys):
    assert main(["evaluate", "--run", str(tmp_path)]) == 2
    assert "is not a run folder" in capsys.readouterr().err
    assert main(["evaluate", "--run", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err


def test_a_run_given_twice_and_scores_without_a_calibration_are_one_line(
    trained, tmp_path, capsys, monkeypatch
):
    folder = trained[0]["run"]
    assert main(["evaluate", "--run", folder, f"{folder}/../{Path(folder).name}", "--quiet"]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert "twice; give it once" in shown.err
    assert shown.out == ""
    copy = tmp_path / "train" / "inverted"
    shutil.copytree(folder, copy)
    real = calibration.fit_temperature
    codes = []
    for turned in (False, True):  # one of the two has attacks below bona fide
        monkeypatch.setattr(
            calibration,
            "fit_temperature",
            lambda scores, pais, t=turned: real(1 - scores if t else scores, pais),
        )
        codes.append(main(["evaluate", "--run", str(copy), "--calibration", "temperature", "--quiet"]))
    assert sorted(codes) == [0, 2]
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"{copy}, scores of dev: no temperature fits these scores" in line


def test_one_photograph_has_a_score_and_reasons_for_what_one_cannot_tell(tmp_path, capsys):
    rows = ["path,pai,subject,session,video,frame,split"]
    for person, split in (("a", "train"), ("b", "train"), ("c", "dev"), ("d", "dev")):
        for pai in ("bona_fide", "print"):
            rows.append(f"{person}-{pai}.png,{pai},{person},1,{person}-{pai},0,{split}")
    for pai in ("bona_fide", "print"):
        one = f"one-{pai}.png,{pai},e,1,e,0,test"
        for row in [*rows[1:], one]:
            name, kind = row.split(",")[:2]
            Image.new("RGB", (32, 32), (40, 40, 40) if kind == "bona_fide" else (200, 200, 200)).save(
                tmp_path / name
            )
        place = tmp_path / f"{pai}.csv"
        place.write_text("\n".join([*rows, one]) + "\n")
        run = main_values(
            ["train", "--baseline", "feathernet_a", "--dataset", str(place), "--epochs", "1", "--input-size",
             "32", "--modality", "color", "--runs-dir", str(tmp_path / pai), "--threads", "1", "--quiet"]
        )["run"]  # fmt: skip
        capsys.readouterr()
        assert main(["evaluate", "--run", run, "--quiet", "--json"]) == 0
        *lines, last = capsys.readouterr().out.strip().splitlines()
        values = json.loads(last)
        assert (values["bona_fide"], values["attacks"]) == ((1, 0) if pai == "bona_fide" else (0, 1))
        assert isinstance(values["threshold"], float)
        assert {values[name] for name in ("apcer", "bpcer", "acer", "hter", "auc")} == {None}
        assert set(values["undefined"]) >= {"apcer", "bpcer", "acer", "hter", "auc"}
        word = "bona fide" if pai == "bona_fide" else "attack"
        assert any(
            f"there is one {word} presentation; its rate could only be 0 or 1" in line for line in lines
        )
        assert any("is not on the leaderboard" in line for line in lines)
        (score,) = csv.DictReader((Path(run) / "scores-test.csv").open())
        assert 0 <= float(score["score"]) <= 1


def test_runs_of_two_seeds_are_averaged(trained, tmp_path, capsys):
    first, second = Path(trained[0]["run"]), tmp_path / "second"
    shutil.copytree(first, second, ignore=shutil.ignore_patterns("checkpoint-*", "record.json", "metrics*"))
    config = (second / "config.yaml").read_text()
    (second / "config.yaml").write_text(config.replace("\nseed: 0\n", "\nseed: 1\n"))
    words = ["evaluate", "--run", str(first), str(second), "--threads", "1", "--quiet"]
    places = ["--leaderboard", str(tmp_path / "board.csv"), "--out", str(tmp_path / "both")]
    (summary,) = main_values([*words, *places])["summaries"]
    acers = [json.loads((folder / "metrics.json").read_text())["acer"] for folder in (first, second)]
    assert summary["figures"]["video"]["acer"]["mean"] == sum(acers) / 2
    assert (summary["over"], summary["seeds"]) == ("seeds", [0, 1])
    printed = capsys.readouterr().out
    assert "2 seeds" in printed
    assert "ddof 0" in printed
    assert json.loads((tmp_path / "both.json").read_text())["summaries"]
    assert (tmp_path / "both.csv").read_text().startswith("model,")
    assert len((tmp_path / "board.csv").read_text().splitlines()) == 3
