"""What a search decided, in numbers and in plain words: whether its alphas chose, and what.

All is read off the last alphas: how far the strongest operation of an edge leads, how much of the entropy
they began with is left, what the derived cells are made of, and, where several seeds searched, whether they
chose the same. Two seeds that both like convolutions agree on many edges without knowing one edge from
another, so agreement is set against the same choices on shuffled edges. Left out: whether the network is any
good, which only its training and the controls say (`autofas search --controls`).
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.models.candidates import CANDIDATES, Pool, Skip
from autofas.models.genotype import Cell
from autofas.models.space import Space
from autofas.search.derive import KINDS, softmax
from autofas.storage.files import write_json

Floats = NDArray[np.float64]
VERSION = 1
UNDECIDED, DECIDED = 0.95, 0.75
"""Shares of the greatest entropy above which a search has decided nothing, and below which it has decided."""
SHUFFLES = 2000


@dataclass(frozen=True)
class Gap:
    """Loss and AUC on the architecture half: of the supernet, and of the derived cells with its weights.

    Both normalise by the batch, as the architecture's steps do; frames as they are, not augmented.
    """

    supernet_loss: float
    supernet_auc: float
    derived_loss: float
    derived_auc: float


@dataclass(frozen=True)
class Agreement:
    """How often several seeds name the same strongest operation for an edge, over all pairs of seeds.

    `shuffled` is what the same operations on shuffled edges of each cell would give, `chance` what operations
    drawn at random would; `p` is how often a shuffle agrees as much.
    """

    seeds: tuple[int, ...]
    edges: int
    share: float
    shuffled: float
    chance: float
    p: float

    def line(self) -> str:
        """The agreement in one line."""
        found = "the seeds agree on edges" if self.p < 0.05 else "no more than by what they prefer overall"
        return (
            f"{len(self.seeds)} seeds name the same operation on {100 * self.share:.0f} % of "
            f"{self.edges} edges, the same shuffled over the edges on {100 * self.shuffled:.0f} %, "
            f"chance on {100 * self.chance:.0f} % (p = {self.p:.2g}): {found}"
        )


@dataclass(frozen=True)
class Verdict:
    """What one search decided.

    `margin` is by how much softmax(alpha) of an edge's strongest operation other than none exceeds the next,
    the mean over edges; `over_half` counts the edges where it is over one half. `entropy`, in nats, is the
    mean over edges, at most `entropy_most` = ln(operations). `skips` and `pools` count edges of the derived
    cells, `kept` all of them. `finalist` is which one was chosen, in words; empty where alphas alone chose.
    """

    edges: int
    margin: float
    over_half: int
    entropy: float
    entropy_most: float
    skips: int
    pools: int
    kept: int
    gap: Gap | None = None
    finalist: str = ""

    @property
    def word(self) -> str:
        """undecided, leaning or decided, by the entropy that is left."""
        left = self.entropy / self.entropy_most
        return "undecided" if left > UNDECIDED else "decided" if left < DECIDED else "leaning"

    def lines(self) -> list[str]:
        """The verdict in plain words."""
        says = {
            "undecided": "undecided: the alphas are about where they began, other seeds will end elsewhere",
            "leaning": "leaning: the alphas prefer some operations, but have not settled",
            "decided": "decided: the alphas have settled",
        }
        lines = [
            says[self.word],
            f"an edge's best operation leads by {self.margin:.3f}; entropy {self.entropy:.3f} of at most "
            f"{self.entropy_most:.3f} nats; {self.over_half} of {self.edges} edges have one over a half",
            f"the cells hold {_counted(self.skips, 'skip')} and {_counted(self.pools, 'pool')} "
            f"on {self.kept} edges",
        ]
        if self.skips + self.pools > 0.75 * self.kept:
            lines[-1] += ": nearly all without weights, as when DARTS collapses"
        if self.finalist:
            lines.insert(0, f"finalists decided: {self.finalist}")
        if self.gap is not None:
            lines.append(
                f"on the architecture half the supernet has loss {self.gap.supernet_loss:.3f} and AUC "
                f"{100 * self.gap.supernet_auc:.1f} %; the derived cells with its weights "
                f"{self.gap.derived_loss:.3f} and {100 * self.gap.derived_auc:.1f} %"
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """As plain data, with the word and the lines."""
        return {"verdict": self.word, **asdict(self), "words": self.lines()}


def judge(
    space: Space,
    alphas: Mapping[str, Floats],
    cells: tuple[Cell, Cell],
    gap: Gap | None = None,
    finalist: str = "",
) -> Verdict:
    """The verdict on the last alphas (edges, operations) by kind, and the cells that the search ends with."""
    kinds = space.layout.kinds
    weights = np.concatenate([softmax(np.asarray(alphas[kind], dtype=np.float64)) for kind in kinds])
    ordered = np.sort(weights[:, _real(space)], axis=1)
    entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1)
    chosen = [
        CANDIDATES[edge.operation]
        for kind, cell in zip(KINDS, cells, strict=True)
        if kind in kinds
        for edge in cell.edges
    ]
    only = ordered.shape[1] < 2
    return Verdict(
        edges=len(weights),
        margin=float((ordered[:, -1] - (0 if only else ordered[:, -2])).mean()),
        over_half=int((ordered[:, -1] > 0.5).sum()),
        entropy=float(entropy.mean()),
        entropy_most=math.log(len(space.operations)),
        skips=sum(isinstance(one, Skip) for one in chosen),
        pools=sum(isinstance(one, Pool) for one in chosen),
        kept=len(chosen),
        gap=gap,
        finalist=finalist,
    )


def agreement(space: Space, searches: Mapping[int, Mapping[str, Floats]], seed: int = 0) -> Agreement:
    """How far the last alphas of several searches, by their seeds, name the same operations.

    Raises ValueError for fewer than two.
    """
    if len(searches) < 2:
        raise ValueError("agreement needs the alphas of two seeds or more")
    kinds = space.layout.kinds
    real = _real(space)
    # (seeds, edges) of each kind: the strongest operation other than none
    winners = [np.stack([one[kind][:, real].argmax(axis=1) for one in searches.values()]) for kind in kinds]
    edges = sum(each.shape[1] for each in winners)
    found = _share(winners)
    generator = np.random.default_rng(seed)
    shuffled = np.array(
        [_share([generator.permuted(each, axis=1) for each in winners]) for _ in range(SHUFFLES)]
    )
    return Agreement(
        seeds=tuple(searches),
        edges=edges,
        share=found,
        shuffled=float(shuffled.mean()),
        chance=1 / len(real),
        p=float((1 + (shuffled >= found - 1e-12).sum()) / (1 + SHUFFLES)),
    )


def write_verdict(folder: Path, verdict: Verdict, agreed: Agreement | None = None) -> None:
    """Write verdict.json, with the agreement where several seeds searched."""
    together = {"agreement": {**asdict(agreed), "words": agreed.line()}} if agreed else {}
    write_json(folder / "verdict.json", {"schema_version": VERSION, **verdict.to_json(), **together})


def _share(winners: Sequence[NDArray[np.int64]]) -> float:
    """The share of edges on which two rows of (seeds, edges) are equal, the mean over all pairs of rows."""
    pairs = list(itertools.combinations(range(len(winners[0])), 2))
    same = [sum(int((each[a] == each[b]).sum()) for each in winners) for a, b in pairs]
    return float(np.mean(same)) / sum(each.shape[1] for each in winners)


def _real(space: Space) -> list[int]:
    """Columns of the operations that a network can be built of."""
    return [column for column, name in enumerate(space.operations) if name != "none"]


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
