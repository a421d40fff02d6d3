"""One trial as a run: any network of one modality, resumed between epochs, the same as in a search."""

import json

import numpy as np
import pytest

from autofas.config.trial import TrialConfig
from autofas.errors import ConfigError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.runs import lifecycle
from autofas.search.derive import random_cells
from autofas.search.trials.points import point_from_key, point_of
from autofas.search.trials.single import run_trial
from tests.search.trials.conftest import trials

SPACE = load_space("small")
POINT = point_of(SPACE, *random_cells(SPACE, np.random.default_rng(0)))


def config(tmp_path, data, **changes):
    values = trials(tmp_path, data).model_dump() | {"strategy": "random", "trials": None, **changes}
    return TrialConfig.model_validate(values)


def test_a_trial_of_a_searchs_point_comes_to_what_the_search_says(evolved, tmp_path, tiny_data):
    _, result = evolved
    row = result.results[0]
    point = point_from_key(load_space("small"), row["point"])
    found = run_trial(config(tmp_path, tiny_data, point=point, name="one"))
    assert found.epochs[-1]["arch_auc"] == row["arch_auc"]
    assert found.epochs[-1]["arch_loss"] == row["arch_loss"]
    assert found.params == row["params"]
    kept = json.loads((found.path / "trial.json").read_text())
    assert kept["arch_auc"] == row["arch_auc"]
    genotype = str(found.path / "genotype.json")
    assert load_genotype(genotype).derivation == "point"
    again = run_trial(config(tmp_path, tiny_data, genotype=genotype, runs_dir=None))
    assert again.epochs[-1]["arch_auc"] == row["arch_auc"]
    assert again.path is None


def test_a_resumed_trial_is_the_uninterrupted_one(tmp_path, tiny_data, monkeypatch):
    whole = run_trial(config(tmp_path, tiny_data, point=POINT, epochs=2, name="whole"))
    real = lifecycle.save_checkpoint

    def stop_after_one(folder, state):
        real(folder, state)
        if len(state["results"]) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "save_checkpoint", stop_after_one)
    stopped = config(tmp_path, tiny_data, point=POINT, epochs=2, name="stopped")
    with pytest.raises(KeyboardInterrupt):
        run_trial(stopped)
    monkeypatch.setattr(lifecycle, "save_checkpoint", real)
    resumed = run_trial(stopped, resume=str(tmp_path / "trial" / "stopped"))
    losses = [[row["arch_loss"] for row in one.epochs] for one in (whole, resumed)]
    assert losses[0] == losses[1]


def test_a_baseline_takes_a_side_that_it_knows(tmp_path, tiny_data):
    found = run_trial(config(tmp_path, tiny_data, baseline="feathernet_a", latency=True, runs_dir=None))
    assert found.name == "feathernet_a"
    assert found.latency_ms > 0
    assert found.input == "3x32x32"
    with pytest.raises(ConfigError, match="more than one modality or targets beside labels"):
        run_trial(config(tmp_path, tiny_data, baseline="auxiliary_depth", runs_dir=None))


def test_a_point_of_another_space_is_refused(tmp_path, tiny_data):
    with pytest.raises(ConfigError, match="space small has no choice normal"):
        run_trial(config(tmp_path, tiny_data, point={"normal": 1}, runs_dir=None))
