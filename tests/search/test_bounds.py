"""Choices within bounds against a search through all cells of a space small enough to list."""

import itertools
from collections import Counter

import numpy as np
import pytest

from autofas.models.space import Space, load_space
from autofas.search.bounds import KINDS, Bounds, best_within, derive_within, draw_within, undominated
from autofas.search.derive import derive, operation_strengths, random_cells


def space(nodes=2, operations=("none", "skip_connect", "sep_conv_3x3")):
    values = load_space("small").model_dump()
    values["layout"]["intermediate_nodes"] = nodes
    values["operations"] = list(operations)
    return Space.model_validate(values)


def priced(one, generator, dimensions=2):
    shape = len(one.edges), len(one.operations), dimensions
    return {kind: generator.integers(0, 6, shape) for kind in KINDS}


def every_pair(bounds):
    """All cells that two nodes a cell can be: their edges, cost and choices."""
    nodes = bounds.nodes
    for chosen in itertools.product(*(range(len(node.prices)) for node in nodes)):
        pairs = zip(nodes, chosen, strict=True)
        found = [(node.edges(choice), node.prices[choice]) for node, choice in pairs]
        yield tuple(edge for edges, _ in found for edge in edges), sum(cost for _, cost in found), chosen


def edges(cells):
    return tuple(edge for cell in cells for edge in cell.edges)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_all_that_is_allowed(seed):
    generator = np.random.default_rng(seed)
    one = space()
    bounds = Bounds(one, priced(one, generator), np.array([19, 20]))
    values = {kind: generator.normal(size=(5, 3)) for kind in KINDS}
    worths = [node.worth(values[node.kind]) for node in bounds.nodes]
    worth = {
        pairs: sum(each[choice] for each, choice in zip(worths, chosen, strict=True))
        for pairs, cost, chosen in every_pair(bounds)
        if (cost <= bounds.most).all()
    }
    assert 10 < len(worth) < len(list(every_pair(bounds)))
    found = best_within(bounds, values)
    assert edges(found) == max(worth, key=worth.__getitem__)
    assert bounds.allow(*found)


def test_without_need_the_rule_decides_and_with_it_the_likeliest():
    generator = np.random.default_rng(5)
    one = space(4, ("none", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5"))
    alphas = {kind: generator.normal(size=(14, 5)) for kind in KINDS}
    betas = {kind: generator.normal(size=14) for kind in KINDS}
    prices = priced(one, generator, 1)
    own = derive(one, alphas, betas, "pc-darts")
    free = Bounds(one, prices, np.array([10**6]))
    assert derive_within(one, alphas, betas, "pc-darts", free) == own
    assert derive_within(one, alphas, betas, "pc-darts", None) == own
    # the product of strengths over all edges is what the rule makes largest
    logs = {kind: np.log(operation_strengths(one, alphas[kind], betas[kind], "pc-darts")) for kind in KINDS}
    assert edges(best_within(free, logs)) == edges(own)
    tight = Bounds(one, prices, free.of(*own) - 1)
    found = derive_within(one, alphas, betas, "pc-darts", tight)
    assert found != own
    assert tight.allow(*found)
    # by the strengths of its own rule
    assert edges(found) == edges(best_within(tight, logs))
    other = derive_within(one, alphas, betas, "auto-fas", tight)
    assert other not in (found, derive(one, alphas, betas, "auto-fas"))


def test_what_nothing_keeps_to_is_said():
    one = space()
    bounds = Bounds(one, priced(one, np.random.default_rng(0)), np.array([-1, 3]))
    flat = {kind: np.zeros((5, 3)) for kind in KINDS}
    assert best_within(bounds, flat) is None
    assert draw_within(bounds, np.random.default_rng(0)) is None
    with pytest.raises(ValueError, match="no cells of space small"):
        derive_within(one, flat, {}, "auto-fas", bounds)


def test_draws_are_uniform_over_what_is_allowed():
    generator = np.random.default_rng(2)
    one = space()
    prices = priced(one, generator, 1)
    bounds = Bounds(one, prices, np.array([11]), np.array([11]))
    allowed = {pairs for pairs, cost, _ in every_pair(bounds) if cost[0] == 11}
    assert 5 < len(allowed) < 100
    times = 30 * len(allowed)
    seen = Counter(edges(draw_within(bounds, generator)) for _ in range(times))
    assert seen.keys() == allowed
    # chi-square over n cells has mean n - 1 and variance 2 (n - 1)
    square = sum((count - 30) ** 2 / 30 for count in seen.values())
    assert abs(square - (len(allowed) - 1)) < 4 * np.sqrt(2 * len(allowed))


def test_undominated_by_hand_and_in_blocks():
    prices = np.array([[1, 1], [2, 2], [0, 5], [1, 1], [3, 0]])
    worths = np.array([1.0, 1.0, 2.0, 0.5, 0.1])
    assert undominated(prices, worths).tolist() == [2, 0, 4]
    generator = np.random.default_rng(0)
    many, worth = generator.integers(0, 40, (1500, 2)), generator.normal(size=1500)
    beaten = [
        any((many[j] <= many[i]).all() and (worth[j], -j) > (worth[i], -i) for j in range(1500) if j != i)
        for i in range(1500)
    ]
    assert sorted(undominated(many, worth)) == np.flatnonzero(~np.array(beaten)).tolist()


def test_random_cells_keep_to_bounds():
    one = load_space("small")
    prices = {kind: np.random.default_rng(0).integers(0, 9, (14, 6, 1)) for kind in KINDS}
    mean = np.mean(
        [Bounds(one, prices, np.zeros(1)).of(*random_cells(one, np.random.default_rng(s))) for s in range(20)]
    )
    bounds = Bounds(one, prices, np.array([int(mean * 0.6)]), np.array([int(mean * 0.5)]))
    generator = np.random.default_rng(1)
    drawn = [draw_within(bounds, generator) for _ in range(5)]
    assert all(bounds.allow(*cells) for cells in drawn)
    assert len({edges(cells) for cells in drawn}) == 5
