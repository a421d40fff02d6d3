"""Run folders with figures, as far as tables read them."""

import json
from pathlib import Path
from typing import Any

from autofas.evaluation.figures import TargetReport
from tests.evaluation.evaluation_files import made_metrics, made_report


def run_folder(root: Path, name: str, cross: str | None = None, **changes: Any) -> Path:
    """A run folder with the metrics file that evaluate would write, figures made up."""
    figures = {
        "apcer": 0.2, "apcer_pooled": 0.1, "bpcer": 0.04, "acer": 0.12, "hter": 0.07, "eer": 0.05, "auc": 0.9,
        "tpr_at_fpr": {"0.01": 0.5, "0.001": 0.25, "0.0001": None},
        "undefined": {"tpr_at_fpr 0.0001": "not resolvable"},
    } | changes.pop("figures", {})  # fmt: skip
    values: dict[str, Any] = {
        "model": "deeppixbis", "kind": "hand-designed", "supervision": "deeppixbis", "dataset": "synthetic",
        "source": "synthetic", "protocol": "1", "trained_on": "synthetic",
    }  # fmt: skip
    if cross:
        own = made_report(**{**figures, "hter": 0.06})
        values |= {"label": "source-dev", "target_eer": TargetReport(**dict(own), label="target-EER")}
    folder = root / name
    folder.mkdir(exist_ok=True)
    place = folder / (f"metrics-cross-{cross}.json" if cross else "metrics.json")
    place.write_text(json.dumps(made_metrics(figures, **(values | changes)).to_json()))
    return folder
