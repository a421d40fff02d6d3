"""What every run has: a name that is one word, a seed, and how often it is saved."""

import pytest

from autofas.config.run import RunConfig
from autofas.errors import ConfigError
from autofas.storage.schema import validated


def test_a_run_is_saved_every_ten_minutes_unless_told():
    config = RunConfig()
    assert (config.checkpoint_steps, config.checkpoint_minutes) == (None, 10)
    assert (config.runs_dir, config.seed, config.device, config.schema_version) == (None, 0, "auto", 1)
    assert RunConfig(checkpoint_minutes=None).checkpoint_minutes is None


@pytest.mark.parametrize("name", ["", "a b", "../x", ".hidden", "x" * 65, "a/b", "ü"])
def test_a_name_is_one_word(name):
    with pytest.raises(ConfigError, match="name"):
        validated(RunConfig, {"name": name}, "configuration")


def test_seeds_are_those_of_numpy():
    assert RunConfig(seed=2**32 - 1).seed == 2**32 - 1
    for seed in (-1, 2**32):
        with pytest.raises(ConfigError, match="seed"):
            validated(RunConfig, {"seed": seed}, "configuration")
