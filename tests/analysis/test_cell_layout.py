"""A cell's layout: labels cover neither labels nor nodes, whatever the cell."""

import pytest

from autofas.analysis.cell_layout import layout_cell
from autofas.models.genotype import Cell, Edge
from tests.analysis.cells import _check, _random_cell


@pytest.mark.parametrize("seed", range(8))
def test_labels_cover_neither_labels_nor_nodes(seed: int) -> None:
    cell = _random_cell(seed)
    layout = layout_cell(cell, [(120.0, 27.0)] * len(cell.edges))
    _check(layout, 8)
    assert len(layout.arrows) == 8 + 4
    columns = [layout.nodes[number][0] for number in range(7)]
    assert columns[0] == columns[1] < columns[2] < columns[3] < columns[4] < columns[5] < columns[6]


def test_a_cell_with_every_edge_and_the_smallest_one() -> None:
    full = _random_cell(1, incoming=9)
    _check(layout_cell(full, [(120.0, 27.0)] * 14), 14)
    tiny = Cell(edges=(Edge(2, 0, "skip_connect"),), concat=(2,))
    _check(layout_cell(tiny, [(120.0, 27.0)]), 1)
