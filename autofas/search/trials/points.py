"""Points of a space: the choices that make up two cells, as names and numbers that any engine understands.

For every node of both cells a pair of distinct inputs and an operation other than none for each of the two:
exactly the cells that a derivation can end with, each once for each order of a pair.
"""

import itertools
from collections.abc import Mapping

import numpy as np

from autofas.errors import ConfigError
from autofas.models.genotype import FIRST_NODE, Cell, Edge
from autofas.models.space import Space
from autofas.search.bounds import Bounds, draw_within
from autofas.search.derive import KINDS, random_cells
from autofas.storage.schema import nearest

Point = dict[str, int]
"""A number for every choice that has more than one value."""
PLACES = ("first", "second")
"""A node's two edges, that from the smaller input first."""


def choice_counts(space: Space) -> Point:
    """How many values every choice has, those with a single value left out."""
    operations = len(_operations(space))
    counts = {}
    for kind in KINDS:
        for node in _nodes(space):
            counts[f"{kind}.{node}.inputs"] = len(_pairs(node))
            counts |= {f"{kind}.{node}.{place}": operations for place in PLACES}
    return {name: count for name, count in counts.items() if count > 1}


def cells_of(space: Space, point: Mapping[str, int]) -> tuple[Cell, Cell]:
    """The normal and the reduction cell of a point."""
    operations, nodes = _operations(space), _nodes(space)

    def cell(kind: str) -> Cell:
        edges = []
        for node in nodes:
            pair = _pairs(node)[point.get(f"{kind}.{node}.inputs", 0)]
            for source, place in zip(pair, PLACES, strict=True):
                edges.append(Edge(node, source, operations[point.get(f"{kind}.{node}.{place}", 0)]))
        return Cell(edges=tuple(edges), concat=tuple(nodes))

    return cell("normal"), cell("reduction")


def point_of(space: Space, normal: Cell, reduction: Cell) -> Point:
    """The point of two cells; raises ValueError where a node has other than two inputs."""
    operations, point = _operations(space), {}
    for kind, cell in zip(KINDS, (normal, reduction), strict=True):
        for node in _nodes(space):
            edges = cell.inputs_of(node)
            if len(edges) != len(PLACES):
                raise ValueError(f"node {node} of the {kind} cell has {len(edges)} inputs, a point's has 2")
            point[f"{kind}.{node}.inputs"] = _pairs(node).index((edges[0].input, edges[1].input))
            for edge, place in zip(edges, PLACES, strict=True):
                point[f"{kind}.{node}.{place}"] = operations.index(edge.operation)
    return {name: point[name] for name in choice_counts(space)}


def checked_point(space: Space, values: Mapping[str, object]) -> Point:
    """The point that names and numbers of a user or an engine stand for; raises ConfigError, one line."""
    counts = choice_counts(space)
    for name, value in values.items():
        if name not in counts:
            raise ConfigError(f"space {space.name} has no choice {name}{nearest(name, counts)}")
        if type(value) is not int or not 0 <= value < counts[name]:
            raise ConfigError(
                f"choice {name} is {value!r}; it is a whole number from 0 to {counts[name] - 1}"
            )
    missing = [name for name in counts if name not in values]
    if missing:
        raise ConfigError(
            f"the point lacks {len(missing)} of the {len(counts)} choices of space {space.name}, "
            f"{missing[0]} among them"
        )
    return {name: int(str(values[name])) for name in counts}


def key_of(point: Mapping[str, int]) -> str:
    """A short text that two points share if they are the same: their numbers in the order of their names."""
    return ".".join(str(point[name]) for name in sorted(point))


def point_from_key(space: Space, key: str) -> Point:
    """The point of a key; raises ConfigError where it is of another space."""
    names, numbers = sorted(choice_counts(space)), key.split(".")
    if len(names) != len(numbers) or not all(number.isdigit() for number in numbers):
        raise ConfigError(f"point {key[:80]} is not one of space {space.name}")
    return checked_point(space, {name: int(number) for name, number in zip(names, numbers, strict=True)})


def drawn_point(space: Space, bounds: Bounds | None, generator: np.random.Generator) -> Point:
    """A point whose cells are drawn uniformly from those that the bounds allow."""
    cells = random_cells(space, generator) if bounds is None else draw_within(bounds, generator)
    assert cells is not None  # limits that nothing keeps to were refused
    return point_of(space, *cells)


def _operations(space: Space) -> list[str]:
    return [name for name in space.operations if name != "none"]


def _nodes(space: Space) -> range:
    return range(FIRST_NODE, FIRST_NODE + space.layout.intermediate_nodes)


def _pairs(node: int) -> list[tuple[int, int]]:
    """Every pair of distinct inputs that a node can have."""
    return list(itertools.combinations(range(node), 2))
