"""Clopper-Pearson intervals for error rates: what n presentations can say about a rate.

The limits are quantiles of beta distributions, found from the regularised incomplete beta function by a
continued fraction (DLMF 8.17.22) and a safeguarded Newton iteration on its logarithm; no library beyond the
standard one. The interval treats presentations as independent. Videos of one subject are not: for ACER,
resample subjects (`bootstrap`).
"""

import math
import operator

from autofas.errors import MetricError
from autofas.metrics.rates import ErrorCounts, ErrorRates
from autofas.metrics.samples import check_number

_PRECISION = 2.0**-52
_TINY = 1e-300  # stands in for a zero in the continued fraction


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate after k errors in n presentations, each limit in [0, 1], within 1e-10.

    The lower limit is 0 for k = 0 and the upper one 1 for k = n. Covers the true rate with at least `level`
    for independent presentations. Raises MetricError unless 0 <= k <= n, n >= 1 and 0 < level < 1. Source:
    Clopper and Pearson, Biometrika 26 (1934).
    """
    try:
        errors, presentations = operator.index(k), operator.index(n)
    except TypeError:
        raise MetricError(f"{k!r} errors of {n!r} presentations; give two whole numbers") from None
    if presentations < 1 or not 0 <= errors <= presentations:
        raise MetricError(f"{errors} errors of {presentations} presentations; need 0 <= k <= n and n >= 1")
    tail = (1 - check_level(level)) / 2
    return _lower(errors, presentations, tail), 1 - _lower(presentations - errors, presentations, tail)


def rate_intervals(rates: ErrorRates, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Clopper-Pearson intervals of `apcer` (of its worst instrument), `apcer_pooled` and `bpcer`.

    The instrument behind `apcer` was picked because it is the worst, so its interval says nothing of the
    others. Raises MetricError unless 0 < level < 1.
    """
    return count_intervals(rates.counts, level)


def count_intervals(counts: ErrorCounts, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """As `rate_intervals` from counts; a class that was not presented has no interval."""
    intervals = {}
    if counts.by_pai:
        intervals["apcer"] = clopper_pearson(*counts.by_pai[counts.worst_pai], level)
        intervals["apcer_pooled"] = clopper_pearson(*counts.pooled, level)
    if counts.bona_fide[1]:
        intervals["bpcer"] = clopper_pearson(*counts.bona_fide, level)
    return intervals


def check_level(level: float) -> float:
    """Return a confidence level; raises MetricError unless 0 < level < 1."""
    number = check_number(level, "level")
    if not 0 < number < 1:
        raise MetricError(f"level is {level!r}; a confidence level lies between 0 and 1, e.g. 0.95")
    return number


def _lower(k: int, n: int, tail: float) -> float:
    """The rate at which k or more errors of n have probability `tail`: a quantile of Beta(k, n - k + 1)."""
    if k == 0:
        return 0.0
    if k == n:
        return math.exp(math.log(tail) / n)
    a, b = float(k), float(n - k + 1)
    below, above = 0.0, 1.0
    x = a / (a + b)
    for _ in range(200):
        probability, slope = _beta_probability(a, b, x), _beta_density(a, b, x)
        if probability > tail:
            above = x
        else:
            below = x
        # Newton on the logarithm: a beta distribution function is log-concave here, its tail nearly a power
        step = (
            probability * math.log(probability / tail) / slope if probability > 0 and slope > 0 else math.nan
        )
        proposal = x - step
        if not below < proposal < above:
            proposal = (below + above) / 2
        if abs(proposal - x) <= 1e-13 * x:
            return proposal
        x = proposal
    return x


def _beta_density(a: float, b: float, x: float) -> float:
    return math.exp(_log_power(a, b, x) - math.log(x) - math.log1p(-x))


def _log_power(a: float, b: float, x: float) -> float:
    """log(x^a (1 - x)^b / B(a, b))."""
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return a * math.log(x) + b * math.log1p(-x) - log_beta


def _beta_probability(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b) for 0 < x < 1."""
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1 - _beta_probability(b, a, 1 - x)
    return math.exp(_log_power(a, b, x)) / (a * _beta_fraction(a, b, x))


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)) of DLMF 8.17.22, forwards (modified Lentz)."""
    value, numerator, denominator = 1.0, 1.0, 0.0
    for term in range(1, 1_000_000):
        m = term // 2
        if term % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / ((1 + d * denominator) or _TINY)
        numerator = (1 + d / numerator) or _TINY
        value *= numerator * denominator
        if abs(numerator * denominator - 1) <= _PRECISION:
            break
    return value
