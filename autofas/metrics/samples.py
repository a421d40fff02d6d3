"""Scores with their labels, checked once: the common entrance of every figure in this package.

Scores are compared in float64, so integer and float32 scores are upcast before anything else happens to them.
Infinite scores are legal (an overflowing logit is still ordered); NaN has no place in an order and is an
error.
"""

from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.pai_labels import BONA_FIDE, Labels, encode_labels

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Checked scores (n,), label codes (n,) and the distinct label names."""

    scores: Floats
    codes: Integers
    names: list[str]

    @cached_property
    def is_bona_fide(self) -> npt.NDArray[np.bool_]:
        """Mask (n,) of the bona fide presentations."""
        return self.codes == self.names.index(BONA_FIDE)

    @cached_property
    def bona_fide(self) -> Floats:
        """Scores of the bona fide presentations, ascending."""
        return np.sort(self.scores[self.is_bona_fide])

    @cached_property
    def attacks(self) -> Floats:
        """Scores of all attacks pooled, ascending."""
        return np.sort(self.scores[~self.is_bona_fide])

    @cached_property
    def by_pai(self) -> dict[str, Floats]:
        """Scores of each attack instrument, ascending; instruments in alphabetical order."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.names)))
        groups = np.split(self.scores[order], ends[:-1])
        named = sorted(zip(self.names, groups, strict=True), key=lambda item: item[0])
        return {name: np.sort(group) for name, group in named if name != BONA_FIDE}


def as_floats(scores: npt.ArrayLike, what: str = "scores") -> Floats:
    """Return scores as float64 (n,), NaN included; raises MetricError for a wrong type, shape or no score."""
    try:
        array = np.asarray(scores)
    except (ValueError, TypeError, RuntimeError):  # ragged lists; tensors on a device or with a gradient
        raise MetricError(
            f"{what} cannot be read as an array; give a flat list or numpy array of numbers"
        ) from None
    if array.ndim != 1:
        raise MetricError(f"{what} has shape {array.shape}; give one dimension, one number a presentation")
    if not array.size:
        raise MetricError(f"{what} is empty; no figure can be computed from no score")
    if array.dtype.kind in "fiub":
        return array.astype(np.float64, copy=False)
    entries: list[Any] = scores if isinstance(scores, list) else array.tolist()
    for index, value in enumerate(entries):
        if not isinstance(value, Real):
            raise MetricError(f"{what}[{index}] is {value!r}; give a real number")
    try:
        return np.array([float(value) for value in entries])
    except OverflowError:
        raise MetricError(f"{what} holds a number beyond float64; scale the scores") from None


def check_scores(scores: npt.ArrayLike, what: str = "scores") -> Floats:
    """Like as_floats, and raises MetricError with the index of a NaN."""
    floats = as_floats(scores, what)
    bad = np.isnan(floats)
    if bad.any():
        raise MetricError(
            f"{what}[{int(bad.argmax())}] is NaN; a score must be a number (drop none, mend the model)"
        )
    return floats


def check_samples(scores: npt.ArrayLike, pais: Labels, *, both: bool = True) -> Samples:
    """Check scores (n,) and labels (n,); raises MetricError on any fault, and with `both` without a class."""
    floats = check_scores(scores)
    codes, names = encode_labels(pais)
    check_length("pais", len(codes), len(floats))
    samples = Samples(floats, codes, names)
    if both and BONA_FIDE not in samples.names:
        raise MetricError(f"no bona fide score among {len(samples.scores)}; error rates need both classes")
    if both and len(samples.names) == 1:
        raise MetricError(f"no attack score among {len(samples.scores)}; error rates need both classes")
    return samples


def check_length(what: str, found: int, scores: int) -> None:
    """Raise MetricError where a companion of the scores has another length."""
    if found != scores:
        raise MetricError(f"{what} has {found} entries for {scores} scores; give one entry a score")


def check_number(value: object, what: str) -> float:
    """Return one real number as float64; raises MetricError for NaN or anything that is not a number."""
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise MetricError(f"{what} is {value!r}; give one real number") from None
    if np.isnan(number):
        raise MetricError(f"{what} is NaN; give one real number")
    return number


def check_rate(value: object, what: str) -> float:
    """Return a rate in [0, 1]; raises MetricError outside. A float32 0.29 is read as 0.29, as meant."""
    number = check_number(value, what)
    if isinstance(value, np.floating) and not isinstance(value, float):
        number = float(str(value))
    if not 0.0 <= number <= 1.0:
        raise MetricError(f"{what} is {value!r}; a rate lies between 0 and 1 (a fraction, not percent)")
    return number
