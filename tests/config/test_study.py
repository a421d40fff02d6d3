"""The study's keys: what goes together and what does not."""

import pytest
from pydantic import ValidationError

from autofas.config.search import SearchConfig


def config(**values):
    return SearchConfig.model_validate({"strategy": "tpe", **values})


def test_what_is_unset_follows_the_trials():
    assert config().wanted == 20
    assert (config(trials=40).population, config(trials=40).sample) == (10, 2)
    assert (config(trials=4).population, config(trials=1000).population) == (4, 50)
    assert config(study={"population": 30}).sample == 7
    assert config().objectives == ("error",)
    assert config(strategy="nsga2").objectives == ("error", "params")
    assert config(strategy="nsga2", study={"objectives": ["error", "macs"]}).objectives == ("error", "macs")


def test_random_is_by_trials_where_it_has_some():
    assert not config(strategy="random").by_trials
    assert config(strategy="random", trials=1).by_trials
    assert not config(strategy="pc-darts").by_trials
    assert config(strategy="evolution").by_trials


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strategy": "nni-evolution"}, "is now --strategy evolution --engine nni"),
        (
            {"strategy": "evolution", "study": {"objectives": ["error", "params"]}},
            "take nsga2 or tpe for several",
        ),
        ({"study": {"objectives": ["error", "error"]}}, "names one twice"),
        ({"study": {"pruner": "halving", "objectives": ["macs"]}}, "compares errors alone"),
        ({"strategy": "nsga2", "study": {"pruner": "halving"}}, "needs one objective, and nsga2 has several"),
        ({"strategy": "nsga2", "study": {"engine": "nni"}}, "engine nni has one objective"),
        ({"study": {"engine": "nni", "pruner": "halving"}}, "has no pruner"),
        ({"trials": 8, "study": {"sample": 9}}, "study.sample 9 is more than the population, 4"),
    ],
)
def test_what_does_not_go_together(values, words):
    with pytest.raises(ValidationError, match=words):
        config(**values)
