"""Controls keep what they claim to keep, and nothing else."""

from collections import Counter

import numpy as np

from autofas.analysis.space_costs import space_costs
from autofas.config.search import SearchConfig
from autofas.models.space import load_space
from autofas.search.controls import matched, shuffled
from autofas.search.derive import random_cells
from autofas.search.layouts import Layouts
from tests.search.searches import opened

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
    drawn = [matched([SPACE], SPACE, cells, np.random.default_rng(seed))[1] for seed in range(8)]
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
    _, big = matched([SPACE], SPACE, everything, np.random.default_rng(0), within=0.01)
    assert costs.of(*big)[0] >= 0.99 * costs.of(*everything)[0]


def test_matched_networks_have_layouts_of_their_own_where_those_are_open():
    space = opened(channels=(7, 8, 64), normalise=("none", "local"))
    layouts = Layouts(space, SearchConfig(finalists=2)).all
    own = space.with_layout({"channels": 8})
    cells = random_cells(space, np.random.default_rng(1))
    params = space_costs(own).of(*cells)[0]
    drawn = [matched(layouts, own, cells, np.random.default_rng(seed)) for seed in range(60)]
    sizes = [space_costs(laid).of(*other)[0] for laid, other in drawn]
    assert all(abs(size - params) <= 0.1 * params for size in sizes)
    met = Counter((laid.layout.channels, laid.layout.normalise) for laid, _ in drawn)
    # 64 channels are too many whatever the cells, and of 7 there are such cells
    assert {channels for channels, _ in met} == {7, 8}
    assert len(met) == 4
    assert min(met.values()) >= 5
