"""Two models on the same presentations: is one better, or is it the people who happened to be in the test?

The difference of ACER, each model at its own threshold, with the percentile interval of a paired bootstrap
over subjects. Where the interval holds 0 the verdict is "no difference shown", which is not "no difference".
Left out: the choice of the thresholds, which stay fixed, and the variation of training.
"""

from collections.abc import Sequence

import numpy as np

from autofas.errors import MetricError
from autofas.evaluation.alignment import align_at
from autofas.evaluation.figures import Comparison, ModelFigures
from autofas.evaluation.judgement import Terms, judge
from autofas.metrics import ScoreTable, bootstrap_acer_difference

NOT_SHOWN = "no difference shown"


def compare(
    a: ScoreTable,
    b: ScoreTable,
    terms_a: Terms,
    terms_b: Terms,
    *,
    dev_a: ScoreTable | None = None,
    dev_b: ScoreTable | None = None,
    names: tuple[str, str] = ("A", "B"),
    replicates: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """ACER of a minus ACER of b in [-1, 1] with its interval, both models' figures, and a verdict.

    Terms may differ in the threshold alone. Raises MetricError where the files cannot be matched, subjects
    are not known, or ACER is undefined.
    """
    if (terms_a.grouping, terms_a.level) != (terms_b.grouping, terms_b.level):
        raise MetricError("the two models are judged at different levels or PAI groupings; use the same")
    tables = align_at(terms_a.level, (a, b), names)
    one, other = judge(tables[0], dev_a, terms_a), judge(tables[1], dev_b, terms_b)
    for judged, name in zip((one, other), names, strict=True):
        if judged.figures.acer is None:
            raise MetricError(f"{name}: {judged.figures.undefined['acer']}")
    subjects = _subjects(tables)
    interval = bootstrap_acer_difference(
        one.table.scores,
        other.table.scores,
        one.pais,
        subjects,
        one.threshold.value,
        other.threshold.value,
        rng=np.random.default_rng(seed),
        replicates=replicates,
        level=level,
    )
    return Comparison(
        a=ModelFigures(**dict(one.figures), name=names[0]),
        b=ModelFigures(**dict(other.figures), name=names[1]),
        level=terms_a.level,
        acer_difference=interval.estimate,
        interval=(interval.low, interval.high),
        interval_level=interval.level,
        replicates=interval.replicates,
        redrawn=interval.redrawn,
        seed=seed,
        subjects=len(set(subjects)),
        verdict=verdict(interval.low, interval.high, names),
    )


def _subjects(tables: Sequence[ScoreTable]) -> list[str]:
    """The subjects of the common rows, from the first table that knows them all."""
    for table in tables:
        if all(table.subjects):
            return table.subjects
    raise MetricError("the subjects are not known; compare resamples them, fill the subject column")


def verdict(low: float, high: float, names: tuple[str, str]) -> str:
    """What an interval of ACER(a) - ACER(b) shows: lower is better, 0 inside it shows nothing."""
    if low <= 0 <= high:
        return NOT_SHOWN
    return f"{names[0] if high < 0 else names[1]} has the lower ACER"
