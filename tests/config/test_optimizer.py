"""An optimiser's configuration: its defaults are SGD's of the papers, and impossible values are refused."""

import pytest

from autofas.config.optimizer import OptimizerConfig
from autofas.errors import ConfigError
from autofas.storage.schema import validated


def test_defaults():
    config = OptimizerConfig(lr=0.1)
    assert (config.name, config.momentum, config.weight_decay) == ("sgd", 0.9, 1e-4)
    assert (config.schedule, config.cycles, config.min_lr, config.warmup_epochs) == ("cosine", 1, 0, 0)
    assert config.grad_clip is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"lr": 0}, "lr"),
        ({"lr": 11}, "lr"),
        ({"momentum": 1}, "momentum"),
        ({"step_factor": 1}, "step_factor"),
        ({"cycles": 0}, "cycles"),
        ({"grad_clip": 0}, "grad_clip"),
        ({"schedule": "sine"}, "schedule"),
        ({"learning_rate": 0.1}, "unknown key learning_rate"),
    ],
)
def test_what_cannot_be_is_named_by_its_key(change, key):
    with pytest.raises(ConfigError, match=key) as caught:
        validated(OptimizerConfig, {"lr": 0.1, **change}, "configuration")
    assert "\n" not in str(caught.value)
