"""autofas evaluate: a run judged at its dev threshold, what is written beside it, and other thresholds."""

import csv
import json
from pathlib import Path

from autofas.cli import main, main_values


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
