"""Error rates by instrument, by device and by session, all at the one threshold of the report.

The rows of a breakdown are parts of the judged split, so no part tunes its own threshold. A part that lacks a
class, or has a single presentation of one, has None and a reason where a rate would stand. Instruments are
never grouped here: a row is a PAI as the data set names it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autofas.errors import MetricError
from autofas.evaluation.judgement import json_number
from autofas.metrics import BONA_FIDE, ScoreTable, Threshold, clopper_pearson, group_pais
from autofas.metrics.pai_labels import encode_names

CONDITIONS = ("device", "session")
COLUMNS = (
    "by", "value", "level", "bona_fide", "attacks", "apcer", "worst_pai", "apcer_pooled", "apcer_pooled_low",
    "apcer_pooled_high", "bpcer", "bpcer_low", "bpcer_high", "acer", "undefined", "threshold",
    "threshold_rule", "threshold_provenance",
)  # fmt: skip


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


def breakdown(
    table: ScoreTable,
    conditions: Mapping[str, Sequence[str]],
    threshold: Threshold,
    grouping: str,
    level: str,
) -> list[dict[str, Any]]:
    """A row for every PAI and every value of a condition (n,), with `COLUMNS` as JSON values.

    `table` holds what is judged: videos or frames. Rates are fractions, intervals Clopper-Pearson 95 %.
    """
    accepted = table.scores >= threshold.value
    is_bona_fide = np.array([pai == BONA_FIDE for pai in table.pais])
    grouped = np.array(group_pais(table.pais, grouping))
    origin = {
        "threshold": json_number(threshold.value),
        "threshold_rule": threshold.rule,
        "threshold_provenance": threshold.provenance,
    }
    rows = []
    by_column: dict[str, Sequence[str]] = {"pai": table.pais, **conditions}
    for by, values in by_column.items():
        column = np.array(values)
        for value in sorted(set(values)):
            part = column == value
            if by == "pai" and value != BONA_FIDE:
                names = np.where(part, value, grouped)
            else:
                names = grouped
            rates = _rates(accepted[part], is_bona_fide[part], names[part], parts=by != "pai")
            rows.append({"by": by, "value": value, "level": level, **rates, **origin})
    return rows


def _rates(accepted: Any, is_bona_fide: Any, pais: Any, parts: bool) -> dict[str, Any]:
    """Rates of one part; `parts` says that both classes are expected in it."""
    bona_fide, attacks = int(is_bona_fide.sum()), int((~is_bona_fide).sum())
    reasons = []
    row: dict[str, Any] = dict.fromkeys(COLUMNS[3:15])
    row |= {"bona_fide": bona_fide, "attacks": attacks}
    for count, what in ((bona_fide, "bona fide"), (attacks, "attack")):
        if count == 0 and parts:
            reasons.append(f"no {what} presentation here")
        if count == 1:
            reasons.append(f"one {what} presentation; its rate could only be 0 or 1")
    if bona_fide > 1:
        rejected = int((~accepted[is_bona_fide]).sum())
        row["bpcer"] = rejected / bona_fide
        row["bpcer_low"], row["bpcer_high"] = clopper_pearson(rejected, bona_fide)
    if attacks > 1:
        taken = int(accepted[~is_bona_fide].sum())
        row["apcer_pooled"] = taken / attacks
        row["apcer_pooled_low"], row["apcer_pooled_high"] = clopper_pearson(taken, attacks)
        counts = {
            str(name): (int(accepted[pais == name].sum()), int((pais == name).sum()))
            for name in np.unique(pais[~is_bona_fide])
        }
        single = [name for name, (_, presented) in counts.items() if presented == 1]
        if single:
            reasons.append(f"PAI {single[0]} has one presentation here")
        else:
            worst = max(counts, key=lambda name: counts[name][0] / counts[name][1])
            row["apcer"], row["worst_pai"] = counts[worst][0] / counts[worst][1], worst
    if row["apcer"] is not None and row["bpcer"] is not None:
        row["acer"] = (row["apcer"] + row["bpcer"]) / 2
    row["undefined"] = "; ".join(reasons) or None
    return row
