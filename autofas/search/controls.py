"""Controls of a search: networks that would be as good if the search had found nothing.

`shuffled` keeps what was chosen and throws away where: the same operations of each cell on other edges.
`matched` keeps nothing but the size: cells drawn at random whose network has as many parameters, in
a layout drawn with them where the search chose one. A search whose network does not beat them has chosen
operations, or sizes, but no cells.
"""

from collections.abc import Sequence

import numpy as np

from autofas.analysis.space_costs import COSTS, SpaceCosts, space_costs
from autofas.models.genotype import Cell, Edge
from autofas.models.space import Space
from autofas.search.bounds import Bounds, draw_within
from autofas.search.derive import KINDS, random_cells

WITHIN = 0.10
"""How far a matched network's parameters may be from the searched one's, as a share of them."""


def shuffled(space: Space, cells: tuple[Cell, Cell], generator: np.random.Generator) -> tuple[Cell, Cell]:
    """Cells with the same operations, in random order, on edges drawn at random."""
    drawn = random_cells(space, generator)
    made = []
    for cell, other in zip(cells, drawn, strict=True):
        operations = generator.permutation([edge.operation for edge in cell.edges])
        edges = tuple(
            Edge(edge.node, edge.input, str(operation))
            for edge, operation in zip(other.edges, operations, strict=True)
        )
        made.append(Cell(edges=edges, concat=other.concat))
    return made[0], made[1]


def matched(
    layouts: Sequence[Space],
    own: Space,
    cells: tuple[Cell, Cell],
    generator: np.random.Generator,
    within: float = WITHIN,
) -> tuple[Space, tuple[Cell, Cell]]:
    """A layout and cells whose network's parameters are within that share of the given cells' in `own`.

    The layout is drawn uniformly from those of `layouts`, `own` among them, in which there are such cells,
    then these from all such.
    """
    params = int(space_costs(own).of(*cells)[COSTS.index("params")])
    order = generator.permutation(len(layouts)) if len(layouts) > 1 else [0]
    for space in (layouts[place] for place in order):
        drawn = _of_size(space_costs(space), params, generator, within)
        if drawn is not None:
            return space, drawn
    raise AssertionError("the given cells are among those that can be drawn")


def _of_size(
    costs: SpaceCosts, params: int, generator: np.random.Generator, within: float
) -> tuple[Cell, Cell] | None:
    """Cells drawn uniformly from all of about so many parameters; None where there are none."""
    fixed = int(costs.fixed[COSTS.index("params")])
    most, least = (int(params * (1 + sign * within)) for sign in (1, -1))
    prices = {kind: costs.edges[kind][:, :, [COSTS.index("params")]] for kind in KINDS}
    bounds = Bounds(costs.space, prices, np.array([most - fixed]), np.array([least + 1 - fixed]))
    return draw_within(bounds, generator)
