"""Finalists: several genotypes trained briefly on the weight half, judged by AUC on the architecture half.

The alphas of one epoch name one pair of cells, and a short training of its own tells more about a network
than a shared supernet (DARTS, Liu et al., ICLR 2019, section 3 chooses among four runs that way). Nominated
are cells of several epochs and rules, and random ones, within the limits; successive halving (Jamieson and
Talwalkar, AISTATS 2016) trains the better half of them on, twice as long each time. A zero-cost proxy may
choose who is nominated (autofas.search.proxies). Where a space leaves its layout open, every finalist has the
next of its layouts, so that this choice is made here, which alphas cannot make.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from autofas.config.optimizer import OptimizerConfig
from autofas.data.batches.batch import Batch
from autofas.data.batches.loader import Loader
from autofas.models.genotype import Cell
from autofas.models.network import Network
from autofas.models.space import Space
from autofas.search.bounds import derive_within
from autofas.search.brief_training import judge, train_epoch
from autofas.search.history import Floats, betas_of
from autofas.search.layouts import Layouts
from autofas.training.optimizers import build_optimizer


@dataclass
class Finalist:
    """Two cells in a layout, where they come from, and what their training has come to; `auc` in [0, 1].

    `space` has the layout, `layout` says it in words, empty where none is open. `proxy` is what the untrained
    network was chosen by, None where nothing was.
    """

    space: Space
    cells: tuple[Cell, Cell]
    rule: str
    origin: str
    epochs: int = 0
    auc: float = float("nan")
    rank: int = 0
    proxy: float | None = None
    layout: str = ""
    training: "BriefTraining | None" = field(default=None, repr=False)

    def row(self) -> dict[str, Any]:
        """As a row of finalists.csv."""
        own = {"rank": self.rank, "origin": self.origin, "epochs": self.epochs, "arch_auc": self.auc}
        own |= {"layout": self.layout} if self.layout else {}
        return own if self.proxy is None else own | {"proxy": self.proxy}

    @property
    def name(self) -> str:
        """Where it comes from, and its layout."""
        return f"{self.origin}; {self.layout}" if self.layout else self.origin


def nominate(
    layouts: Layouts,
    history: Sequence[Mapping[str, Floats]],
    rule: str,
    count: int,
    first: int,
    generator: np.random.Generator,
) -> list[Finalist]:
    """`count` different networks: up to half of them by the alphas, the others drawn, all within the limits.

    By the alphas: those of the last epoch by `rule`, then by the other rule, then those of earlier epochs, at
    most back to `first`, the first in which alphas moved, evenly. Fewer where a space has not so many. Each
    has the next of the layouts, the first of them the space's own, in which alphas were searched.
    """
    last = len(history) - 1
    wanted = (count + 1) // 2
    rules = [rule, *({"auto-fas", "pc-darts"} - {rule} if betas_of(dict(history[last])) else ())]
    epochs = np.unique(np.linspace(last, first, min(wanted, last - first + 1)).round().astype(int))[::-1]
    named = [(last, one) for one in rules] + [(int(epoch), rule) for epoch in epochs[1:]]
    found: list[Finalist] = []
    turn = layouts.in_turn(generator)
    space = next(turn)

    def add(cells: tuple[Cell, Cell], by: str, origin: str) -> None:
        nonlocal space
        if all((cells, space) != (one.cells, one.space) for one in found):
            found.append(Finalist(space, cells, by, origin, layout=layouts.told(space)))
            space = next(turn)

    for epoch, by in named:
        if len(found) < wanted:
            record, limits = dict(history[epoch]), layouts.limits_in(space)
            cells = derive_within(space, record, betas_of(record), by, limits.bounds if limits else None)
            add(cells, by, f"epoch {epoch}, rule {by}")
    for _ in range(20 * count):
        if len(found) == count:
            break
        before = len(found)
        add(layouts.draw_in(space, generator), "random", "random")
        space = space if len(found) > before else next(turn)  # under limits a layout may have no others
    return found


def filtered(nominees: Sequence[Finalist], count: int, keep: Literal["highest", "lowest"]) -> list[Finalist]:
    """The `count` of them whose proxies are highest or lowest, in the order they were nominated in.

    One without a finite proxy, through which nothing flows, comes last either way.
    """
    sign = 1 if keep == "lowest" else -1

    def order(place: int) -> tuple[bool, float]:
        value = nominees[place].proxy
        assert value is not None
        return not math.isfinite(value), sign * value

    best = sorted(range(len(nominees)), key=order)[:count]
    return [nominees[place] for place in sorted(best)]


class BriefTraining:
    """One finalist's network with its optimiser and batches, which can be trained on."""

    def __init__(self, network: Network, optimizer: OptimizerConfig, loader: Iterable[Batch]) -> None:
        self.network, self.loader, self.grad_clip = network, loader, optimizer.grad_clip
        self.optimizer = build_optimizer(optimizer, network.parameters())

    def epochs(self, count: int) -> None:
        """Train for so many epochs more, at a constant learning rate."""
        for _ in range(count):
            train_epoch(self.network, self.loader, self.optimizer, self.grad_clip, "a finalist's training")

    def auc(self, loader: Iterable[Batch]) -> float:
        """AUC over an epoch of a loader, in [0, 1]."""
        return judge(self.network, loader).auc


def halve(
    finalists: Sequence[Finalist],
    begin: Callable[[Finalist], BriefTraining],
    judged_on: Callable[[], Loader],
    epochs: int,
    told: Callable[[str], None] = lambda line: None,
) -> Finalist:
    """The one that is left: all are trained for `epochs`, the better half for twice as many more, and so on.

    Ranks are given as finalists drop out, 1 to the winner. Equal ones keep the order they were nominated in.
    """
    alive = list(finalists)
    while len(alive) > 1 or not alive[0].epochs:
        for one in alive:
            one.training = one.training or begin(one)
            one.training.epochs(epochs)
            one.epochs += epochs
            one.auc = one.training.auc(judged_on())
            told(f"finalist ({one.name}): AUC {100 * one.auc:.2f} % after {one.epochs} epochs")
        alive.sort(key=lambda one: -one.auc)
        for place, one in enumerate(alive, start=1):
            one.rank = place
        for one in alive[(len(alive) + 1) // 2 :]:
            one.training = None
        alive, epochs = alive[: (len(alive) + 1) // 2], 2 * epochs
    return alive[0]
