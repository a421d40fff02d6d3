"""Error rates by instrument, by device and by session, all at the one threshold of the report.

The rows of a breakdown are parts of the judged split, so no part tunes its own threshold. A part that lacks a
class, or has a single presentation of one, has None and a reason where a rate would stand. Instruments are
never grouped here: a row is a PAI as the data set names it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from autofas.errors import MetricError
from autofas.evaluation.figures import Part
from autofas.evaluation.judgement import Judged, rates_of
from autofas.metrics import BONA_FIDE, ErrorCounts, ScoreTable, clopper_pearson, count_errors
from autofas.metrics.pai_labels import encode_names

CONDITIONS = ("device", "session")


def conditions_by_video(table: ScoreTable, conditions: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Conditions (n,) of frames as conditions of the videos of `table.by_video()` (v,).

    Raises MetricError for a video with two values of a condition.
    """
    codes, names = encode_names(table.videos, "videos")
    _, first = np.unique(codes, return_index=True)
    found = {}
    for what, values in conditions.items():
        kept = [values[index] for index in first.tolist()]
        for code, value in zip(codes.tolist(), values, strict=True):
            if value != kept[code]:
                raise MetricError(
                    f"video {names[code]!r} has two values of {what}, {kept[code]!r} and {value!r}; "
                    "a video has one"
                )
        found[what] = kept
    return found


def breakdown(judged: Judged, conditions: Mapping[str, Sequence[str]]) -> list[Part]:
    """A part for every PAI and every value of a condition (n,) of what was judged.

    Rates are fractions, intervals Clopper-Pearson 95 %.
    """
    table = judged.table
    parts = []
    by_column: dict[str, Sequence[str]] = {"pai": table.pais, **conditions}
    for by, values in by_column.items():
        column = np.array(values)
        for value in sorted(set(values)):
            rows = np.flatnonzero(column == value)
            # a single PAI keeps its own name
            pais = judged.pais if by != "pai" or value == BONA_FIDE else table.pais
            counts = count_errors(
                table.scores[rows], [pais[row] for row in rows.tolist()], judged.threshold.value
            )
            parts.append(_part(by, value, judged, counts))
    return parts


def _part(by: str, value: str, judged: Judged, counts: ErrorCounts) -> Part:
    rates, (_, bona_fide), (_, attacks) = rates_of(counts), counts.bona_fide, counts.pooled
    low_high = {
        name: (None, None) if rate is None else clopper_pearson(*errors)
        for name, rate, errors in (
            ("bpcer", rates.bpcer, counts.bona_fide),
            ("apcer_pooled", rates.apcer_pooled, counts.pooled),
        )
    }
    return Part(
        by=by,
        value=value,
        level=judged.terms.level,
        bona_fide=bona_fide,
        attacks=attacks,
        apcer=rates.apcer,
        worst_pai=None if rates.apcer is None else counts.worst_pai,
        apcer_pooled=rates.apcer_pooled,
        apcer_pooled_low=low_high["apcer_pooled"][0],
        apcer_pooled_high=low_high["apcer_pooled"][1],
        bpcer=rates.bpcer,
        bpcer_low=low_high["bpcer"][0],
        bpcer_high=low_high["bpcer"][1],
        acer=rates.acer,
        undefined="; ".join(_reasons(counts, both=by != "pai")) or None,
        threshold=judged.threshold.value,
        threshold_rule=judged.threshold.rule,
        threshold_provenance=judged.threshold.provenance,
    )


def _reasons(counts: ErrorCounts, both: bool) -> list[str]:
    """Why rates of a part are undefined; `both` says that both classes are expected in it."""
    reasons = []
    for (_, presented), what in ((counts.bona_fide, "bona fide"), (counts.pooled, "attack")):
        if presented == 0 and both:
            reasons.append(f"no {what} presentation here")
        if presented == 1:
            reasons.append(f"one {what} presentation; its rate could only be 0 or 1")
    single = [pai for pai, (_, presented) in counts.by_pai.items() if presented == 1]
    if single and counts.pooled[1] > 1:
        reasons.append(f"PAI {single[0]} has one presentation here")
    return reasons
