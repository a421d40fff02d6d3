"""A trial inside an NNI experiment: its point from NNI, every epoch's error to it."""

import pytest

from autofas.config.trial import TrialConfig
from autofas.errors import ConfigError
from autofas.models.space import load_space
from autofas.search.trials.nni_trial import next_point, report_to_nni
from autofas.search.trials.points import choice_counts
from tests.search.trials import fake_nni
from tests.search.trials.conftest import trials

POINT = dict.fromkeys(choice_counts(load_space("small")), 1)


def config(tmp_path, data, **changes):
    values = trials(tmp_path, data).model_dump() | {"strategy": "random", "trials": None, "runs_dir": None}
    return TrialConfig.model_validate(values | changes)


def test_every_epoch_and_the_end_are_reported(tmp_path, tiny_data, monkeypatch):
    seen = fake_nni.install(monkeypatch, [], point=POINT)
    assert next_point() == POINT
    row = report_to_nni(config(tmp_path, tiny_data, point=POINT, epochs=2))
    assert seen.final == [row]
    assert len(seen.intermediate) == 2
    assert row["default"] == seen.intermediate[-1] == pytest.approx(1 - row["arch_auc"])
    assert row["params"] > 0


def test_a_point_beyond_the_limits_is_an_error_of_one(tmp_path, tiny_data, monkeypatch):
    seen = fake_nni.install(monkeypatch, [])
    largest = {name: count - 1 for name, count in choice_counts(load_space("small")).items()}
    row = report_to_nni(config(tmp_path, tiny_data, point=largest, max_params="16K"))
    assert row["default"] == 1.0
    assert row["void"] == "beyond"
    assert seen.intermediate == []
    assert seen.final == [row]


def test_outside_an_experiment_there_is_no_point(monkeypatch):
    fake_nni.install(monkeypatch, [])
    with pytest.raises(ConfigError, match="NNI gave no point"):
        next_point()
