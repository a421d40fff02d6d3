"""Two makes of network over several seeds: how often is one of the first better than one of the second?

Every network of one make is held against every one of the other by AUC, which needs no threshold, and the
two of each seed by the paired bootstrap of `compare`. Few seeds show large differences alone: three against
three fall into one of the two clearest orders by chance once in ten times. Left out: tests of significance,
which need more seeds than a person has patience for (docs/experiment.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autofas.evaluation.figures import Comparison


@dataclass(frozen=True)
class SeedComparison:
    """What the comparisons of two makes, one a seed, say together."""

    names: tuple[str, str]
    comparisons: Sequence[Comparison]

    @property
    def aucs(self) -> tuple[list[float], list[float]]:
        """The AUCs in [0, 1] that are defined, of the first make's networks and of the second's."""
        sides = ([one.a for one in self.comparisons], [one.b for one in self.comparisons])
        first, second = ([figures.auc for figures in side if figures.auc is not None] for side in sides)
        return first, second

    @property
    def pairs(self) -> int:
        """How many pairs of a network of each make there are."""
        first, second = self.aucs
        return len(first) * len(second)

    @property
    def better(self) -> float | None:
        """The share in [0, 1] of pairs in which the first make's AUC is higher, ties counted half."""
        first, second = self.aucs
        won = sum((a > b) + (a == b) / 2 for a in first for b in second)
        return won / self.pairs if self.pairs else None

    @property
    def wins(self) -> int:
        """Seeds in which the first make's ACER is shown to be lower."""
        return sum(one.interval[1] < 0 for one in self.comparisons)

    @property
    def losses(self) -> int:
        """Seeds in which it is shown to be higher."""
        return sum(one.interval[0] > 0 for one in self.comparisons)

    @property
    def words(self) -> str:
        """All of it in one line."""
        shown = "undefined" if self.better is None else f"{self.better:.2f}"
        seeds = len(self.comparisons)
        return (
            f"{self.names[0]} against {self.names[1]}: P(higher AUC) {shown} over {self.pairs} pairs; by "
            f"compare, of {seeds} {'seed' if seeds == 1 else 'seeds'} {self.wins} better, {self.losses} "
            f"worse, {seeds - self.wins - self.losses} without a difference shown"
        )

    def to_json(self) -> dict[str, Any]:
        """Its figures and the comparisons', as values of JSON."""
        return {
            "better": self.better,
            "pairs": self.pairs,
            "seeds_better": self.wins,
            "seeds_worse": self.losses,
            "comparisons": [one.to_json() for one in self.comparisons],
            "words": self.words,
        }
