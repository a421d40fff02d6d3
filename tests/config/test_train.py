"""A training's configuration: one network, and options only where they mean something."""

import pytest

from autofas.config.train import TrainConfig
from autofas.errors import ConfigError
from autofas.storage.schema import validated


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "give either genotype .* or baseline .*; neither was given"),
        ({"genotype": "g.json", "baseline": "cdcn"}, "both were given"),
        ({"genotype": "g.json", "options": {"theta": 0.7}}, "options belong to a baseline"),
        ({"baseline": "cdcn", "init_map": "names.yaml"}, "init is not given"),
        ({"baseline": "cdcn", "drop_path": 1}, "drop_path"),
        ({"genotype": ""}, "genotype: string should have at least 1 character"),
        ({"baseline": "cdcn", "init": ""}, "init: string should have at least 1 character"),
        ({"baseline": "cdcn", "augment": ""}, "augment: string should have at least 1 character"),
        ({"baseline": "cdcn", "data": {"dataset": ""}}, "data.dataset: string should have at least 1"),
        ({"baseline": "cdcn", "view": {"kind": "corner"}}, "view.kind"),
    ],
)
def test_what_does_not_go_together(values, message):
    with pytest.raises(ConfigError, match=message):
        validated(TrainConfig, values, "configuration")


def test_a_training_keeps_its_best_epoch_and_balances_its_batches():
    config = TrainConfig(baseline="cdcn", options={"theta": 0.5})
    assert (config.keep, config.balance, config.checkpoint_every) == ("best", True, 1)
    assert (config.view.kind, config.view.crop_size, config.erase_modalities) == ("whole", None, 0)
