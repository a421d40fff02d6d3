"""One error rate at a limit set on the other: TPR at a false positive rate, BPCER at an APCER.

CASIA-SURF's challenge ranks by TPR at FPR 1e-2, 1e-3 and 1e-4. The default here is the strict step: the
greatest TPR that some threshold reaches without exceeding the limit. A limit becomes a whole number of
attacks that may be accepted, so 0.29 of 100 attacks is 29, although 0.29 * 100 falls short of 29 in floating
point. Public challenge code interpolates the ROC between neighbouring points; that variant has its own name.
Figures of the two kinds do not compare where the limit times the number of attacks is small.
"""

import math

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, Labels, encode_labels
from autofas.metrics.samples import Floats, check_rate, check_samples


def fpr_resolvable(pais: Labels, fpr: float) -> bool:
    """Whether the attacks can resolve the limit: fpr * attacks >= 1, so that one false accept is allowed.

    Where it is False, tpr_at_fpr is the TPR at no false accept, whatever the limit says; print "not
    resolvable". Raises MetricError for a rate outside [0, 1], a bad label or no attack.
    """
    limit = check_rate(fpr, "fpr")
    codes, names = encode_labels(pais)
    bona_fide = int(np.count_nonzero(codes == names.index(BONA_FIDE))) if BONA_FIDE in names else 0
    attacks = len(codes) - bona_fide
    if not attacks:
        raise MetricError(f"no attack among {len(codes)} labels; a false positive rate needs attacks")
    return error_budget(limit, attacks) >= 1


def error_budget(rate: float, presentations: int) -> int:
    """Greatest whole number k of errors with k / presentations <= rate, the quotient rounded to float64."""
    errors = min(presentations, int(rate * presentations) + 1)
    while errors / presentations > rate:
        errors -= 1
    return errors


def tpr_at_fpr(scores: npt.ArrayLike, pais: Labels, fpr: float) -> float:
    """Greatest share of bona fide a threshold with pooled FPR <= `fpr` accepts; in [0, 1], higher is better.

    No interpolation; ask fpr_resolvable whether the attacks are enough for the limit. Raises MetricError for
    a rate outside [0, 1], on bad input, where a class is missing, or where no threshold keeps the limit
    because too many attacks score +inf.
    """
    samples = check_samples(scores, pais)
    bound = _bound(samples.attacks, check_rate(fpr, "fpr"), "attacks")
    if bound is None:
        return 1.0
    return _count_above(samples.bona_fide, bound) / len(samples.bona_fide)


def tpr_at_fpr_interpolated(scores: npt.ArrayLike, pais: Labels, fpr: float) -> float:
    """TPR on the straight line between the two ROC points around `fpr`; in [0, 1], never below tpr_at_fpr.

    For comparison with figures of public code for the ChaLearn CASIA-SURF challenge; no threshold need reach
    it. Raises MetricError as tpr_at_fpr does.
    """
    samples = check_samples(scores, pais)
    limit = check_rate(fpr, "fpr")
    bound = _bound(samples.attacks, limit, "attacks")
    if bound is None:
        return 1.0
    attacks, bona_fide = len(samples.attacks), len(samples.bona_fide)
    # accepting the bound itself leads from the last point that keeps the limit to the next one
    left_fpr = _count_above(samples.attacks, bound) / attacks
    left_tpr = _count_above(samples.bona_fide, bound) / bona_fide
    right_fpr = (attacks - int(np.searchsorted(samples.attacks, bound, side="left"))) / attacks
    right_tpr = (bona_fide - int(np.searchsorted(samples.bona_fide, bound, side="left"))) / bona_fide
    return left_tpr + (limit - left_fpr) / (right_fpr - left_fpr) * (right_tpr - left_tpr)


def bpcer_at_apcer(scores: npt.ArrayLike, pais: Labels, apcer: float) -> float:
    """Smallest BPCER of a threshold where every instrument's APCER <= `apcer`; in [0, 1], lower is better.

    ISO/IEC 30107-3's BPCER at a fixed APCER (BPCER20 is apcer = 0.05), over the worst instrument, not the
    pool. Raises MetricError as tpr_at_fpr does.
    """
    samples = check_samples(scores, pais)
    limit = check_rate(apcer, "apcer")
    bounds = [_bound(attacks, limit, f"{name} attacks") for name, attacks in samples.by_pai.items()]
    binding = [bound for bound in bounds if bound is not None]
    if not binding:
        return 0.0
    rejected = len(samples.bona_fide) - _count_above(samples.bona_fide, max(binding))
    return rejected / len(samples.bona_fide)


def _bound(attacks: Floats, limit: float, what: str) -> float | None:
    """The score a threshold must exceed to accept at most `limit` of ascending attacks; None: any will do."""
    budget = error_budget(limit, len(attacks))
    if budget == len(attacks):
        return None
    bound = float(attacks[len(attacks) - 1 - budget])
    if bound == math.inf:
        infinite = len(attacks) - int(np.searchsorted(attacks, math.inf, side="left"))
        raise MetricError(
            f"{infinite} of {len(attacks)} {what} score +inf, which every threshold accepts; "
            f"no operating point keeps the rate at or below {limit!r}"
        )
    return bound


def _count_above(ascending: Floats, bound: float) -> int:
    return len(ascending) - int(np.searchsorted(ascending, bound, side="right"))
