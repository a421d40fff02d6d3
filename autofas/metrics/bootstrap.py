"""Subject bootstrap: how far ACER would move with other people in front of the camera.

Presentations of one subject share a face, clothes and mood, so subjects are resampled, not presentations. The
threshold stays fixed: it came from elsewhere (a development set). The interval is the percentile interval
(Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13), without bias correction.
Resampling training runs or the development set is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.intervals import check_level
from autofas.metrics.pai_labels import BONA_FIDE, Labels, encode_names
from autofas.metrics.samples import Floats, Samples, check_length, check_number, check_samples

_DRAWS_PER_REPLICATE = 20
_WEIGHTS_AT_ONCE = 4_000_000  # 32 MB of resampling weights held at a time


@dataclass(frozen=True)
class BootstrapInterval:
    """A percentile interval [low, high] around the estimate from all subjects.

    `redrawn` counts resamples that held no bona fide or none of some instrument, where ACER is undefined;
    they were drawn again, so the interval is conditional on every class being present.
    """

    estimate: float
    low: float
    high: float
    level: float
    replicates: int
    redrawn: int


def bootstrap_acer(
    scores: npt.ArrayLike,
    pais: Labels,
    subjects: Labels,
    threshold: float,
    *,
    rng: np.random.Generator,
    replicates: int = 2000,
    level: float = 0.95,
) -> BootstrapInterval:
    """Percentile interval of the ACER of scores (n,) at a fixed threshold, resampling subjects (n,).

    Same generator state, same interval. Raises MetricError on bad input, fewer than two subjects, or where
    too few resamples hold every class.
    """
    samples = check_samples(scores, pais)
    return _interval([(samples, threshold)], subjects, rng, replicates, level)


def bootstrap_acer_difference(
    scores_a: npt.ArrayLike,
    scores_b: npt.ArrayLike,
    pais: Labels,
    subjects: Labels,
    threshold_a: float,
    threshold_b: float,
    *,
    rng: np.random.Generator,
    replicates: int = 2000,
    level: float = 0.95,
) -> BootstrapInterval:
    """Percentile interval of ACER of model a minus ACER of model b on the same presentations (n,), paired.

    Every resample judges both models on the same subjects; negative favours a. Raises MetricError as
    bootstrap_acer.
    """
    model_a, model_b = check_samples(scores_a, pais), check_samples(scores_b, pais)
    return _interval([(model_a, threshold_a), (model_b, threshold_b)], subjects, rng, replicates, level)


def _interval(
    models: Sequence[tuple[Samples, float]],
    subjects: Labels,
    rng: np.random.Generator,
    replicates: int,
    level: float,
) -> BootstrapInterval:
    if not isinstance(rng, np.random.Generator):
        raise MetricError(f"rng is {type(rng).__name__}; give np.random.default_rng(seed)")
    if isinstance(replicates, bool) or not isinstance(replicates, (int, np.integer)) or replicates < 1:
        raise MetricError(f"replicates is {replicates!r}; give a whole number, 1000 or more")
    tail = (1 - check_level(level)) / 2
    subject_codes, names = encode_names(subjects, "subjects")
    check_length("subjects", len(subject_codes), len(models[0][0].scores))
    if len(names) < 2:
        raise MetricError(f"only one subject, {names[0]!r}; a subject bootstrap needs two or more")

    errors, totals = zip(*(_subject_counts(s, t, subject_codes, len(names)) for s, t in models), strict=True)
    everyone = np.ones((1, len(names)))
    point = _contrast(np.stack([_acer(everyone @ e, everyone @ totals[0]) for e in errors]))  # (1,)
    acers, redrawn = _replicates(errors, totals[0], int(replicates), rng)  # (models, r)
    low, high = np.quantile(_contrast(acers), [tail, 1 - tail])
    return BootstrapInterval(float(point[0]), float(low), float(high), float(level), int(replicates), redrawn)


def _contrast(acers: Floats) -> Floats:
    """The figure (r,) of one model, or of the first minus the second, from ACERs (models, r)."""
    return acers[0] if len(acers) == 1 else acers[0] - acers[1]


def _subject_counts(
    samples: Samples, threshold: float, subject_codes: npt.NDArray[np.int64], subjects: int
) -> tuple[Floats, Floats]:
    """Errors and presentations of every subject (s, k): column 0 bona fide, then one instrument each."""
    limit = check_number(threshold, "threshold")
    classes = len(samples.names)
    bona_fide = samples.names.index(BONA_FIDE)
    wrong = (samples.scores >= limit) != samples.is_bona_fide
    cell = subject_codes * classes + samples.codes
    totals = np.bincount(cell, minlength=subjects * classes).reshape(subjects, classes)
    errors = np.bincount(cell[wrong], minlength=subjects * classes).reshape(subjects, classes)
    order = [bona_fide, *(code for code in range(classes) if code != bona_fide)]
    # counts as float64: exact, and their products with the weights run in BLAS
    return errors[:, order].astype(np.float64), totals[:, order].astype(np.float64)


def _replicates(
    errors: Sequence[Floats], totals: Floats, replicates: int, rng: np.random.Generator
) -> tuple[Floats, int]:
    """ACER of each model in resamples of the subjects (models, r), and how many had to be redrawn."""
    subjects = len(totals)
    chances = np.full(subjects, 1 / subjects)
    batches: list[Floats] = []
    found = drawn = 0
    while found < replicates:
        if drawn >= _DRAWS_PER_REPLICATE * replicates:
            raise MetricError(
                f"only {found} of {drawn} resamples of {subjects} subjects hold every class; "
                "some PAI has too few subjects, group the PAIs or report counts instead"
            )
        size = min(replicates - found, max(1, _WEIGHTS_AT_ONCE // subjects))
        weights = rng.multinomial(subjects, chances, size=size).astype(np.float64)  # (r, s)
        presented = weights @ totals  # (r, k)
        complete = (presented > 0).all(axis=1)
        drawn_errors = (weights[complete] @ model for model in errors)
        batches.append(np.stack([_acer(e, presented[complete]) for e in drawn_errors]))  # (models, r)
        drawn += size
        found += int(complete.sum())
    return np.concatenate(batches, axis=1), drawn - found


def _acer(errors: Floats, presented: Floats) -> Floats:
    """ACER (r,) from errors and presentations (r, k), column 0 bona fide."""
    rates = errors / presented
    return (rates[:, 1:].max(axis=1) + rates[:, 0]) / 2
