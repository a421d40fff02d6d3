"""Is one group of networks better than another, where the data seed matters more than either?

Everything is taken within a stratum (a data seed) and averaged over strata: P(better), the probability that
one of a group has the higher figure, ties counted half; Mann-Whitney's test in that form (after van Elteren,
Bulletin of the International Statistical Institute 37, 1960, with equal weights), by exchanging labels within
strata; Holm's correction (Scandinavian Journal of Statistics 6, 1979). Left out: the variation of data seeds.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

EXCHANGES = 20_000
REPLICATES = 2000
TRIALS = 4000
Floats = NDArray[np.float64]
Groups = Mapping[int, tuple[Floats, Floats]]
"""By stratum: figures (n,) of one group, and (n, k) of the other, whose row i is the control of figure i."""


def wins(one: Floats, other: Floats) -> Floats:
    """(n, m): how often each figure of `one` (n,) exceeds those in each row of `other` (m, k); ties half."""
    ahead = one[:, None, None] - other[None]
    return np.asarray(((ahead > 0) + 0.5 * (ahead == 0)).mean(axis=2))


def better(groups: Groups) -> float:
    """P(better) in [0, 1]: the mean over strata of the share of pairs that the first group wins."""
    return float(np.mean([wins(*pair).mean() for pair in groups.values()]))


def interval(groups: Groups, seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap of P(better): rows drawn anew within strata, figure and control together.

    None where a stratum has fewer than two rows, for nothing could be drawn anew there.
    """
    if min(len(one) for one, _ in groups.values()) < 2:
        return None
    generator, drawn = np.random.default_rng(seed), np.zeros(REPLICATES)
    for one, other in groups.values():
        rows = len(one)
        shares = generator.multinomial(rows, np.full(rows, 1 / rows), REPLICATES) / rows
        drawn += np.einsum("ri,ij,rj->r", shares, wins(one, other), shares) / len(groups)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def p_value(groups: Groups, seed: int = 0) -> float:
    """Two-sided p: how often P(better) is as far from 1/2 with labels exchanged within strata."""
    found = abs(better(groups) - 0.5)
    pooled = [(np.concatenate([one, other.ravel()]), len(one)) for one, other in groups.values()]
    exchanged = np.abs(_exchanged(pooled, np.random.default_rng(seed)) - 0.5)
    return float((1 + (exchanged >= found - 1e-12).sum()) / (1 + EXCHANGES))


def holm(values: Sequence[float]) -> list[float]:
    """Holm's p of every p of a family, in their order, at most 1."""
    order, adjusted, most = np.argsort(values, kind="stable"), [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        most = max(most, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = most
    return adjusted


def power(sizes: Sequence[tuple[int, int]], probability: float, level: float, seed: int = 0) -> float:
    """How often p < `level`, if P(better) is `probability` between normal groups of equal spread.

    `sizes` are the two groups' numbers in every stratum.
    """
    generator = np.random.default_rng(seed)
    null = _exchanged([(np.arange(n + m, dtype=np.float64), n) for n, m in sizes], generator)
    exchanged = np.sort(np.abs(null - 0.5))
    shift = math.sqrt(2) * NormalDist().inv_cdf(probability)
    found = np.zeros(TRIALS)
    for n, m in sizes:
        one, other = generator.normal(shift, 1, (TRIALS, n, 1)), generator.normal(0, 1, (TRIALS, 1, m))
        found += (one > other).mean(axis=(1, 2)) / len(sizes)
    as_far = EXCHANGES - np.searchsorted(exchanged, np.abs(found - 0.5) - 1e-12)
    return float(((1 + as_far) / (1 + EXCHANGES) < level).mean())


def _exchanged(pooled: Sequence[tuple[Floats, int]], generator: np.random.Generator) -> Floats:
    """P(better) of EXCHANGES random divisions of each stratum's figures, the first group having so many."""
    total = np.zeros(EXCHANGES)
    for figures, first in pooled:
        ahead = figures[:, None] - figures[None]
        ranks = ((ahead > 0) + 0.5 * (ahead == 0)).sum(axis=1) + 0.5  # from 1, ties share their mean
        drawn = generator.permuted(np.tile(ranks, (EXCHANGES, 1)), axis=1)[:, :first].sum(axis=1)
        total += (drawn - first * (first + 1) / 2) / (first * (len(figures) - first))
    return total / len(pooled)
