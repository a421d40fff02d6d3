"""A random architecture: seeded, and without looking at data."""

from autofas.config.search import SearchConfig
from autofas.search.search import search


def test_random_strategy_needs_no_data(tmp_path):
    values = {"strategy": "random", "space": "small", "runs_dir": str(tmp_path), "threads": 1}
    one, two = (search(SearchConfig.model_validate(values | {"seed": seed})) for seed in (0, 1))
    assert one.genotype.derivation == "random"
    assert not one.genotype.same_network(two.genotype)
