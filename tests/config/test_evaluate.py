"""An evaluation's configuration: test is judged, by video, at the threshold rule of the data."""

import pytest

from autofas.config.evaluate import EvaluateConfig
from autofas.errors import ConfigError
from autofas.metrics import THRESHOLD_RULES
from autofas.storage.schema import validated


def test_the_rule_is_that_of_the_data_unless_it_is_named():
    config = EvaluateConfig(run="runs/train/x")
    assert (config.threshold, config.split, config.level, config.pai_grouping) == (
        None, "test", "video", "family"
    )  # fmt: skip
    assert config.data is None  # the run's own
    for rule in THRESHOLD_RULES:
        assert EvaluateConfig(run="x", threshold=rule).threshold == rule


@pytest.mark.parametrize(
    "change", [{"threshold": "best"}, {"split": "val"}, {"level": "clip"}, {"batch_size": 0}]
)
def test_other_words_are_refused(change):
    (key,) = change
    with pytest.raises(ConfigError, match=key):
        validated(EvaluateConfig, {"run": "x", **change}, "configuration")


def test_a_run_must_be_named():
    with pytest.raises(ConfigError, match="run is missing"):
        validated(EvaluateConfig, {}, "configuration")
