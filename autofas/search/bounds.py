"""The best pair of cells, or one drawn at random, among those whose edges cost no more than is allowed.

Every operation on every edge has prices, such as its parameters; a pair of cells costs the sum. Both
questions are answered exactly, node by node: of all partial choices only those are kept that no other beats
at no higher price (a knapsack by dynamic programming, after Bellman), or the partial choices of each price
are counted. Prices repeat a lot, so a few thousand sums stand for the 6^28 pairs of cells of Auto-FAS.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autofas.models.genotype import FIRST_NODE, Cell, Edge
from autofas.models.space import Space
from autofas.search.derive import INCOMING, KINDS, derive, operation_strengths

_BLOCK = 512

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Bounds:
    """What the edges of both cells may cost together, for each of D prices.

    `prices[kind]` (edges, operations, D); `most` (D,) and, where a choice may cost too little, `least` (D,).
    """

    space: Space
    prices: Mapping[str, Integers]
    most: Integers
    least: Integers | None = None

    def of(self, normal: Cell, reduction: Cell) -> Integers:
        """What two cells cost: (D,)."""
        rows = {edge: row for row, edge in enumerate(self.space.edges)}
        columns = {name: column for column, name in enumerate(self.space.operations)}
        both = zip(KINDS, (normal, reduction), strict=True)
        chosen = [
            self.prices[kind][rows[node, source], columns[operation]]
            for kind, cell in both
            for node, source, operation in cell.edges
        ]
        return np.sum(chosen, axis=0)

    def allow(self, normal: Cell, reduction: Cell) -> bool:
        """True if two cells cost no more, and no less, than they may."""
        cost = self.of(normal, reduction)
        return bool((cost <= self.most).all() and (self.least is None or (cost >= self.least).all()))

    @cached_property
    def nodes(self) -> tuple["NodeChoices", ...]:
        """The choices of every node of both cells, in order."""
        count = self.space.layout.intermediate_nodes
        return tuple(
            NodeChoices(self.space, kind, node, self.prices[kind])
            for kind in KINDS
            for node in range(FIRST_NODE, FIRST_NODE + count)
        )

    @cached_property
    def counted(self) -> dict[str, "_Counted"]:
        """The ways to every cost, by kind of cell."""
        return {kind: _Counted([node for node in self.nodes if node.kind == kind]) for kind in KINDS}

    @cached_property
    def smallest(self) -> Integers:
        """The least that any pair of cells costs, each price by itself: (D,)."""
        return np.sum([node.prices.min(axis=0) for node in self.nodes], axis=0)


class NodeChoices:
    """Everything one node can be: two distinct inputs with an operation other than none on each.

    `rows` and `columns` (n, 2) are the edges and operations of each choice, `prices` (n, D) what it costs.
    """

    def __init__(self, space: Space, kind: str, node: int, prices: Integers) -> None:
        self.space, self.kind, self.node = space, kind, node
        incoming = [row for row, (target, _) in enumerate(space.edges) if target == node]
        operations = [column for column, name in enumerate(space.operations) if name != "none"]
        found = [
            (*rows, *columns)
            for rows in itertools.combinations(incoming, INCOMING)
            for columns in itertools.product(operations, repeat=INCOMING)
        ]
        self.rows, self.columns = np.split(np.array(found), 2, axis=1)
        self.prices: Integers = prices[self.rows, self.columns].sum(axis=1)

    def worth(self, values: Floats) -> Floats:
        """The sum of a value (edges, operations) over the two edges of every choice: (n,)."""
        return np.asarray(values[self.rows, self.columns].sum(axis=1))

    def edges(self, choice: int) -> list[Edge]:
        """The two edges of a choice."""
        return [
            Edge(self.node, self.space.edges[row][1], self.space.operations[column])
            for row, column in zip(self.rows[choice], self.columns[choice], strict=True)
        ]


def derive_within(
    space: Space, alphas: Mapping[str, Floats], betas: Mapping[str, Floats], rule: str, bounds: Bounds | None
) -> tuple[Cell, Cell]:
    """The rule's two cells; if the bounds do not allow them, the likeliest cells that they do allow.

    Likeliest: with the largest product of the strengths by which the rule ranks, which without bounds is the
    rule's own choice. Raises ValueError where no cells are allowed.
    """
    cells = derive(space, alphas, betas, rule)
    if bounds is None or bounds.allow(*cells):
        return cells
    tiny = np.finfo(np.float64).tiny
    likelihoods = {
        kind: np.log(np.maximum(operation_strengths(space, alphas[kind], betas.get(kind), rule), tiny))
        for kind in KINDS
    }
    found = best_within(bounds, likelihoods)
    if found is None:
        raise ValueError(f"no cells of space {space.name} are within the bounds")
    return found


def best_within(bounds: Bounds, values: Mapping[str, Floats]) -> tuple[Cell, Cell] | None:
    """The allowed cells with the largest sum of `values[kind]` (edges, operations); None if none is allowed.

    `least` is not looked at.
    """
    nodes = bounds.nodes
    cheapest = np.array([node.prices.min(axis=0) for node in nodes])
    rest = np.cumsum(cheapest[::-1], axis=0)[::-1] - cheapest  # what the nodes after each cost at least
    totals, worths = np.zeros((1, len(bounds.most)), dtype=np.int64), np.zeros(1)
    steps = []
    for node, later in zip(nodes, rest, strict=True):
        worth = node.worth(values[node.kind])
        choices = undominated(node.prices, worth)
        sums = totals[:, None] + node.prices[choices]  # (partial choices, choices, D)
        before, chosen = np.nonzero((sums + later <= bounds.most).all(axis=2))
        totals, worths = sums[before, chosen], worths[before] + worth[choices[chosen]]
        kept = undominated(totals, worths)
        totals, worths = totals[kept], worths[kept]
        steps.append((before[kept], choices[chosen[kept]]))
        if not len(kept):
            return None
    place, edges = int(worths.argmax()), []
    for node, (before, chosen) in zip(reversed(nodes), reversed(steps), strict=True):
        edges.append((node.kind, node.edges(int(chosen[place]))))
        place = int(before[place])
    return _cells(bounds.space, edges)


def undominated(prices: Integers, worths: Floats) -> Integers:
    """Rows that no other row beats: of no smaller worth at no higher price (n, D), best worth first."""
    order = np.lexsort((*prices.T[::-1], -worths))
    kept = np.empty(0, dtype=np.int64)
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        block = block[~(prices[kept][:, None] <= prices[block]).all(axis=2).any(axis=0)]
        beats = (prices[block][:, None] <= prices[block]).all(axis=2)
        kept = np.concatenate([kept, block[~np.triu(beats, 1).any(axis=0)]])
    return kept


def draw_within(bounds: Bounds, generator: np.random.Generator) -> tuple[Cell, Cell] | None:
    """Two cells drawn uniformly from all that the bounds allow; None if they allow none."""
    halves = bounds.counted
    (first, first_ways), (second, second_ways) = (halves[kind].totals for kind in KINDS)
    least = bounds.least if bounds.least is not None else np.full_like(bounds.most, np.iinfo(np.int64).min)

    def fitting(total: Integers) -> NDArray[np.bool_]:
        sums = second + total
        return np.asarray(((sums <= bounds.most) & (sums >= least)).all(axis=1))

    weights = np.array(
        [ways * second_ways[fitting(total)].sum() for total, ways in zip(first, first_ways, strict=True)]
    )
    if not weights.any():
        return None
    total = first[_drawn(weights, generator)]
    other = second[_drawn(second_ways * fitting(total), generator)]
    edges = []
    for kind, wanted in zip(KINDS, (total, other), strict=True):
        edges += [(kind, pair) for pair in halves[kind].draw(wanted, generator)]
    return _cells(bounds.space, edges)


class _Counted:
    """How many ways the nodes of one cell have to cost each sum."""

    def __init__(self, nodes: list[NodeChoices]) -> None:
        self.nodes = nodes
        self.groups: list[dict[tuple[int, ...], list[int]]] = []  # choices of each node by price
        for node in nodes:
            by_price = defaultdict(list)
            for choice, price in enumerate(node.prices.tolist()):
                by_price[tuple(price)].append(choice)
            self.groups.append(dict(by_price))
        self.ways: list[dict[tuple[int, ...], float]] = [{(0,) * nodes[0].prices.shape[1]: 1.0}]
        for groups in self.groups:
            after: dict[tuple[int, ...], float] = defaultdict(float)
            for total, ways in self.ways[-1].items():
                for price, choices in groups.items():
                    after[tuple(map(sum, zip(total, price, strict=True)))] += ways * len(choices)
            self.ways.append(dict(after))

    @property
    def totals(self) -> tuple[Integers, Floats]:
        """Every sum (n, D), and the ways to it (n,)."""
        return np.array(list(self.ways[-1])), np.array(list(self.ways[-1].values()))

    def draw(self, wanted: Integers, generator: np.random.Generator) -> list[list[Edge]]:
        """The edges of every node, drawn uniformly from all ways to cost `wanted`; the last node first."""
        total, drawn = tuple(wanted.tolist()), []
        for node, groups, ways in zip(self.nodes[::-1], self.groups[::-1], self.ways[-2::-1], strict=True):
            before = [tuple(a - b for a, b in zip(total, price, strict=True)) for price in groups]
            weights = [
                ways.get(one, 0.0) * len(choices)
                for one, choices in zip(before, groups.values(), strict=True)
            ]
            place = _drawn(np.array(weights), generator)
            total = before[place]
            choices = list(groups.values())[place]
            drawn.append(node.edges(choices[generator.integers(len(choices))]))
        return drawn


def _drawn(weights: Floats, generator: np.random.Generator) -> int:
    return int(generator.choice(len(weights), p=weights / weights.sum()))


def _cells(space: Space, edges: list[tuple[str, list[Edge]]]) -> tuple[Cell, Cell]:
    last = FIRST_NODE + space.layout.intermediate_nodes
    normal, reduction = (
        Cell(
            edges=tuple(sorted(edge for kind, pair in edges if kind == wanted for edge in pair)),
            concat=tuple(range(FIRST_NODE, last)),
        )
        for wanted in KINDS
    )
    return normal, reduction
