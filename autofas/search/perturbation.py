"""Cells by perturbation: what a supernet loses without an operation says what the operation is worth.

DARTS-PT (Wang et al., ICLR 2021, algorithm 1): edges are decided in random order. Each keeps the operation
without which the supernet does worst on the architecture half, and the weights are tuned to it before the
next one; then each node keeps, in the same way, the two edges that it can least do without. Alphas say how
operations are mixed, not which is chosen.

The paper asks for the loss of accuracy; here it is the rise of the loss, because on a few hundred faces an
AUC of 1 tells no operation from another. What is taken away leaves its share to the others of its edge.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

from autofas.models.genotype import Cell, Edge
from autofas.models.supernet import Supernet
from autofas.search.derive import INCOMING
from autofas.search.discrete import FAR


class Perturbation:
    """A supernet from which operations and edges are taken; `end` gives its architecture back.

    Raises ValueError where the space cannot leave an edge out.
    """

    def __init__(self, supernet: Supernet) -> None:
        space = self.space = supernet.space
        if not supernet.betas and "none" not in space.operations:
            raise ValueError(f"space {space.name} cannot leave an edge out: it has neither none nor betas")
        self.supernet, self.kinds = supernet, sorted(set(supernet.kinds))
        self.tables = [*supernet.alphas.values(), *supernet.betas.values()]
        self.kept = [table.detach().clone() for table in self.tables]
        shape = len(space.edges), len(space.operations)
        self.operations = {str(kind): np.ones(shape, dtype=bool) for kind in self.kinds}
        self.edges = {str(kind): np.ones(len(space.edges), dtype=bool) for kind in self.kinds}
        self.columns = [i for i, name in enumerate(space.operations) if name != "none"]

    def choices(self, kind: str, row: int) -> list[int]:
        """Columns of the operations that an edge may keep."""
        return [column for column in self.columns if self.operations[kind][row, column]]

    @contextmanager
    def without(self, table: Mapping[str, np.ndarray], kind: str, place: tuple[int, ...]) -> Iterator[None]:
        """Within it, one operation (row, column) or edge (row,) is taken away."""
        table[kind][place] = False
        self.apply()
        try:
            yield
        finally:
            table[kind][place] = True

    def apply(self) -> None:
        """Set alphas and betas so that what is taken away has no share."""
        supernet, names = self.supernet, list(self.supernet.alphas)
        kept = dict(zip([*names, *(f"{kind}_beta" for kind in supernet.betas)], self.kept, strict=True))
        with torch.no_grad():
            for kind in self.kinds:
                alphas = kept[kind].clone()
                alphas[~torch.from_numpy(self.operations[kind]).to(alphas.device)] = -FAR
                gone = ~torch.from_numpy(self.edges[kind]).to(alphas.device)
                if kind in supernet.betas:
                    supernet.betas[kind].copy_(kept[f"{kind}_beta"].masked_fill(gone, -FAR))
                else:
                    alphas[gone, self.space.operations.index("none")] = FAR
                supernet.alphas[kind].copy_(alphas)

    def end(self) -> None:
        """Give alphas and betas back."""
        with torch.no_grad():
            for table, value in zip(self.tables, self.kept, strict=True):
                table.copy_(value)

    def cell(self, kind: str) -> Cell:
        """The cell of what is left."""
        space = self.space
        edges = [
            Edge(node, source, space.operations[self.choices(kind, row)[0]])
            for row, (node, source) in enumerate(space.edges)
            if self.edges[kind][row]
        ]
        return Cell(edges=tuple(edges), concat=tuple(sorted({node for node, _ in space.edges})))


def perturbed_cells(
    supernet: Supernet,
    judge: Callable[[], float],
    tune: Callable[[], None],
    generator: np.random.Generator,
    told: Callable[[str], None] = lambda line: None,
) -> dict[str, Cell]:
    """The cells of the kinds that the supernet has, by DARTS-PT.

    `judge` returns the loss of the supernet as it is on the architecture half, `tune` trains its weights a
    little; both are called with some operations gone. Alphas and betas are left as they were, the weights as
    they were tuned.
    """
    work = Perturbation(supernet)
    try:
        _decide_operations(work, judge, tune, generator, told)
        _decide_edges(work, judge, tune, generator, told)
    finally:
        work.end()
    return {kind: work.cell(kind) for kind in work.operations}


def _decide_operations(
    work: Perturbation,
    judge: Callable[[], float],
    tune: Callable[[], None],
    generator: np.random.Generator,
    told: Callable[[str], None],
) -> None:
    """Every edge keeps the operation whose loss raises the loss most."""
    space = work.space
    places = [(kind, row) for kind in work.operations for row in range(len(space.edges))]
    for done, number in enumerate(generator.permutation(len(places)), start=1):
        kind, row = places[number]
        losses = {}
        for column in work.choices(kind, row):
            with work.without(work.operations, kind, (row, column)):
                losses[column] = judge()
        chosen = max(losses, key=lambda column: losses[column])
        work.operations[kind][row] = np.arange(len(space.operations)) == chosen
        work.apply()
        node, source = space.edges[row]
        told(
            f"edge {done}/{len(places)}: {kind} cell, {source} to {node}: {space.operations[chosen]} "
            f"(loss {losses[chosen]:.4f} without it, {min(losses.values()):.4f} without the one least missed)"
        )
        tune()


def _decide_edges(
    work: Perturbation,
    judge: Callable[[], float],
    tune: Callable[[], None],
    generator: np.random.Generator,
    told: Callable[[str], None],
) -> None:
    """Every node keeps the two edges without which the loss is highest."""
    space = work.space
    nodes = sorted({node for node, _ in space.edges})
    places = [(kind, node) for kind in work.edges for node in nodes]
    for number in generator.permutation(len(places)):
        kind, node = places[number]
        losses = {}
        for row in (row for row, (target, _) in enumerate(space.edges) if target == node):
            with work.without(work.edges, kind, (row,)):
                losses[row] = judge()
        best = sorted(losses, key=lambda row: (-losses[row], row))[:INCOMING]
        for row in losses:
            work.edges[kind][row] = row in best
        work.apply()
        told(
            f"{kind} cell, node {node} keeps {' and '.join(str(space.edges[row][1]) for row in sorted(best))}"
        )
        if len(losses) > INCOMING:
            tune()
