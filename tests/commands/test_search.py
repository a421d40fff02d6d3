"""autofas search: the configuration it prints, a run a fold, and what cannot be asked of it."""

import json
from pathlib import Path

import yaml

from autofas.cli import main, main_values

RANDOM = ["search", "--space", "small", "--strategy", "random", "--set", "input_size=16", "--quiet"]


def test_flags_reach_the_configuration(capsys):
    words = ["search", "--dataset", "oulu", "--protocol", "3", "--fold", "2", "--seed", "9", "--epochs", "20"]
    assert main([*words, "--space", "darts", "--print-config"]) == 0
    config = yaml.safe_load(capsys.readouterr().out)
    assert (config["space"], config["seed"], config["epochs"]) == ("darts", 9, 20)
    assert (config["data"]["dataset"], config["data"]["protocol"], config["data"]["fold"]) == ("oulu", 3, 2)


def test_a_random_architecture_needs_no_data(tmp_path):
    found = main_values([*RANDOM, "--runs-dir", str(tmp_path), "--name", "drawn", "--seed", "4"])
    genotype = json.loads(Path(found["genotype"]).read_text())
    assert Path(found["genotype"]).parent == tmp_path / "search" / "drawn"
    assert genotype["provenance"]["seed"] == 4
    again = main_values([*RANDOM, "--runs-dir", str(tmp_path), "--seed", "4"])
    assert json.loads(Path(again["genotype"]).read_text())["normal"] == genotype["normal"]


def test_every_fold_is_a_run(tmp_path):
    found = main_values([*RANDOM, "--dataset", "oulu", "--protocol", "4", "--runs-dir", str(tmp_path)])
    assert [run["fold"] for run in found["folds"]] == [1, 2, 3, 4, 5, 6]
    assert len({run["genotype"] for run in found["folds"]}) == 6


def test_what_cannot_be_asked(capsys):
    assert main(["search", "--strategy", "pcdarts"]) == 2
    assert "pc-darts" in capsys.readouterr().err
    assert main(["search", "--epochs", "3", "--set", "warmup_epochs=3"]) == 2
    assert "leaves none to search in" in capsys.readouterr().err


def test_events_without_the_extra_are_told_before_any_data_is_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("autofas.runs.event_log.find_spec", lambda name: None)
    monkeypatch.setattr("autofas.data.opening.OpenedDatasets.divided", None)
    words = ["search", *[], "--dataset", "synthetic", "--runs-dir", str(tmp_path), "--tensorboard"]
    assert main(words) == 2
    line = capsys.readouterr().err
    assert line.startswith(
        "autofas search: events for TensorBoard need tensorboard, which is not installed; pip"
    )
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
