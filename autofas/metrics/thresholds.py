"""Where a threshold comes from: the equal error rate, the smallest ACER, or a number given by hand.

OULU-NPU and Replay-Attack fix the threshold at the equal error rate of the development set and report on the
test set. Figures whose threshold was found on the test scores themselves are still printed in the field; they
carry the words "tuned on test" here wherever they go. Rates are compared as integer cross products, never as
float differences, so two thresholds that are equally good are known to be equal and the tie rule decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.curves import OperatingPoints, eer_index, operating_points
from autofas.metrics.pai_labels import Labels, unknown_choice
from autofas.metrics.samples import Samples, check_number, check_samples
from autofas.metrics.transfer_thresholds import (
    apcer_threshold,
    logit_normal_threshold,
    middle_eer_threshold,
    near_attacks_threshold,
    quantile_threshold,
)

ThresholdRule = Literal[
    "dev-eer",
    "dev-eer-middle",
    "dev-quantile",
    "dev-near-attacks",
    "dev-logit-normal",
    "dev-apcer-1",
    "dev-min-acer",
    "fixed",
    "test-eer",
]
"""Where a threshold comes from: a rule of `DEV_RULES` on the dev scores, a number given by hand, or the EER
of the test scores themselves, which tunes on test. Every other list of these names is taken from this one."""
THRESHOLD_RULES: tuple[ThresholdRule, ...] = get_args(ThresholdRule)


@dataclass(frozen=True)
class Threshold:
    """A threshold, the rule that chose it and one phrase on its origin, to print with every figure."""

    value: float
    rule: ThresholdRule
    provenance: str


def eer_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """Threshold where pooled APCER and BPCER differ least, at a distinct score or just above the greatest.

    At most two neighbouring thresholds can tie, one on each side of the crossing. The one with the smaller
    sum of the two rates wins, so a point is never chosen that another beats in one rate and equals in the
    other; if the sums are equal too, the higher one, which accepts fewer attacks. Raises MetricError on bad
    input or where a class is missing.
    """
    points = operating_points(check_samples(scores, pais))
    return float(points.thresholds[eer_index(points)])


def eer(scores: npt.ArrayLike, pais: Labels) -> float:
    """Mean of pooled APCER and BPCER at the EER threshold (the HTER there), in [0, 1], lower is better.

    No interpolation between operating points. Raises MetricError on bad input or where a class is missing.
    """
    points = operating_points(check_samples(scores, pais))
    index = eer_index(points)
    apcer_pooled = int(points.accepted_attacks[index]) / points.attacks
    bpcer = int(points.rejected_bona_fide[index]) / points.bona_fide
    return (apcer_pooled + bpcer) / 2


def min_acer_threshold(scores: npt.ArrayLike, pais: Labels) -> float:
    """Threshold with the smallest ACER, worst instrument against BPCER, over the same candidates as the EER.

    Among equal ones the highest wins: the one that accepts fewest attacks. O(instruments * n) time, linear
    memory. Raises MetricError on bad input or where a class is missing.
    """
    samples = check_samples(scores, pais)
    points = operating_points(samples)
    errors, attacks = _worst_pai_counts(samples, points)
    candidates: list[tuple[Fraction, int]] = []
    for size in np.unique(
        attacks
    ).tolist():  # ACER values are comparable as integers only over one denominator
        indices = np.flatnonzero(attacks == size)
        twice_acer = errors[indices] * points.bona_fide + points.rejected_bona_fide[indices] * size
        least = int(twice_acer.min())
        candidates.append((Fraction(least, size * points.bona_fide), int(indices[twice_acer == least][-1])))
    _, index = min(candidates, key=lambda candidate: (candidate[0], -candidate[1]))
    return float(points.thresholds[index])


def _worst_pai_counts(
    samples: Samples, points: OperatingPoints
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Accepted and presented attacks (u,) of the instrument with the greatest APCER at each threshold."""
    errors = np.zeros(len(points.thresholds), dtype=np.int64)
    attacks = np.ones(len(points.thresholds), dtype=np.int64)
    for pai_scores in samples.by_pai.values():
        size = len(pai_scores)
        accepted = size - np.searchsorted(pai_scores, points.thresholds, side="left")
        worse = accepted * attacks > errors * size
        errors[worse] = accepted[worse]
        attacks[worse] = size
    return errors, attacks


@dataclass(frozen=True)
class DevRule:
    """How a threshold is found on dev scores (n,) with their labels (n,), and one phrase on its origin."""

    find: Callable[[npt.ArrayLike, Labels], float]
    provenance: str


DEV_RULES: Mapping[str, DevRule] = {
    "dev-eer": DevRule(eer_threshold, "EER of the development scores"),
    "dev-eer-middle": DevRule(middle_eer_threshold, "middle of the development scores' EER interval"),
    "dev-quantile": DevRule(quantile_threshold, "midway between 5 % quantiles of the development scores"),
    "dev-near-attacks": DevRule(
        near_attacks_threshold,
        "0.15 of the way, in logits, from attacks to bona fide 5 % quantiles of the dev scores",
    ),
    "dev-logit-normal": DevRule(logit_normal_threshold, "logit-normal fit to the development scores"),
    "dev-apcer-1": DevRule(apcer_threshold, "APCER of 1 % on the development scores"),
    "dev-min-acer": DevRule(min_acer_threshold, "smallest ACER on the development scores"),
}
"""The rules that need a dev set. A new one is a function, an entry here and its name in `ThresholdRule`."""


def select_threshold(
    rule: ThresholdRule,
    dev_scores: npt.ArrayLike | None = None,
    dev_pais: Labels | None = None,
    *,
    value: float | None = None,
    test_scores: npt.ArrayLike | None = None,
    test_pais: Labels | None = None,
) -> Threshold:
    """Choose a threshold by a `ThresholdRule` and say its origin.

    The dev rules look at the development scores alone; 'fixed' takes `value`; 'test-eer' looks at the test
    scores alone and is labelled as tuned on test. Raises MetricError for another rule, a missing ingredient,
    a `value` that the rule would ignore, or bad scores.
    """
    if rule not in THRESHOLD_RULES:
        raise MetricError(unknown_choice("threshold rule", rule, THRESHOLD_RULES))
    if rule == "fixed":
        if value is None:
            raise MetricError("threshold rule 'fixed' has no value; give the threshold to use")
        given = check_number(value, "threshold")
        return Threshold(given, rule, f"fixed by hand at {given!r}")
    if value is not None:
        raise MetricError(
            f"threshold {value!r} given with rule {rule!r}; use rule 'fixed' or leave the value out"
        )
    if rule == "test-eer":
        if test_scores is None or test_pais is None:
            raise MetricError("threshold rule 'test-eer' needs the test scores and labels; none were given")
        found = _on("test", eer_threshold, test_scores, test_pais)
        return Threshold(found, rule, "EER of the test scores themselves: tuned on test")
    if dev_scores is None or dev_pais is None:
        raise MetricError(
            f"threshold rule {rule!r} needs development scores and labels; give them or use 'fixed'"
        )
    chosen = DEV_RULES[rule]
    return Threshold(_on("dev", chosen.find, dev_scores, dev_pais), rule, chosen.provenance)


def _on(
    split: str, find: Callable[[npt.ArrayLike, Labels], float], scores: npt.ArrayLike, pais: Labels
) -> float:
    """The threshold found; the error of scores that have none names the split."""
    try:
        return find(scores, pais)
    except MetricError as reason:
        raise MetricError(f"the {split} scores set no threshold: {reason}") from None
