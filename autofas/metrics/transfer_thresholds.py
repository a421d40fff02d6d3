"""Thresholds from dev scores that leave room on both sides, for people and light that dev has not seen.

Where dev scores are separable, a whole interval of thresholds has the same EER of zero, and the usual rule
takes its upper end, the lowest bona fide score: every face that scores a little less elsewhere is rejected.
The rules here take a point inside. Attacks of an instrument score alike wherever they are recorded, while new
people's faces score lower than dev's, so rules that stay near the attacks carry over best
(results/leave_out/thresholds.md). None is a published convention; figures of published protocols keep
`eer_threshold`.
"""

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.curves import eer_index, operating_points
from autofas.metrics.fixed_rates import error_budget
from autofas.metrics.pai_labels import Labels
from autofas.metrics.samples import Floats, check_samples

TAIL = 0.05
"""The share of each class that the rules by quantiles leave out on the side of the other class."""
NEAR = 0.15
"""How far `near_attacks_threshold` goes from the attacks towards the bona fide scores."""
LEAST = 1e-6
"""Scores nearer to 0 or 1 count as this near: their logits would be infinite."""


def middle_eer_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """The middle of the thresholds that share the EER threshold's error rates: between two scores.

    Accepts and rejects the same dev scores as `eer_threshold`. Where that lies below all scores it has no
    neighbour and stays. Raises MetricError on bad input or where a class is missing.
    """
    points = operating_points(check_samples(scores, pais))
    return _between(points.thresholds, eer_index(points))


def quantile_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """Midway between the bona fide scores' 5 % quantile and the attacks' 95 % quantile, instruments pooled.

    Single odd frames move it little. Raises MetricError on bad input or where a class is missing.
    """
    attacks, bona_fide = _quantiles(scores, pais)
    return bona_fide + (attacks - bona_fide) / 2


def near_attacks_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """0.15 of the way from the attacks' 95 % quantile to the bona fide scores' 5 % quantile, in logits.

    Instruments are pooled. In probabilities that would leave the attacks far behind: where theirs is 0.005
    and dev's faces begin at 0.25, faces of a new session may score 0.015. In logits the same faces are
    accepted before and after temperature scaling. Scores are probabilities; raises MetricError for others, on
    bad input or where a class is missing.
    """
    attacks, bona_fide = _logits(np.array(_quantiles(scores, pais)))
    return float(1 / (1 + np.exp(-(attacks + NEAR * (bona_fide - attacks)))))


def _quantiles(scores: npt.ArrayLike, pais: Labels) -> tuple[float, float]:
    """The attacks' upper and the bona fide scores' lower quantile, `TAIL` from the end."""
    samples = check_samples(scores, pais)
    return float(np.quantile(samples.attacks, 1 - TAIL)), float(np.quantile(samples.bona_fide, TAIL))


def apcer_threshold(scores: npt.ArrayLike, pais: Labels, apcer: float = 0.01) -> float:
    """The lowest threshold of those whose pooled APCER is at most `apcer`, halfway to the score below it.

    Holds on to the attacks, whatever the bona fide scores do: BPCER100's operating point (ISO/IEC 30107-3),
    found on dev. Raises MetricError on bad input or where a class is missing.
    """
    points = operating_points(check_samples(scores, pais))
    index = int(np.argmax(points.accepted_attacks <= error_budget(apcer, points.attacks)))
    return _between(points.thresholds, index)


def _between(thresholds: Floats, index: int) -> float:
    """Halfway from the threshold before; the threshold itself where there is none, or one is infinite."""
    highest, below = float(thresholds[index]), float(thresholds[max(index - 1, 0)])
    return below + (highest - below) / 2 if np.isfinite((below, highest)).all() else highest


def logit_normal_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """Where two normal distributions, fitted to the logits of bona fide and attack scores, have equal tails.

    With means m and deviations s that is the logit (m_b s_a + m_a s_b) / (s_a + s_b); instruments pooled.
    Scores are probabilities. Raises MetricError for others, on bad input or where a class is missing.
    """
    samples = check_samples(scores, pais)
    bona_fide, attacks = _logits(samples.bona_fide), _logits(samples.attacks)
    spread = bona_fide.std() + attacks.std()
    if spread == 0:
        logit = (bona_fide.mean() + attacks.mean()) / 2
    else:
        logit = (bona_fide.mean() * attacks.std() + attacks.mean() * bona_fide.std()) / spread
    return float(1 / (1 + np.exp(-logit)))


def _logits(scores: Floats) -> Floats:
    if scores.min() < 0 or scores.max() > 1:
        odd = scores[(scores < 0) | (scores > 1)][0]
        raise MetricError(
            f"score {float(odd)!r} is not a probability; a threshold in logits needs scores in [0, 1]"
        )
    inside = np.clip(scores, LEAST, 1 - LEAST)
    return np.log(inside / (1 - inside))
