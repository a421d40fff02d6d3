"""The Python interface: plain functions, light to import, that leave nothing behind unless given a folder."""

import inspect
from pathlib import Path

import pytest

import autofas
from autofas import SearchConfig, TrainConfig

VERBS = ("build", "evaluate", "profile", "search", "train")
SMALL = {"threads": 1, "device": "cpu", "epochs": 1, "batch_size": 32, "input_size": 16}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in, as home too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def search_config(data, **changes):
    return SearchConfig.model_validate(
        SMALL | {"space": "small", "warmup_epochs": 0, "data": data, **changes}
    )


def train_config(data, **changes):
    return TrainConfig.model_validate(
        SMALL | {"data": data, "baseline": "feathernet_b", "input_size": 32} | changes
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_plain_function_that_says_what_it_does(verb):
    function = getattr(autofas, verb)
    assert inspect.isfunction(function)
    assert function.__doc__
    assert verb in autofas.__all__


def test_without_a_folder_nothing_is_written(here, tiny_data, capfd):
    found = autofas.search(search_config(tiny_data))
    drawn = autofas.search(search_config(tiny_data, strategy="random"))
    trained = autofas.train(train_config(tiny_data))
    assert list(here.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert [found.path, drawn.path, trained.path] == [None] * 3
    assert len(found.results) == len(trained.results) == 1
    assert found.genotype.name == "small"
    assert not trained.network.training


def test_with_a_folder_it_finds_the_same(here, tiny_data):
    without = autofas.search(search_config(tiny_data))
    within = autofas.search(search_config(tiny_data, runs_dir=str(here / "mine"), name="a"))
    assert within.path == here / "mine" / "search" / "a"
    assert (within.path / "genotype.json").is_file()
    assert within.genotype.same_network(without.genotype)
    assert [row["train_loss"] for row in within.results] == [row["train_loss"] for row in without.results]


def test_not_quiet_it_tells_its_progress_and_its_notes(here, tiny_data, capfd):
    autofas.train(train_config(tiny_data), quiet=False)
    told = capfd.readouterr()
    assert told.out == ""
    assert "epoch 1/1  train " in told.err
    assert list(here.iterdir()) == []


def test_an_interrupted_run_without_a_folder_promises_no_resumption(here, tiny_data, monkeypatch):
    import os
    import signal

    from autofas.runtime.interruption import Interrupted, handling
    from autofas.training.train import Training

    step = Training.step
    monkeypatch.setattr(Training, "step", lambda *given: os.kill(os.getpid(), signal.SIGINT) or step(*given))
    with handling(), pytest.raises(Interrupted) as stopped:
        autofas.train(train_config(tiny_data))
    assert stopped.value.hint == ""
    assert list(here.iterdir()) == []


def test_the_command_line_writes_into_runs_as_ever(here, tiny_data):
    from autofas.cli import main

    words = ["search", "--space", "small", "--strategy", "random", "--quiet", "--threads", "1"]
    assert main(words) == 0
    assert Path("runs/search/exp/genotype.json").is_file()
    assert "runs_dir: runs\n" in Path("runs/search/exp/config.yaml").read_text()
