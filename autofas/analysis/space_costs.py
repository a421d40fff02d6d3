"""What the networks of a search space cost: parameters and MACs of every operation on every edge, exactly.

A derived network's cost is a sum: stem, cell inputs and head, which all networks of a space share, and its
edges. What an edge costs depends on its operation, its cell, and whether it leaves one of the cell's inputs,
which a reduction strides. So one small network for each operation says what any network of the space costs,
without building it, as `autofas profile` counts it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from autofas.analysis.profile import costs_by_layer
from autofas.models.build import bounded
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import FIRST_NODE, Cell, Edge, genotype_from_cells
from autofas.models.space import Space

Integers = NDArray[np.int64]
KINDS = ("normal", "reduction")
COSTS = ("params", "macs")
"""What the last axis of every array here counts: learnable parameters, multiply-adds of one sample."""


@dataclass(frozen=True)
class SpaceCosts:
    """`fixed` (2,) is what every network has; `edges[kind]` (edges, operations, 2) is what an operation adds
    on an edge, over all cells of the kind; none adds nothing.
    """

    space: Space
    fixed: Integers
    edges: Mapping[str, Integers]

    def of(self, normal: Cell, reduction: Cell) -> Integers:
        """Parameters and MACs, (2,), of the network of two cells."""
        rows = {edge: row for row, edge in enumerate(self.space.edges)}
        columns = {name: column for column, name in enumerate(self.space.operations)}
        chosen = [
            self.edges[kind][rows[edge.node, edge.input], columns[edge.operation]]
            for kind, cell in zip(KINDS, (normal, reduction), strict=True)
            for edge in cell.edges
        ]
        return self.fixed + np.sum(chosen, axis=0)


@lru_cache(maxsize=64)
def space_costs(space: Space) -> SpaceCosts:
    """The costs of a space's networks at its input size; raises ConfigError if one is too large to build."""
    edges = {kind: np.zeros((len(space.edges), len(space.operations), 2), dtype=np.int64) for kind in KINDS}
    inner = np.array([source >= FIRST_NODE for _, source in space.edges])
    fixed = np.zeros(2, dtype=np.int64)
    size = space.layout.input_size
    for column, operation in enumerate(space.operations):
        if operation == "none":
            continue
        parts: dict[Place, Integers] = defaultdict(lambda: np.zeros(2, dtype=np.int64))
        for layer in costs_by_layer(_chain(space, operation), torch.zeros(1, 3, size, size, device="meta")):
            parts[_place(layer.name, space)] += np.array([layer.params, layer.macs])
        fixed = parts["fixed"]
        for kind in KINDS:
            edges[kind][~inner, column] = parts[kind, FIRST_NODE]
            edges[kind][inner, column] = parts[kind, FIRST_NODE + 1]
    return SpaceCosts(space, fixed, edges)


Place = tuple[str, int] | str


def _chain(space: Space, operation: str) -> DerivedNetwork:
    """The network of an operation alone: from a cell's first input, which a reduction strides, to the first
    node, and from every node to the next, so that an edge of either sort is there.
    """
    nodes = range(FIRST_NODE, FIRST_NODE + space.layout.intermediate_nodes)
    edges = tuple(Edge(node, node - 1 if node > FIRST_NODE else 0, operation) for node in nodes)
    cell = Cell(edges=edges, concat=tuple(nodes))
    genotype = genotype_from_cells(space, cell, cell, "chain")
    return bounded(lambda: DerivedNetwork(genotype), f"a network of space {space.name}")


def _place(layer: str, space: Space) -> Place:
    """Kind of cell and node of the edge that a module belongs to, or what every network has."""
    words = layer.split(".")
    if len(words) < 4 or words[0] != "cells" or words[2] != "operations":
        return "fixed"
    return space.layout.cells[int(words[1])], int(words[3].partition("->")[2])
