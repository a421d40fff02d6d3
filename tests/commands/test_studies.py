"""Searches by trials as typed: tables, pictures, several workers, and what does not go together."""

import csv
from pathlib import Path

import pytest

from autofas.cli import main, main_values
from tests.commands.conftest import SMALL

TINY = ["search", "--space", "small", "--epochs", "1", "--threads", "1", "--quiet"]
TINY += ["--set", "input_size=16", "--set", "batch_size=16", "--set", "warmup_epochs=0", "--set", SMALL]


@pytest.fixture
def optuna():
    return pytest.importorskip("optuna", reason="the extra [trials] is not installed")


def test_a_search_by_nsga2_prints_and_draws_its_front(tmp_path, capsys, optuna):
    words = [*TINY, "--strategy", "nsga2", "--trials", "4", "--objectives", "error", "macs"]
    found = main_values([*words, "--runs-dir", str(tmp_path), "--name", "two"])
    printed = capsys.readouterr().out
    assert f"front     {len(found['front'])} of 4 trials, strategy nsga2" in printed
    assert Path(found["picture"]).is_file()
    rows = list(csv.DictReader((tmp_path / "search" / "two" / "results.csv").open()))
    assert len(rows) == found["trials"] == 4
    on_front = {str(row["trial"]) for row in found["front"]}
    for row in rows:
        beaten = any(
            float(other["error"]) <= float(row["error"])
            and int(other["macs"]) <= int(row["macs"])
            and (float(other["error"]), int(other["macs"])) != (float(row["error"]), int(row["macs"]))
            for other in rows
        )
        assert (row["trial"] in on_front) == (not beaten)


@pytest.mark.slow
def test_two_workers_share_a_search(tmp_path, optuna):
    words = [*TINY, "--strategy", "random", "--trials", "24", "--workers", "2", "--pruner", "halving"]
    found = main_values([*words, "--runs-dir", str(tmp_path), "--name", "shared"])
    folder = tmp_path / "search" / "shared"
    rows = list(csv.DictReader((folder / "results.csv").open()))
    assert found["trials"] == len({row["point"] for row in rows}) == 24
    assert (folder / "worker-2.log").is_file()
    joined = (folder / "worker-2.log").read_text()
    assert "Traceback" not in joined
    assert "autofas search:" not in joined  # a refusal's line


def test_a_supernet_judges_a_search_and_a_single_trial(tmp_path, capsys, optuna):
    words = [*TINY, "--runs-dir", str(tmp_path)]
    main_values([*words, "--strategy", "darts", "--name", "super"])
    named = ["--supernet", str(tmp_path / "search" / "super")]
    found = main_values([*words, "--strategy", "tpe", "--trials", "4", *named, "--name", "inherited"])
    folder = tmp_path / "search" / "inherited"
    rows = list(csv.DictReader((folder / "results.csv").open()))
    assert [row["epochs"] for row in rows] == ["0"] * found["trials"] == ["0"] * 4
    log = (folder / "log.txt").read_text()
    assert f"the supernet of {tmp_path / 'search' / 'super'} judges: 1 epochs, " in log
    genotype = str(folder / "genotype.json")
    again = main_values(["trial", *words[1:], *named, "--genotype", genotype, "--name", "one"])
    assert again["arch_auc"] == max(float(row["arch_auc"]) for row in rows)
    capsys.readouterr()
    for more, told in (
        (["--strategy", "darts", *named], "judges trials, and darts makes none"),
        (["--strategy", "tpe", "--pruner", "halving", *named], "with a supernet there are none"),
        (["--strategy", "tpe", "--seed", "7", *named], "was searched with seed 0, this search has 7"),
        (["--strategy", "tpe", "--supernet", str(folder)], "so it has no supernet"),
    ):
        assert main([*words, *more, "--name", "refused"]) == 2
        assert told in capsys.readouterr().err.splitlines()[-1]


def test_random_without_trials_draws_one_and_trains_none(tmp_path):
    found = main_values([*TINY, "--strategy", "random", "--runs-dir", str(tmp_path)])
    assert found["seconds"] == 0
    assert "trials" not in found


def test_what_cannot_be_asked(capsys, monkeypatch):
    import sys

    for words, told in (
        (["--strategy", "nni-evolution"], "nni-evolution is now --strategy evolution --engine nni"),
        (
            ["--trials", "3"],
            "strategy pc-darts has no trials; take tpe, nsga2, evolution, or random with --trials",
        ),
        (["--strategy", "random", "--workers", "2"], "--workers: strategy random has no trials"),
        (["--strategy", "evolution", "--objectives", "error", "params"], "take nsga2 or tpe for several"),
        (["--strategy", "tpe", "--trials", "0"], "trials"),
    ):
        assert main([*TINY, *words]) == 2
        assert told in capsys.readouterr().err
    for name, words in (("optuna", []), ("nni", ["--engine", "nni"])):
        monkeypatch.setitem(sys.modules, name, None)
        assert main([*TINY, "--strategy", "tpe", *words]) == 2
        extra = "trials" if name == "optuna" else "nni"
        assert f"pip install 'autofas[{extra}]'" in capsys.readouterr().err
