"""The figures of evaluations as terminal tables, the origin of every threshold in its row."""

from collections.abc import Mapping, Sequence
from typing import Any

from autofas.analysis.text_tables import percent, text_table
from autofas.printed import exact

RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc")
NUMBERS = ("APCER %", "pooled %", "BPCER %", "ACER %", "HTER %", "AUC %", "threshold")
HEADER = ("model", "data", "split", "level", *NUMBERS, "from")


def figures_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """A line for each report and level, and below them the origin of the thresholds and what is missing."""
    rows, notes = [], []
    for report in reports:
        place = _place(report)
        for level, values in _levels(report):
            rows.append(
                [
                    str(report.get("model", "")),
                    place,
                    str(report.get("split", "")),
                    level,
                    *(percent(values[name]) for name in RATES),
                    exact(values["threshold"]),
                    str(values["threshold_rule"]),
                ]
            )
            for name, reason in values["undefined"].items():
                if name in (*RATES, "eer"):
                    notes.append(f"{name} per {level}: {reason}")
    table = text_table(HEADER, rows, numeric=NUMBERS)
    origins = {f"{report['threshold_rule']}: {report['threshold_provenance']}" for report in reports}
    instruments = ", ".join(sorted(reports[0]["apcer_by_pai"]))
    return "\n".join([table, *sorted(origins), f"APCER: worst of {instruments}", *dict.fromkeys(notes)])


def breakdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Error rates by instrument, device and session at the report's threshold."""
    header = (
        "by",
        "value",
        "bona fide",
        "attacks",
        "APCER %",
        "pooled %",
        "BPCER %",
        "ACER %",
        "threshold",
        "from",
    )
    numbers = header[2:9]
    lines = [
        [
            str(row["by"]),
            str(row["value"]),
            str(row["bona_fide"]),
            str(row["attacks"]),
            *(percent(row[name]) for name in ("apcer", "apcer_pooled", "bpcer", "acer")),
            exact(row["threshold"]),
            str(row["threshold_rule"]),
        ]
        for row in rows
    ]
    notes = [f"{row['by']} {row['value']}: {row['undefined']}" for row in rows if row["undefined"]]
    return "\n".join([text_table(header, lines, numeric=numbers), *notes])


def summary_table(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Mean ± standard deviation of each network and protocol."""
    header = ("model", "data", "level", *NUMBERS[:-1], "mean ± std over", "threshold")
    rows, notes = [], []
    for summary in summaries:
        for level, figures in summary["figures"].items():
            rows.append(
                [
                    str(summary["model"]),
                    _place(summary),
                    level,
                    *(percent(figures[name]["mean"], std=figures[name]["std"]) for name in RATES),
                    _over(summary),
                    f"{summary['threshold_rule']}, one per run",
                ]
            )
        if summary["missing_folds"]:
            missing = ", ".join(map(str, summary["missing_folds"]))
            notes.append(f"{summary['model']}: incomplete, fold {missing} of {_place(summary)} is missing")
    table = text_table(header, rows, numeric=NUMBERS[:-1])
    return "\n".join([table, f"std: ddof {summaries[0]['ddof']}", *notes])


def cross_table(cross: Sequence[Mapping[str, Any]]) -> str:
    """HTER on another data set at the source's dev threshold and at the target's own EER, both labelled."""
    header = ("model", "trained on", "tested on", "level", "HTER %", "AUC %", "threshold", "from")
    rows = []
    for report in cross:
        for values in (report, report["target_eer"]):
            for level, found in _levels(values):
                rows.append(
                    [
                        str(report["model"]),
                        str(report["trained_on"]),
                        _place(report),
                        level,
                        percent(found["hter"]),
                        percent(found["auc"]),
                        exact(found["threshold"]),
                        values["label"].partition(":")[0],
                    ]
                )
    labels = dict.fromkeys(
        label for report in cross for label in (report["label"], report["target_eer"]["label"])
    )
    return "\n".join([text_table(header, rows, numeric=("HTER %", "AUC %", "threshold")), *labels])


def _levels(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The report's own level first."""
    by_level = report.get("by_level") or {report["level"]: report}
    return sorted(by_level.items(), key=lambda item: item[0] != report["level"])


def _place(report: Mapping[str, Any]) -> str:
    fold = f" fold {report['fold']}" if report.get("fold") else ""
    protocol = f" p{report['protocol']}" if report.get("protocol") not in (None, "None", "", "none") else ""
    return f"{report.get('dataset') or ''}{protocol}{fold}"


def _over(summary: Mapping[str, Any]) -> str:
    parts = []
    if len(summary["folds"]) > 1:
        parts.append(f"{len(summary['folds'])} folds")
    if len(summary["seeds"]) > 1:
        parts.append(f"{len(summary['seeds'])} seeds")
    return " x ".join(parts) or "one run"
