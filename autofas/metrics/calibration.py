"""Scores as probabilities: maps that rise, fitted to labelled scores, and how far scores are from being ones.

`LogitScaling` has two numbers: a factor on the score's logit (the inverse of the temperature of Guo et al.,
"On Calibration of Modern Neural Networks", ICML 2017, section 4.2) and a bias, as Platt scaling has
("Probabilistic Outputs for Support Vector Machines", 1999). `Isotonic` is the rising function of least
squared error (Zadrozny and Elkan, KDD 2002). A probability is that of a bona fide presentation, at the share
of bona fide presentations among the scores it was fitted to: another share, another probability. Both maps
rise, so they change no order: what is above a threshold stays above the mapped one; but where `Isotonic` is
flat, scores on both sides of it become equal.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, Labels
from autofas.metrics.samples import Floats, Samples, check_samples, check_scores

CalibrationKind = Literal["temperature", "isotonic"]
CalibrationChoice = Literal["none", "temperature", "isotonic"]
"""What a verb may be asked for."""
CALIBRATION_CHOICES: tuple[CalibrationChoice, ...] = get_args(CalibrationChoice)

BINS = 15
"""Equal-width bins of the calibration error, as many as Guo et al. take."""
NEAREST = 1e-6
"""While a map is fitted, scores nearer to 0 or 1 count as this near: their logits would be infinite."""
_MOST_STEPS = 100


@dataclass(frozen=True)
class LogitScaling:
    """p = sigmoid(scale * logit(score) + bias) with scale > 0: 0 stays 0 and 1 stays 1."""

    scale: float
    bias: float

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """Probabilities (n,) of scores (n,) in [0, 1]; raises MetricError for others."""
        inside = _in_unit_interval(scores)
        with np.errstate(divide="ignore"):  # 0 and 1 have infinite logits
            logits = np.log(inside) - np.log1p(-inside)
        return _sigmoid(self.scale * logits + self.bias)


@dataclass(frozen=True)
class Isotonic:
    """Probabilities at rising scores; between two of these the line through them, outside the nearest one."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """Probabilities (n,) of scores (n,) in [0, 1]; raises MetricError for others."""
        floats, steps = _in_unit_interval(scores), np.asarray(self.probabilities)
        above = np.minimum(np.searchsorted(self.scores, floats, side="left"), len(steps) - 1)
        # the line may pass its end by a rounding, which would be a fall
        between = np.interp(floats, self.scores, steps)
        return np.clip(between, steps[np.maximum(above - 1, 0)], steps[above])


def fit_temperature(scores: npt.ArrayLike, pais: Labels) -> LogitScaling:
    """The scale and bias of greatest likelihood for scores (n,) in [0, 1].

    With Platt's targets, (b + 1) / (b + 2) for b bona fide and 1 / (a + 2) for a attack scores in place of 1
    and 0: separable scores have a finite answer. Newton's method with halved steps. Raises MetricError where
    the answer does not rise (attacks do not score below bona fide), on bad input or without a class.
    """
    samples = _checked(scores, pais)
    inside = np.clip(samples.scores, NEAREST, 1 - NEAREST)
    design = np.stack([np.log(inside) - np.log1p(-inside), np.ones(len(inside))], axis=1)  # (n, 2)
    bona_fide = int(samples.is_bona_fide.sum())
    attacks = len(inside) - bona_fide
    targets = np.where(samples.is_bona_fide, (bona_fide + 1) / (bona_fide + 2), 1 / (attacks + 2))

    def loss(at: Floats) -> float:
        logits = design @ at
        return float((np.logaddexp(0, logits) - targets * logits).sum())

    found = np.array([0.0, np.log((bona_fide + 1) / (attacks + 1))])
    for _ in range(_MOST_STEPS):
        likely = _sigmoid(design @ found)
        gradient = design.T @ (likely - targets)
        if np.abs(gradient).max() < 1e-9 * len(inside):
            break
        curvature = (design * (likely * (1 - likely))[:, None]).T @ design + 1e-12 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while loss(found - length * step) > loss(found) - 1e-4 * length * float(gradient @ step):
            length /= 2
            if length < 1e-10:  # the loss falls by less than float64 can tell
                return _rising(found)
        found = found - length * step
    return _rising(found)


def fit_isotonic(scores: npt.ArrayLike, pais: Labels) -> Isotonic:
    """The rising function with the least squared error to 1 for bona fide and 0 for attack scores (n,).

    Pool adjacent violators: neighbours that do not rise become one block with their common share of bona
    fide, compared as whole numbers. Each block is kept by its first and last score. Raises MetricError for
    scores outside [0, 1], on bad input or without a class.
    """
    samples = _checked(scores, pais)
    distinct, place = np.unique(samples.scores, return_inverse=True)
    presented = np.bincount(place)
    accepted = np.bincount(place, weights=samples.is_bona_fide).astype(np.int64)
    blocks: list[tuple[int, int, float, float]] = []  # bona fide, all, first and last score
    for score, ones, count in zip(distinct.tolist(), accepted.tolist(), presented.tolist(), strict=True):
        first = score
        while blocks and blocks[-1][0] * count >= ones * blocks[-1][1]:
            before = blocks.pop()
            ones, count, first = ones + before[0], count + before[1], before[2]
        blocks.append((ones, count, first, score))
    knots = [(end, ones / count) for ones, count, first, last in blocks for end in sorted({first, last})]
    xs, ys = zip(*knots, strict=True)
    return Isotonic(xs, ys)


def calibration_error(probabilities: npt.ArrayLike, pais: Labels, bins: int = BINS) -> float:
    """ECE in [0, 1], lower is better: the mean over presentations of the gap in their bin.

    Guo et al. 2017, eq. 3, for the bona fide class: `bins` intervals of equal width, each with its upper end;
    the gap of a bin is between the mean of its probabilities (n,) and its share of bona fide. Their own form
    takes the likelier class at 1/2, where no threshold here lies. Raises MetricError on bad input.
    """
    likely, truth = _with_truth(probabilities, pais)
    edges = np.linspace(0, 1, bins + 1)
    place = np.maximum(np.searchsorted(edges, likely, side="left") - 1, 0)
    gaps = np.bincount(place, weights=likely - truth, minlength=bins)
    return float(np.abs(gaps).sum() / len(likely))


def brier_score(probabilities: npt.ArrayLike, pais: Labels) -> float:
    """Mean squared difference of probabilities (n,) from 1 for bona fide and 0 for attacks, lower is better.

    In [0, 1] (Brier, Monthly Weather Review, 1950, halved as is usual for two classes). Raises MetricError on
    bad input.
    """
    likely, truth = _with_truth(probabilities, pais)
    return float(np.square(likely - truth).mean())


def _rising(found: Floats) -> LogitScaling:
    scale, bias = map(float, found)
    if not scale > 1e-9:
        raise MetricError(
            "no temperature fits these scores: attacks do not score below bona fide, and a map that turned "
            "them round would turn verdicts round; leave them as they are"
        )
    return LogitScaling(scale, bias)


def _checked(scores: npt.ArrayLike, pais: Labels) -> Samples:
    samples = check_samples(scores, pais)
    _in_unit_interval(samples.scores)
    return samples


def _with_truth(probabilities: npt.ArrayLike, pais: Labels) -> tuple[Floats, Floats]:
    """Probabilities and 1 for bona fide or 0; one class alone will do."""
    samples = check_samples(probabilities, pais, both=False)
    truth = np.array(samples.names)[samples.codes] == BONA_FIDE
    return _in_unit_interval(samples.scores), truth.astype(np.float64)


def _in_unit_interval(scores: npt.ArrayLike) -> Floats:
    floats = check_scores(scores)
    outside = (floats < 0) | (floats > 1)
    if outside.any():
        odd = float(floats[outside][0])
        raise MetricError(f"score {odd!r} is not in [0, 1], so it cannot be read as a probability")
    return floats


def _sigmoid(logits: Floats) -> Floats:
    small = np.exp(-np.abs(logits))  # never overflows, and exact to rounding on both sides
    return np.where(logits >= 0, 1.0, small) / (1 + small)
