"""Parity: an exported file, run in its own runtime, against the network it came from, on the same crops."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autofas.deploy.runtime import Scores
from autofas.errors import RunError

TOLERANCE = 1e-4
ROUNDING = 1e-5


@dataclass(frozen=True)
class Parity:
    """Largest absolute differences over `crops` crops, and decisions that changed at the threshold.

    `map_error` is None for a network without a map; `worst` is the crop of the largest difference,
    `first_changed` the first whose decision changed.
    """

    crops: int
    score_error: float
    map_error: float | None
    changed: int
    worst: str
    first_changed: str = ""

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        largest = f"score {self.score_error:.1e}"
        largest += "" if self.map_error is None else f", map {self.map_error:.1e}"
        decisions = "no decision" if not self.changed else f"{self.changed} decisions"
        return f"largest error on {self.crops} crops: {largest}; {decisions} changed"


def compare(reference: Scores, found: Scores, threshold: float, paths: Sequence[str]) -> Parity:
    """The differences of `found` from `reference`, a crop each of `paths`."""
    errors = np.abs(reference.scores.astype(np.float64) - found.scores)
    map_error = None
    by_crop = errors
    if reference.maps is not None and found.maps is not None:
        by_map = np.abs(reference.maps.astype(np.float64) - found.maps).max(axis=(1, 2))
        map_error = float(by_map.max())
        by_crop = np.maximum(errors, by_map)
    changed = np.flatnonzero((reference.scores >= threshold) != (found.scores >= threshold))
    first = ""
    if len(changed):
        row = int(changed[0])
        first = f"{paths[row]}: {reference.scores[row]:.7f} became {found.scores[row]:.7f} at {threshold:.7f}"
    worst = paths[int(np.argmax(np.where(np.isnan(by_crop), np.inf, by_crop)))]
    return Parity(len(paths), float(errors.max()), map_error, len(changed), worst, first)


def parity_fault(parity: Parity, where: str) -> str:
    """What is wrong with a file, naming the crop: an error above 1e-4 or a changed decision; else empty."""
    largest = max(parity.score_error, parity.map_error or 0.0)
    if not largest <= TOLERANCE:  # NaN is not
        return (
            f"{where} does not compute what the network does: it differs by {largest:.2e} on {parity.worst}, "
            f"more than {TOLERANCE:g}"
        )
    if parity.changed:
        return (
            f"{where} decides otherwise on {parity.changed} of {parity.crops} crops, the first "
            f"{parity.first_changed}"
        )
    return ""


def require_parity(parity: Parity, where: str) -> None:
    """Raise RunError, naming the crop, for an error above 1e-4 or a changed decision."""
    if fault := parity_fault(parity, where):
        raise RunError(f"{fault}; the file is not kept")


def steady(threshold: float, scores: np.ndarray) -> float:
    """A threshold just below `threshold` that decides `scores` alike and that rounding does not reach.

    Threshold rules choose a score that occurred, so that face lies on the threshold itself and a difference
    of 1e-8 turns it. The exported threshold is 1e-5 lower, or half-way to the next lower score if that is
    closer.
    """
    below = scores[scores < threshold]
    gap = threshold - float(below.max()) if len(below) else 2 * ROUNDING
    return threshold - min(ROUNDING, gap / 2)
