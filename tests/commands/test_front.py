"""autofas front: from a space to a front in one line, which goes on where it was cut short."""

import csv

import pytest

from autofas.cli import main, main_values
from tests.commands.conftest import SMALL

TINY = ["front", "--space", "small", "--epochs", "1", "--threads", "1", "--quiet"]
TINY += ["--set", "input_size=16", "--set", "batch_size=16", "--set", "warmup_epochs=0", "--set", SMALL]


def test_searched_swept_and_hand_designed_stand_together(tmp_path, capsys):
    pytest.importorskip("optuna", reason="the extra [trials] is not installed")
    words = [*TINY, "--trials", "2", "--limits", "20K", "--baselines", "feathernet_a", "--judgements", "2"]
    words += ["--runs-dir", str(tmp_path), "--name", "whole"]
    found = main_values(words)
    printed = capsys.readouterr().out
    strategies = {row["strategy"] for row in found["networks"]}
    assert strategies == {"nsga2", "pc-darts within limits", "hand-designed"}
    for row in found["networks"]:
        assert row["low"] <= row["error"] <= row["high"]
        assert row["seeds"] == 2
    swept = next(row for row in found["networks"] if row["strategy"] == "pc-darts within limits")
    assert swept["params"] <= 20_000
    judged = list(csv.DictReader((tmp_path / "front" / "whole" / "judged.csv").open()))
    assert {row["seed"] for row in judged} == {"1000", "1001"}
    assert "on the front" in printed
    assert (tmp_path / "front" / "whole" / "front.png").is_file()
    again = main_values(words)
    assert again["networks"] == found["networks"]
    assert len(list((tmp_path / "search").iterdir())) == 2  # nothing was searched twice
    assert main([*words, "--seeds", "1"]) == 2
    assert "it was begun with other arguments; choose another --name" in capsys.readouterr().err


def test_what_cannot_be_asked(capsys):
    pytest.importorskip("optuna", reason="the extra [trials] is not installed")
    for words, told in (
        (["--seeds", "0", "0"], "give different ones below 1000"),
        (["--limits", "many"], "--limits many: expected a count"),
        (["--judgements", "0"], "judged by at least one trial"),
        (["--baselines", "feathernet"], "baseline feathernet does not exist"),
    ):
        assert main([*TINY, *words]) == 2
        assert told in capsys.readouterr().err
