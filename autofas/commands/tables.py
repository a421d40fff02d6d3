"""The figures of evaluations as a terminal table."""

from collections.abc import Sequence
from typing import Any

from autofas.analysis.tables import percent, text_table

RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc")
NUMBERS = ("APCER %", "pooled %", "BPCER %", "ACER %", "HTER %", "AUC %", "threshold")
HEADER = ("model", "data", "split", *NUMBERS)


def figures_table(reports: Sequence[dict[str, Any]]) -> str:
    """A line a report, and below it where each threshold comes from."""
    rows = []
    for report in reports:
        fold = f" fold {report['fold']}" if report.get("fold") else ""
        protocol = f" p{report['protocol']}" if report.get("protocol") not in (None, "None") else ""
        rows.append(
            [
                str(report.get("model", "")),
                f"{report.get('dataset', '')}{protocol}{fold}",
                str(report.get("split", "")),
                *(percent(report[name]) for name in RATES),
                f"{report['threshold']:.4f}",
            ]
        )
    table = text_table(HEADER, rows, numeric=NUMBERS)
    origins = sorted({f"threshold: {report['threshold_provenance']}" for report in reports})
    instruments = ", ".join(sorted(reports[0]["apcer_by_pai"]))
    origins.append(f"APCER: worst of {instruments}; rates per {reports[0]['level']}")
    return "\n".join([table, *origins])
