"""Controls keep what they claim to keep, and nothing else."""

from collections import Counter

import numpy as np

from autofas.analysis.space_costs import space_costs
from autofas.models.space import load_space
from autofas.search.controls import matched, shuffled
from autofas.search.derive import random_cells

SPACE = load_space("small")


def test_a_shuffle_keeps_each_cells_operations_and_moves_them():
    cells = random_cells(SPACE, np.random.default_rng(9))
    for seed in range(3):
        other = shuffled(SPACE, cells, np.random.default_rng(seed))
        for one, two in zip(cells, other, strict=True):
            assert Counter(e.operation for e in one.edges) == Counter(e.operation for e in two.edges)
            assert one.edges != two.edges
            assert one.concat == two.concat
            assert [edge[:2] for edge in one.edges] != [edge[:2] for edge in two.edges]
    assert shuffled(SPACE, cells, np.random.default_rng(2)) == other
    orders = {
        tuple(edge.operation for edge in shuffled(SPACE, cells, np.random.default_rng(seed))[0].edges)
        for seed in range(8)
    }
    assert len(orders) > 1


def test_matched_networks_have_as_many_parameters_and_are_others():
    costs = space_costs(SPACE)
    cells = random_cells(SPACE, np.random.default_rng(1))
    params = costs.of(*cells)[0]
    drawn = [matched(costs, cells, np.random.default_rng(seed)) for seed in range(8)]
    sizes = [costs.of(*other)[0] for other in drawn]
    assert all(abs(size - params) <= 0.1 * params for size in sizes)
    assert len(set(sizes)) > 2
    assert cells not in drawn
    # the largest network of the space has few like it, and they are found
    everything = tuple(
        type(cell)(
            edges=tuple(edge._replace(operation="sep_conv_5x5") for edge in cell.edges), concat=cell.concat
        )
        for cell in cells
    )
    big = matched(costs, everything, np.random.default_rng(0), within=0.01)
    assert costs.of(*big)[0] >= 0.99 * costs.of(*everything)[0]
