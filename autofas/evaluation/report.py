"""The report of one split: figures at both levels, the breakdown, and both as rows of a CSV.

`evaluate` and `score` make it and `verify` makes it again from the score files, by this one function.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autofas.evaluation.breakdown import breakdown, conditions_by_video
from autofas.evaluation.figures import RATES, Figures, Metrics, Part, Report
from autofas.evaluation.judgement import Terms, judge, non_responses
from autofas.metrics import LEVELS, ScoreTable, Unscored

FIGURE_COLUMNS = (
    "model", "dataset", "protocol", "fold", "split", "level", "figure", "value", "low_95", "high_95",
    "undefined", "threshold", "threshold_rule", "threshold_provenance", "label",
)  # fmt: skip
_NONE = {"threshold": None, "threshold_rule": "none", "threshold_provenance": "takes no threshold"}
_BY_DEFINITION = {
    "threshold": None,
    "threshold_rule": "by definition",
    "threshold_provenance": "an operating point of the judged scores themselves",
}
_OWN_THRESHOLD = {
    "auc": _NONE,
    "apnrr": _NONE,
    "bpnrr": _NONE,
    "eer": _BY_DEFINITION,
    "tpr_at_fpr": _BY_DEFINITION,
    "bpcer_at_apcer": _BY_DEFINITION,
}


def report(
    test: ScoreTable,
    dev: ScoreTable | None,
    terms: Terms,
    conditions: Mapping[str, Sequence[str]] | None = None,
    unscored: Unscored | None = None,
) -> Report:
    """Figures at the terms' level, at every level the files allow, and the breakdown.

    `test` and `dev` hold frames; `conditions` are device and session of every row of `test` (n,); `unscored`,
    where given, are the test's presentations without a score, which are counted. Raises MetricError where the
    terms cannot be met.
    """
    chosen = judge(test, dev, terms)
    videos = all(test.videos) and (dev is None or all(dev.videos))
    judged = {
        level: chosen if level == terms.level else judge(test, dev, replace(terms, level=level))
        for level in LEVELS
        if level == "frame" or videos
    }
    known: Mapping[str, Sequence[str]] = conditions or {}
    if terms.level == "video":
        known = conditions_by_video(test, known)
    by_level = {level: each.figures for level, each in judged.items()}
    if unscored is not None:
        by_level = {
            level: figures.model_copy(
                update={"non_responses": non_responses(test, unscored, replace(terms, level=level))}
            )
            for level, figures in by_level.items()
        }
    return Report(
        **dict(by_level[terms.level]),
        by_level=by_level,
        breakdown=tuple(breakdown(chosen, known)),
    )


def figure_rows(found: Report, place: Mapping[str, Any], label: str = "") -> list[dict[str, Any]]:
    """A report as rows of `FIGURE_COLUMNS`: one figure a row, the threshold and its origin beside it.

    `place` names model, dataset, protocol, fold and split.
    """
    place = {name: place.get(name) for name in FIGURE_COLUMNS[:5]}
    return [
        {**place, "level": level, **row, "label": label}
        for level, figures in found.by_level.items()
        for row in _rows(figures)
    ]


def _rows(figures: Figures) -> list[dict[str, Any]]:
    values = figures.to_json()
    origin = {name: values[name] for name in ("threshold", "threshold_rule", "threshold_provenance")}
    named = [(name, values[name]) for name in RATES]
    named += [(f"apcer of {pai}", value) for pai, value in figures.apcer_by_pai.items()]
    for name in ("tpr_at_fpr", "bpcer_at_apcer"):
        named += [(f"{name} {at}", value) for at, value in values[name].items()]
    if figures.non_responses is not None:
        named += [(f"apnrr of {pai}", rate) for pai, rate in figures.non_responses.apnrr_by_pai.items()]
        if figures.non_responses.bpnrr is not None:
            named.append(("bpnrr", figures.non_responses.bpnrr))
    rows = []
    for name, value in named:
        low, high = figures.intervals_95.get(name) or (None, None)
        reason = figures.undefined.get(name) or (figures.undefined.get("apcer") if value is None else None)
        row = {"figure": name, "value": value, "low_95": low, "high_95": high, "undefined": reason}
        rows.append(row | (_OWN_THRESHOLD.get(name.split()[0]) or origin))
    return rows


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV text, floats so that they read back exactly, None as an empty cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def breakdown_text(parts: Sequence[Part]) -> str:
    """The breakdown as CSV text."""
    return csv_text(tuple(Part.model_fields), [part.model_dump(mode="json") for part in parts])


def figures_text(found: Report, place: Mapping[str, Any], label: str = "") -> str:
    """The figures as CSV text."""
    return csv_text(FIGURE_COLUMNS, figure_rows(found, place, label))


def report_files(metrics: Metrics, label: str) -> dict[str, str]:
    """The CSV files that go with a metrics file, by name: what they hold follows from its values alone."""
    end = "" if label == "test" else f"-{label}"
    place = dict(metrics)
    text = figures_text(metrics, place, metrics.label or "")
    if metrics.target_eer is not None:
        own = figures_text(metrics.target_eer, place, metrics.target_eer.label)
        text += own.partition("\n")[2]
    return {f"metrics{end}.csv": text, f"breakdown{end}.csv": breakdown_text(metrics.breakdown)}
