"""Derivation: from architecture parameters to discrete cells, by rules that name themselves.

auto-fas: on every edge the operation with the largest softmax(alpha) other than none, at every node the two
incoming edges whose best operation is largest (Auto-FAS, section 2.1.2; the rule of DARTS, section 2.4).
pc-darts: the same after softmax(alpha) is multiplied by the edge's softmax(beta) (PC-DARTS, section 3.3).
The two differ only in which edges they keep. NNI ranks raw alphas across edges, which compares numbers of
different softmaxes; that rule is not offered.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autofas.models.genotype import FIRST_NODE, Cell, Edge
from autofas.models.space import Space

KINDS = ("normal", "reduction")
"""The two cells, in the order in which they are always given."""
INCOMING = 2
"""Edges that a node keeps."""

Floats = NDArray[np.float64]


def softmax(values: Floats) -> Floats:
    """Softmax over the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def operation_strengths(space: Space, alphas: Floats, betas: Floats | None, rule: str) -> Floats:
    """(edges, operations) by which the rule ranks; `betas` (edges,) are used by pc-darts alone."""
    strengths = softmax(np.asarray(alphas, dtype=np.float64))
    if rule == "auto-fas":
        return strengths
    if rule != "pc-darts":
        raise ValueError(f"there is no derivation rule {rule}; choose auto-fas or pc-darts")
    if betas is None:
        raise ValueError("the pc-darts rule needs edge weights, which this search did not have; use auto-fas")
    nodes = np.array([node for node, _ in space.edges])
    weights = np.empty(len(nodes))
    for node in np.unique(nodes):
        weights[nodes == node] = softmax(np.asarray(betas, dtype=np.float64)[nodes == node])
    return strengths * weights[:, None]


def derive_cell(space: Space, alphas: Floats, betas: Floats | None, rule: str) -> Cell:
    """The discrete cell; equal strengths go to the operation or edge that comes first in the space."""
    strengths = operation_strengths(space, alphas, betas, rule)
    if "none" in space.operations:
        strengths = strengths.copy()
        strengths[:, space.operations.index("none")] = -np.inf
    best = strengths.argmax(axis=1)
    edges: list[Edge] = []
    nodes = sorted({node for node, _ in space.edges})
    for node in nodes:
        incoming = [row for row, (target, _) in enumerate(space.edges) if target == node]
        strongest = sorted(incoming, key=lambda row: (-strengths[row, best[row]], row))[:INCOMING]
        edges += [Edge(node, space.edges[row][1], space.operations[best[row]]) for row in sorted(strongest)]
    return Cell(edges=tuple(edges), concat=tuple(nodes))


def derive(
    space: Space, alphas: Mapping[str, Floats], betas: Mapping[str, Floats], rule: str
) -> tuple[Cell, Cell]:
    """The normal and the reduction cell."""
    normal, reduction = (derive_cell(space, alphas[kind], betas.get(kind), rule) for kind in KINDS)
    return normal, reduction


def random_cells(space: Space, generator: np.random.Generator) -> tuple[Cell, Cell]:
    """Two cells drawn uniformly: two distinct inputs a node, any operation but none on each."""
    operations = [name for name in space.operations if name != "none"]

    def draw() -> Cell:
        edges = []
        last = FIRST_NODE + space.layout.intermediate_nodes
        for node in range(FIRST_NODE, last):
            for source in sorted(generator.choice(node, size=INCOMING, replace=False)):
                edges.append(Edge(node, int(source), operations[generator.integers(len(operations))]))
        return Cell(edges=tuple(edges), concat=tuple(range(FIRST_NODE, last)))

    return draw(), draw()
