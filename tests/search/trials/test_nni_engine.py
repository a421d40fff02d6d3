"""NNI as the engine: what an experiment is told, the table it leaves, and that it is always stopped."""

import shlex

import pytest

from autofas.errors import ConfigError, RunError
from autofas.models.space import load_space
from autofas.search.search import search
from autofas.search.trials.nni_engine import free_port
from autofas.search.trials.points import choice_counts, key_of
from autofas.storage.schema import read_yaml
from tests.search.trials import fake_nni
from tests.search.trials.conftest import trials

COUNTS = choice_counts(load_space("small"))
NNI = {"engine": "nni"}


def result(number, error, **more):
    point = {name: number % count for name, count in COUNTS.items()}
    row = {
        "point": key_of(point),
        "default": error,
        "arch_auc": 1 - error,
        "arch_loss": 0.5,
        "params": 100 - number,
    }
    return row | {"macs": 5, "epochs": 1, "seconds": 2.0, "cpu_seconds": 1.5, **more}


def test_an_experiment_becomes_the_same_table(tmp_path, tiny_data, monkeypatch):
    beyond = {"point": result(3, 1.0)["point"], "default": 1.0, "void": "beyond"}
    seen = fake_nni.install(monkeypatch, [result(0, 0.3), result(1, 0.1), result(2, 0.2), beyond])
    found = search(trials(tmp_path, tiny_data, trials=4, study=NNI, name="nni", seed=3))
    assert [row["trial"] for row in found.results] == [0, 1, 2]
    assert found.genotype.derivation == "nni-evolution"
    assert found.genotype.normal == load_front(found, 1).normal
    assert [row["trial"] for row in found.front] == [2, 1]  # fewer parameters, less error
    assert seen.stopped == len(seen.started) == 1
    assert "open" in (found.path / "log.txt").read_text()
    settings = seen.settings
    assert settings.search_space["normal.3.inputs"] == {"_type": "choice", "_value": [0, 1, 2]}
    assert (settings.max_trial_number, settings.trial_concurrency) == (4, 1)
    assert settings.tuner.name == "Evolution"
    assert settings.tuner.class_args == {"optimize_mode": "minimize", "population_size": 4}


def test_the_last_trial_is_waited_for(tmp_path, tiny_data, monkeypatch):
    # the second ends some time after nothing more is begun
    fake_nni.install(monkeypatch, [result(0, 0.3), result(1, 0.1)])
    found = search(trials(tmp_path, tiny_data, trials=2, study=NNI))
    assert [row["trial"] for row in found.results] == [0, 1]


def load_front(found, number):
    from autofas.models.genotype import load_genotype

    return load_genotype(found.path / "front" / f"trial-{number}.json")


def test_the_trials_command_is_one_of_ours(tmp_path, tiny_data, monkeypatch):
    from autofas.cli import build_parser

    seen = fake_nni.install(monkeypatch, [result(0, 0.3)])
    found = search(trials(tmp_path, tiny_data, strategy="tpe", trials=1, study=NNI, max_params="30K"))
    folder, command = seen.settings.trial_command.split(" && ")
    assert folder.startswith("cd ")
    words = shlex.split(command)
    args = build_parser("trial").parse_args(words[3:])
    assert args.nni
    kept = read_yaml(found.path / "trial.yaml")
    assert kept["max_params"] == 30_000
    assert kept["epochs"] == 1
    assert seen.settings.tuner.class_args["seed"] == 0


def test_it_is_stopped_whatever_happens(tmp_path, tiny_data, monkeypatch):
    seen = fake_nni.install(monkeypatch, [], status="ERROR")
    with pytest.raises(RunError, match=r"the NNI experiment failed; see .*log"):
        search(trials(tmp_path, tiny_data, study=NNI))
    assert seen.stopped == 1
    fake_nni.install(monkeypatch, [])
    with pytest.raises(RunError, match="no trial of the NNI experiment has ended well"):
        search(trials(tmp_path, tiny_data, study=NNI))


def test_it_needs_a_folder_and_the_extra(tmp_path, tiny_data, monkeypatch):
    import sys

    fake_nni.install(monkeypatch, [])
    with pytest.raises(ConfigError, match="engine nni needs a folder"):
        search(trials(tmp_path, tiny_data, study=NNI, runs_dir=None))
    monkeypatch.setitem(sys.modules, "nni", None)
    with pytest.raises(ConfigError, match=r"pip install 'autofas\[nni\]'"):
        search(trials(tmp_path, tiny_data, study=NNI))


def test_a_port_is_free():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", free_port()))
