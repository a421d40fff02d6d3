"""A trial is of one network."""

import pytest
from pydantic import ValidationError

from autofas.config.trial import TrialConfig


def test_a_trial_is_of_one_network():
    assert TrialConfig(baseline="feathernet_a").strategy == "random"
    assert TrialConfig(point={"a": 0}).point == {"a": 0}
    for given in ({}, {"baseline": "a", "genotype": "b"}):
        with pytest.raises(ValidationError, match="give genotype, baseline or point"):
            TrialConfig.model_validate(given)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        TrialConfig.model_validate({"point": {"a": -1}})
