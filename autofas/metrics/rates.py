"""Error rates of presentation attack detection at a given threshold (ISO/IEC 30107-3).

A presentation is accepted as bona fide where score >= threshold, compared in float64; higher is more bona
fide. APCER is the worst instrument's share of accepted attacks, as ISO and the OULU-NPU protocol define it;
much public code pools all attacks instead, so the pooled rate stands beside it under its own name. How
thresholds are found is in `thresholds`; which instruments share a name is the caller's choice
(`labels.group_pais`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autofas.metrics.pai_labels import BONA_FIDE, Labels
from autofas.metrics.samples import check_number, check_samples


@dataclass(frozen=True)
class ErrorCounts:
    """Errors and presentations at one threshold, of every instrument by name and of bona fide.

    A class that was not presented has no instrument, or (0, 0).
    """

    by_pai: dict[str, tuple[int, int]]
    bona_fide: tuple[int, int]

    @property
    def pooled(self) -> tuple[int, int]:
        """Accepted attacks and all attacks."""
        return sum(errors for errors, _ in self.by_pai.values()), sum(n for _, n in self.by_pai.values())

    @property
    def worst_pai(self) -> str:
        """Name of the instrument with the greatest share of errors, the first by name among equals."""
        return max(sorted(self.by_pai), key=lambda pai: self.by_pai[pai][0] / self.by_pai[pai][1])


@dataclass(frozen=True)
class ErrorRates:
    """Error rates at one threshold, as fractions in [0, 1], lower is better, with the counts behind them.

    apcer is the maximum and apcer_pooled the count-weighted mean of apcer_by_pai; acer = (apcer + bpcer) / 2
    and hter = (apcer_pooled + bpcer) / 2. Counts are pairs (errors, presentations).
    """

    apcer: float
    apcer_pooled: float
    apcer_by_pai: dict[str, float]
    bpcer: float
    acer: float
    hter: float
    threshold: float
    counts_by_pai: dict[str, tuple[int, int]]
    bpcer_count: tuple[int, int]

    @property
    def counts(self) -> ErrorCounts:
        """The counts behind the rates."""
        return ErrorCounts(self.counts_by_pai, self.bpcer_count)

    @property
    def worst_pai(self) -> str:
        """Name of the instrument whose APCER is the maximum, the first by name among equals."""
        return self.counts.worst_pai

    @property
    def apcer_pooled_count(self) -> tuple[int, int]:
        """Accepted attacks and all attacks."""
        return self.counts.pooled


def count_errors(scores: npt.ArrayLike, pais: Labels, threshold: float) -> ErrorCounts:
    """Count the errors of the decision score >= threshold over scores (n,) with PAI labels (n,).

    One class alone will do, and the threshold may be infinite. Raises MetricError for NaN, no score, lengths
    that differ or bad labels.
    """
    limit = check_number(threshold, "threshold")
    samples = check_samples(scores, pais, both=False)
    accepted = samples.scores >= limit
    presented = np.bincount(samples.codes, minlength=len(samples.names))
    taken = np.bincount(samples.codes[accepted], minlength=len(samples.names))
    counts = {
        name: (int(taken[code]), int(presented[code]))
        for name, code in sorted(zip(samples.names, range(len(samples.names)), strict=True))
    }
    accepted_bona_fide, bona_fide = counts.pop(BONA_FIDE, (0, 0))
    return ErrorCounts(counts, (bona_fide - accepted_bona_fide, bona_fide))


def error_rates(scores: npt.ArrayLike, pais: Labels, threshold: float) -> ErrorRates:
    """The error rates of the decision score >= threshold over scores (n,) with PAI labels (n,).

    The threshold may be infinite. Raises MetricError for NaN, lengths that differ, bad labels or a missing
    class. Source: ISO/IEC 30107-3; Boulkenafet et al., OULU-NPU, FG 2017.
    """
    check_samples(scores, pais)
    counts = count_errors(scores, pais, threshold)
    by_pai = {name: errors / attacks for name, (errors, attacks) in counts.by_pai.items()}
    apcer = max(by_pai.values())
    accepted, attacks = counts.pooled
    pooled = accepted / attacks
    rejected, bona_fide = counts.bona_fide
    bpcer = rejected / bona_fide
    return ErrorRates(
        apcer=apcer,
        apcer_pooled=pooled,
        apcer_by_pai=by_pai,
        bpcer=bpcer,
        acer=(apcer + bpcer) / 2,
        hter=(pooled + bpcer) / 2,
        threshold=float(threshold),
        counts_by_pai=counts.by_pai,
        bpcer_count=counts.bona_fide,
    )
