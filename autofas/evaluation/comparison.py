"""Two models on the same presentations: is one better, or is it the people who happened to be in the test?

The difference of ACER, each model at its own threshold, with the percentile interval of a paired bootstrap
over subjects. Where the interval holds 0 the verdict is "no difference shown", which is not "no difference".
Left out: the choice of the thresholds, which stay fixed, and the variation of training.
"""

from typing import Any

import numpy as np

from autofas.errors import MetricError
from autofas.evaluation.alignment import align_at
from autofas.evaluation.judgement import Terms, choose_threshold, figures
from autofas.metrics import ScoreTable, bootstrap_acer_difference, group_pais

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
) -> dict[str, Any]:
    """ACER of a minus ACER of b in [-1, 1] with its interval, both models' figures, and a verdict.

    Terms may differ in the threshold alone. Raises MetricError where the files cannot be matched, subjects
    are not known, or ACER is undefined.
    """
    if (terms_a.grouping, terms_a.level) != (terms_b.grouping, terms_b.level):
        raise MetricError(
            "the two models are judged at different levels or PAI groupings; compare like with like"
        )
    tables = align_at(terms_a.level, (a, b), names)
    found = []
    for table, terms, dev in zip(tables, (terms_a, terms_b), (dev_a, dev_b), strict=True):
        setting = None if dev is None else dev.at_level(terms.level)
        threshold = choose_threshold(terms.rule, terms.grouping, setting, table, terms.value)
        found.append((figures(table, threshold, terms.grouping), threshold))
    for (values, _), name in zip(found, names, strict=True):
        if values["acer"] is None:
            raise MetricError(f"{name}: {values['undefined']['acer']}")
    subjects = next((table.subjects for table in tables if all(table.subjects)), None)
    if subjects is None:
        raise MetricError("the subjects are not known; compare resamples them, fill the subject column")
    interval = bootstrap_acer_difference(
        tables[0].scores,
        tables[1].scores,
        group_pais(tables[0].pais, terms_a.grouping),
        subjects,
        found[0][1].value,
        found[1][1].value,
        rng=np.random.default_rng(seed),
        replicates=replicates,
        level=level,
    )
    return {
        "a": {"name": names[0], **found[0][0]},
        "b": {"name": names[1], **found[1][0]},
        "level": terms_a.level,
        "acer_difference": interval.estimate,
        "interval": [interval.low, interval.high],
        "interval_level": interval.level,
        "replicates": interval.replicates,
        "redrawn": interval.redrawn,
        "seed": seed,
        "subjects": len(set(subjects)),
        "verdict": verdict(interval.low, interval.high, names),
    }


def verdict(low: float, high: float, names: tuple[str, str]) -> str:
    """What an interval of ACER(a) - ACER(b) shows: lower is better, 0 inside it shows nothing."""
    if low <= 0 <= high:
        return NOT_SHOWN
    return f"{names[0] if high < 0 else names[1]} has the lower ACER"
