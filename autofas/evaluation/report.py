"""The report of one split: figures at both levels, the breakdown, and both as rows of a CSV.

`evaluate` and `score` make it and `verify` makes it again from the score files, by this one function.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autofas.evaluation.breakdown import COLUMNS as BREAKDOWN_COLUMNS
from autofas.evaluation.breakdown import breakdown, conditions_by_video
from autofas.evaluation.judgement import Terms, choose_threshold, judge
from autofas.metrics import LEVELS, ScoreTable

RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "eer", "auc")
FIGURE_COLUMNS = (
    "model", "dataset", "protocol", "fold", "split", "level", "figure", "value", "low_95", "high_95",
    "undefined", "threshold", "threshold_rule", "threshold_provenance", "label",
)  # fmt: skip
METRICS_VERSION = 1
"""The schema version of files of figures: metrics.json and what --out writes."""
_NONE = {"threshold": None, "threshold_rule": "none", "threshold_provenance": "takes no threshold"}
_BY_DEFINITION = {
    "threshold": None,
    "threshold_rule": "by definition",
    "threshold_provenance": "an operating point of the judged scores themselves",
}
_OWN_THRESHOLD = {
    "auc": _NONE,
    "eer": _BY_DEFINITION,
    "tpr_at_fpr": _BY_DEFINITION,
    "bpcer_at_apcer": _BY_DEFINITION,
}


def report(
    test: ScoreTable,
    dev: ScoreTable | None,
    terms: Terms,
    conditions: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Figures at the terms' level, `by_level` at every level the files allow, and the `breakdown`.

    `test` and `dev` hold frames; `conditions` are device and session of every row of `test` (n,). Raises
    MetricError where the terms cannot be met.
    """
    chosen = judge(test, dev, terms)
    levels = [level for level in LEVELS if level == "frame" or (all(test.videos) and _videos(dev))]
    by_level = {
        level: chosen if level == terms.level else judge(test, dev, replace(terms, level=level))
        for level in levels
    }
    judged = test.at_level(terms.level)
    setting = None if dev is None else dev.at_level(terms.level)
    threshold = choose_threshold(terms.rule, terms.grouping, setting, judged, terms.value)
    known: Mapping[str, Sequence[str]] = conditions or {}
    if terms.level == "video":
        known = conditions_by_video(test, known)
    parts = breakdown(judged, known, threshold, terms.grouping, terms.level)
    return {**chosen, "by_level": by_level, "breakdown": parts}


def figure_rows(values: Mapping[str, Any], label: str = "") -> list[dict[str, Any]]:
    """A report as rows of `FIGURE_COLUMNS`: one figure a row, the threshold and its origin beside it."""
    place = {name: values.get(name) for name in ("model", "dataset", "protocol", "fold", "split")}
    rows = []
    for level, found in (values.get("by_level") or {values["level"]: values}).items():
        origin = {name: found[name] for name in ("threshold", "threshold_rule", "threshold_provenance")}
        undefined = found["undefined"]
        named: list[tuple[str, Any]] = [(name, found[name]) for name in RATES]
        named += [(f"apcer of {pai}", value) for pai, value in found["apcer_by_pai"].items()]
        for name in ("tpr_at_fpr", "bpcer_at_apcer"):
            named += [(f"{name} {at}", value) for at, value in found[name].items()]
        for name, value in named:
            low, high = found["intervals_95"].get(name) or (None, None)
            reason = undefined.get(name) or (undefined.get("apcer") if value is None else None)
            rows.append(
                {
                    **place,
                    "level": level,
                    "figure": name,
                    "value": value,
                    "low_95": low,
                    "high_95": high,
                    "undefined": reason,
                    **(_OWN_THRESHOLD.get(name.split()[0]) or origin),
                    "label": label,
                }
            )
    return rows


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV text, floats so that they read back exactly, None as an empty cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def breakdown_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The breakdown as CSV text."""
    return csv_text(BREAKDOWN_COLUMNS, rows)


def figures_text(values: Mapping[str, Any], label: str = "") -> str:
    """The figures as CSV text."""
    return csv_text(FIGURE_COLUMNS, figure_rows(values, label))


def _videos(dev: ScoreTable | None) -> bool:
    return dev is None or all(dev.videos)
