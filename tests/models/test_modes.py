"""Evaluation mode for a while: every module ends as it began, whatever happens within."""

import pytest
from torch import nn

from autofas.models.modes import evaluating


def test_a_module_that_is_kept_in_another_mode_stays_in_it():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(), nn.Sequential(nn.BatchNorm2d(3)))
    network.train()
    network[0].eval()  # frozen statistics in a network that is trained
    before = [module.training for module in network.modules()]
    with evaluating(network):
        assert not any(module.training for module in network.modules())
    assert [module.training for module in network.modules()] == before
    with pytest.raises(RuntimeError, match="within"), evaluating(network):
        raise RuntimeError("within")
    assert [module.training for module in network.modules()] == before
