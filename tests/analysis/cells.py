"""Genotypes and alphas to draw."""

from itertools import combinations

import numpy as np
import pytest

from autofas.analysis.cell_layout import RADIUS, CellLayout
from autofas.models.genotype import Cell, Edge
from autofas.models.space import load_space

SPACE = load_space("auto_fas")


CHOICES = [name for name in SPACE.operations if name != "none"]


def _random_cell(seed: int, incoming: int = 2, nodes: int = 4) -> Cell:
    generator = np.random.default_rng(seed)
    edges = []
    for node in range(2, 2 + nodes):
        for source in sorted(generator.choice(node, min(incoming, node), replace=False)):
            edges.append(Edge(node, int(source), str(generator.choice(CHOICES))))
    return Cell(edges=tuple(edges), concat=tuple(range(2, 2 + nodes)))


def _check(layout: CellLayout, edges: int) -> None:
    boxes = [arrow.label for arrow in layout.arrows if arrow.label is not None]
    assert len(boxes) == edges
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= layout.width
        assert box.y1 <= layout.height
        for x, y in layout.nodes.values():
            near = box.nearest(x, y)
            assert np.hypot(near[0] - x, near[1] - y) >= RADIUS
    for arrow in layout.arrows:
        t = np.linspace(0, 1, 60)[:, None]
        path = (1 - t) ** 2 * arrow.curve[0] + 2 * t * (1 - t) * arrow.curve[1] + t**2 * arrow.curve[2]
        assert np.hypot(*(path[0] - layout.nodes[arrow.source])) == pytest.approx(RADIUS, abs=4)
        assert np.hypot(*(path[-1] - layout.nodes[arrow.target])) == pytest.approx(RADIUS + 3, abs=4)
        for number, centre in layout.nodes.items():
            if number not in (arrow.source, arrow.target):
                assert np.linalg.norm(path - centre, axis=1).min() > RADIUS
