"""Every operating point of a set of scores, and the area under the ROC that they draw.

The operating points lie at each distinct score and just above the greatest one; between two neighbouring
scores every threshold decides alike. Nothing is dropped or interpolated. Attacks are pooled here; figures
that take the worst instrument are in `rates`, `thresholds` and `fixed_rates`.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autofas.metrics.pai_labels import Labels
from autofas.metrics.samples import Floats, Integers, Samples, check_samples


@dataclass(frozen=True)
class OperatingPoints:
    """Thresholds (u,), ascending, with the integer error counts (u,) of score >= threshold at each."""

    thresholds: Floats
    accepted_attacks: Integers
    rejected_bona_fide: Integers
    attacks: int
    bona_fide: int


def operating_points(samples: Samples) -> OperatingPoints:
    """Count the errors at every threshold float64 can realise, in O(n log n) time and linear memory.

    Where the greatest score is +inf no threshold rejects it, so the point that rejects everything is not
    among them.
    """
    thresholds = np.unique(np.concatenate([samples.attacks, samples.bona_fide]))  # (u,)
    greatest = float(thresholds[-1])
    if greatest < math.inf:
        thresholds = np.append(thresholds, math.nextafter(greatest, math.inf))  # (u + 1,)
    return OperatingPoints(
        thresholds=thresholds,
        accepted_attacks=len(samples.attacks) - np.searchsorted(samples.attacks, thresholds, side="left"),
        rejected_bona_fide=np.searchsorted(samples.bona_fide, thresholds, side="left").astype(np.int64),
        attacks=len(samples.attacks),
        bona_fide=len(samples.bona_fide),
    )


def eer_index(points: OperatingPoints) -> int:
    """The operating point where pooled APCER and BPCER differ least, by the rule of `eer_threshold`."""
    # rates over their common denominator attacks * bona_fide: int64 holds it up to 3e9 scores of each class
    apcer = points.accepted_attacks * points.bona_fide
    bpcer = points.rejected_bona_fide * points.attacks
    gap = np.abs(apcer - bpcer)
    ties = np.flatnonzero(gap == gap.min())
    total = (apcer + bpcer)[ties]
    return int(ties[total == total.min()][-1])


def roc_auc(scores: npt.ArrayLike, pais: Labels) -> float:
    """Probability that a bona fide score exceeds an attack score, a tie counting one half, in [0, 1].

    The Mann-Whitney statistic in O(n log n), exact up to one rounding because twice the wins are counted as
    an integer. Attacks are pooled. Raises MetricError on bad input or where a class is missing. Source:
    Hanley and McNeil, Radiology 143 (1982).
    """
    samples = check_samples(scores, pais)
    below = np.searchsorted(samples.attacks, samples.bona_fide, side="left")
    not_above = np.searchsorted(samples.attacks, samples.bona_fide, side="right")
    twice_wins = int(below.sum(dtype=np.int64)) + int(not_above.sum(dtype=np.int64))
    return twice_wins / (2 * len(samples.attacks) * len(samples.bona_fide))
