"""Several runs of one network on one protocol as one figure: mean and std over folds and seeds.

OULU-NPU's protocols 3 and 4 are six folds; the figure is the mean over folds of each fold's own figure at its
own dev threshold, the spread the population standard deviation (ddof 0, the folds are all there are). Several
seeds of a fold protocol are first averaged over folds, then over seeds. One run alone has no spread: its
standard deviation is None with the reason, not 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from autofas.data.catalog import expected_folds
from autofas.errors import MetricError
from autofas.evaluation.report import RATES, csv_text
from autofas.metrics import summarize_folds

DDOF = 0
_SAME = ("model", "kind", "dataset", "trained_on", "protocol", "split", "threshold_rule", "pai_grouping")
COLUMNS = (
    *_SAME, "level", "figure", "mean", "std", "ddof", "over", "folds", "missing_folds", "seeds", "undefined",
    "threshold_provenance",
)  # fmt: skip


def summarize(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A summary for each network and protocol among `reports` (the values of metrics.json).

    `figures[level][name]` has mean, std (ddof 0), the values in order of `runs`, and `undefined`. Raises
    MetricError where a fold appears twice with one seed.
    """
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for values in reports:
        key = tuple(values[name] for name in (*_SAME, "recipe_sha256"))
        groups.setdefault(key, []).append(values)
    return [_summary(group) for group in groups.values()]


def summary_rows(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Summaries as rows of `COLUMNS`, the threshold's origin beside every figure."""
    rows = []
    for summary in summaries:
        shared = {name: summary[name] for name in _SAME}
        for level, found in summary["figures"].items():
            for name, value in found.items():
                rows.append(
                    {
                        **shared,
                        "level": level,
                        "figure": name,
                        "mean": value["mean"],
                        "std": value["std"],
                        "ddof": DDOF,
                        "over": summary["over"],
                        "folds": " ".join(map(str, summary["folds"])),
                        "missing_folds": " ".join(map(str, summary["missing_folds"])),
                        "seeds": " ".join(map(str, summary["seeds"])),
                        "undefined": value["undefined"],
                        "threshold_provenance": summary["threshold_provenance"],
                    }
                )
    return rows


def summary_text(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Summaries as CSV text."""
    return csv_text(COLUMNS, summary_rows(summaries))


def _summary(group: list[Mapping[str, Any]]) -> dict[str, Any]:
    first = group[0]
    by_seed: dict[Any, dict[Any, Mapping[str, Any]]] = {}
    for values in group:
        folds = by_seed.setdefault(values["seed"], {})
        if values["fold"] in folds:
            place = f"{values['dataset']} protocol {values['protocol']} fold {values['fold']}"
            raise MetricError(
                f"{values['model']} on {place} appears twice with seed {values['seed']} "
                f"({folds[values['fold']]['run']} and {values['run']}); give one of them"
            )
        folds[values["fold"]] = values
    fold_names = sorted({fold for folds in by_seed.values() for fold in folds if fold is not None})
    uneven = [seed for seed, folds in by_seed.items() if len(folds) != max(map(len, by_seed.values()))]
    if uneven:
        raise MetricError(
            f"{first['model']}: seed {uneven[0]} has fewer folds than another; a mean needs the same folds"
        )
    expected = expected_folds(str(first["dataset"]), str(first["protocol"]))
    many_folds, many_seeds = len(fold_names) > 1, len(by_seed) > 1
    over = " then ".join(name for name, many in (("folds", many_folds), ("seeds", many_seeds)) if many)
    levels = [level for level in first["by_level"] if all(level in values["by_level"] for values in group)]
    return {
        **{name: first[name] for name in _SAME},
        "runs": [values["run"] for values in group],
        "folds": fold_names,
        "missing_folds": [fold for fold in expected if fold not in fold_names],
        "seeds": sorted(by_seed),
        "ddof": DDOF,
        "over": over or "one run",
        "level": first["level"],
        "threshold_provenance": first["threshold_provenance"] + (", each fold its own" if many_folds else ""),
        "thresholds": [
            {name: values[name] for name in ("run", "fold", "seed", "threshold", "threshold_rule")}
            for values in group
        ],
        "figures": {
            level: {name: _figure(by_seed, level, name, many_folds) for name in RATES} for level in levels
        },
    }


def _figure(
    by_seed: Mapping[Any, Mapping[Any, Mapping[str, Any]]], level: str, name: str, many_folds: bool
) -> dict[str, Any]:
    """Mean and spread of one figure; None with a reason where a fold lacks it or there is one run."""
    values = {
        seed: [folds[fold]["by_level"][level] for fold in sorted(folds, key=lambda fold: fold or 0)]
        for seed, folds in by_seed.items()
    }
    for seed, found in values.items():
        for position, figures in enumerate(found, start=1):
            if figures[name] is None:
                reason = f"run {position} of seed {seed}: {figures['undefined'].get(name, 'not measured')}"
                return {"mean": None, "std": None, "values": None, "undefined": reason}
    per_seed = [summarize_folds([figures[name] for figures in found]) for found in values.values()]
    listed = [[figures[name] for figures in found] for found in values.values()]
    if len(per_seed) > 1:
        mean, std = summarize_folds([mean for mean, _ in per_seed])
    else:
        mean, std = per_seed[0]
    alone = len(per_seed) == 1 and not many_folds
    return {
        "mean": mean,
        "std": None if alone else std,
        "values": listed,
        "undefined": "one run has no spread" if alone else None,
    }
