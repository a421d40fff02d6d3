"""Points of a space: the choices that make up two cells, as names and numbers that any engine understands.

For every node of both cells a pair of distinct inputs and an operation other than none for each of the two:
exactly the cells that a derivation can end with, each once for each order of a pair. Where a space leaves
parts of its layout open, a value for each of them as well.
"""

import itertools
from collections.abc import Mapping

from autofas.errors import ConfigError
from autofas.models.genotype import FIRST_NODE, Cell, Edge, Genotype, Provenance, genotype_from_cells
from autofas.models.space import Space
from autofas.search.derive import KINDS
from autofas.storage.schema import nearest

Point = dict[str, int]
"""A number for every choice that has more than one value."""
PLACES = ("first", "second")
"""A node's two edges, that from the smaller input first."""
LAYOUT = "layout."
"""What the names of choices about the layout begin with."""


def choice_counts(space: Space) -> Point:
    """How many values every choice has, those with a single value left out."""
    operations = len(_operations(space))
    counts = {}
    for kind in KINDS:
        for node in _nodes(space):
            counts[f"{kind}.{node}.inputs"] = len(_pairs(node))
            counts |= {f"{kind}.{node}.{place}": operations for place in PLACES}
    counts |= {f"{LAYOUT}{key}": len(values) for key, values in space.variants.open.items()}
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


def laid_out(space: Space, point: Mapping[str, int]) -> Space:
    """The space with the layout of a point."""
    return space.with_layout(
        {key: values[point[f"{LAYOUT}{key}"]] for key, values in space.variants.open.items()}
    )


def genotype_of(
    space: Space, point: Mapping[str, int], rule: str, provenance: Provenance | None = None
) -> Genotype:
    """The genotype of a point, `rule` being what chose it."""
    return genotype_from_cells(laid_out(space, point), *cells_of(space, point), rule, provenance)


def point_of(space: Space, normal: Cell, reduction: Cell) -> Point:
    """The point of two cells in the layout of the space.

    Raises ValueError where a node has other than two inputs.
    """
    operations = _operations(space)
    open_keys = space.variants.open.items()
    point = {f"{LAYOUT}{key}": values.index(getattr(space.layout, key)) for key, values in open_keys}
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


def _operations(space: Space) -> list[str]:
    return [name for name in space.operations if name != "none"]


def _nodes(space: Space) -> range:
    return range(FIRST_NODE, FIRST_NODE + space.layout.intermediate_nodes)


def _pairs(node: int) -> list[tuple[int, int]]:
    """Every pair of distinct inputs that a node can have."""
    return list(itertools.combinations(range(node), 2))
