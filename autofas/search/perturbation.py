"""Cells by perturbation: what a supernet loses without an operation says what the operation is worth.

DARTS-PT (Wang et al., ICLR 2021): edges are decided in random order. Each keeps the operation without which
the supernet does worst on the architecture half, and the weights are tuned to it before the next one; then
each node keeps, in the same way, the two edges that it can least do without. Alphas say how operations are
mixed, not which is chosen.

The paper asks for the loss of accuracy; here it is the rise of the loss, because on a few hundred faces an
AUC of 1 tells no operation from another. What is taken away leaves its share to the others of its edge.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.genotype import Cell, Edge
from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.search.derive import INCOMING
from autofas.search.discrete import FAR, require_edges_left_out
from autofas.search.restored import restored


def require_perturbable(config: SearchConfig, space: Space) -> None:
    """Raise ConfigError where a search's supernet has no way to do without an edge."""
    try:
        require_edges_left_out(space, config.resolved_edge_normalization)
    except ValueError as exc:
        raise ConfigError(f"derivation darts-pt: {exc}; search with pc-darts, or take auto-fas") from None


class Perturbation:
    """A supernet from which operations and edges are taken until two cells are left.

    `judge` returns the loss of the supernet as it is on the architecture half, `tune` trains its weights a
    little; both are called with some operations gone. `told` hears of every decision.
    """

    def __init__(
        self,
        supernet: Supernet,
        judge: Callable[[], float],
        tune: Callable[[], None],
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.supernet, self.judge, self.tune, self.told = supernet, judge, tune, told
        space = self.space = supernet.space
        kinds = sorted(set(supernet.kinds))
        shape = len(space.edges), len(space.operations)
        self.operations = {str(kind): np.ones(shape, dtype=bool) for kind in kinds}
        self.edges = {str(kind): np.ones(len(space.edges), dtype=bool) for kind in kinds}
        self._kept: dict[str, dict[str, Tensor]] = {}

    def cells(self, generator: np.random.Generator) -> dict[str, Cell]:
        """The cells of the kinds that the supernet has, edges and nodes decided in an order that is drawn.

        Alphas and betas are left as they were, the weights as they were tuned.
        """
        tables = [self.supernet.alphas, self.supernet.betas]
        with restored([table for each in tables for table in each.values()]) as kept:
            values = iter(kept)
            alphas, betas = ({kind: next(values) for kind in each} for each in tables)
            self._kept = {"alphas": alphas, "betas": betas}
            self._decide_operations(generator)
            self._decide_edges(generator)
        return {kind: self._cell(kind) for kind in self.operations}

    def _decide_operations(self, generator: np.random.Generator) -> None:
        """Every edge keeps the operation without which the loss is highest."""
        space = self.space
        real = [column for column, name in enumerate(space.operations) if name != "none"]
        places = [(kind, row) for kind in self.operations for row in range(len(space.edges))]
        for done, number in enumerate(generator.permutation(len(places)), start=1):
            kind, row = places[number]
            losses = {column: self._without(self.operations, kind, (row, column)) for column in real}
            chosen = max(losses, key=lambda column: losses[column])
            self.operations[kind][row] = np.arange(len(space.operations)) == chosen
            self._apply()
            node, source = space.edges[row]
            self.told(
                f"edge {done}/{len(places)}: {kind} cell, {source} to {node}: {space.operations[chosen]} "
                f"(loss {losses[chosen]:.4f} without it, {min(losses.values()):.4f} without the one least "
                "missed)"
            )
            self.tune()

    def _decide_edges(self, generator: np.random.Generator) -> None:
        """Every node keeps the two edges without which the loss is highest."""
        space = self.space
        places = [(kind, node) for kind in self.edges for node in sorted({node for node, _ in space.edges})]
        for number in generator.permutation(len(places)):
            kind, node = places[number]
            incoming = [row for row, (target, _) in enumerate(space.edges) if target == node]
            losses = {row: self._without(self.edges, kind, (row,)) for row in incoming}
            best = sorted(losses, key=lambda row: (-losses[row], row))[:INCOMING]
            for row in incoming:
                self.edges[kind][row] = row in best
            self._apply()
            sources = " and ".join(str(space.edges[row][1]) for row in sorted(best))
            self.told(f"{kind} cell, node {node} keeps what comes from {sources}")
            if len(incoming) > INCOMING:
                self.tune()

    def _without(self, table: Mapping[str, NDArray[np.bool_]], kind: str, place: tuple[int, ...]) -> float:
        """The loss without one operation (row, column) or edge (row,)."""
        table[kind][place] = False
        self._apply()
        table[kind][place] = True
        return self.judge()

    def _apply(self) -> None:
        """Set alphas and betas so that what is taken away has no share."""
        supernet = self.supernet
        with torch.no_grad():
            for kind, there in self.operations.items():
                alphas = self._kept["alphas"][kind].clone()
                alphas[~torch.from_numpy(there).to(alphas.device)] = -FAR
                gone = ~torch.from_numpy(self.edges[kind]).to(alphas.device)
                if kind in supernet.betas:
                    supernet.betas[kind].copy_(self._kept["betas"][kind].masked_fill(gone, -FAR))
                else:
                    alphas[gone, self.space.operations.index("none")] = FAR
                supernet.alphas[kind].copy_(alphas)

    def _cell(self, kind: str) -> Cell:
        """The cell of what is left."""
        space = self.space
        edges = [
            Edge(node, source, space.operations[int(self.operations[kind][row].argmax())])
            for row, (node, source) in enumerate(space.edges)
            if self.edges[kind][row]
        ]
        return Cell(edges=tuple(edges), concat=tuple(sorted({node for node, _ in space.edges})))
