"""A random architecture: seeded, and without looking at data."""

from autofas.config.search import SearchConfig
from autofas.search.search import search
from tests.search.searches import opened


def test_random_strategy_needs_no_data(tmp_path):
    values = {"strategy": "random", "space": "small", "runs_dir": str(tmp_path), "threads": 1}
    one, two = (search(SearchConfig.model_validate(values | {"seed": seed})) for seed in (0, 1))
    assert one.genotype.derivation == "random"
    assert not one.genotype.same_network(two.genotype)


def test_a_layout_that_is_left_open_is_drawn_too():
    space = opened(channels=(4, 8, 12))
    values = {"strategy": "random", "runs_dir": None, "threads": 1, "device": "cpu"}
    found = [search(SearchConfig.model_validate(values | {"seed": seed}), space=space) for seed in range(12)]
    assert {one.genotype.layout.channels for one in found} == {4, 8, 12}
