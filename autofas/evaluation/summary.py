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
from autofas.evaluation.figures import RATES, Limit, Metrics
from autofas.evaluation.report import csv_text
from autofas.metrics import Level, summarize_folds
from autofas.storage.schema import Schema

DDOF = 0
_SAME = ("model", "kind", "dataset", "trained_on", "protocol", "split", "threshold_rule", "pai_grouping")
COLUMNS = (
    *_SAME, "level", "figure", "mean", "std", "ddof", "over", "folds", "missing_folds", "seeds", "undefined",
    "threshold_provenance",
)  # fmt: skip
_Folds = Mapping[int | None, Metrics]


class Mean(Schema):
    """A figure over runs: mean and std (ddof 0), the values by seed and fold, or why there is none."""

    mean: float | None = None
    std: float | None = None
    values: list[list[float]] | None = None
    undefined: str | None = None


class RunThreshold(Schema):
    """The threshold of one run."""

    run: str
    fold: int | None
    seed: int
    threshold: Limit
    threshold_rule: str


class Summary(Schema):
    """Means of one network on one protocol, by level and figure; `folds` lacks those in `missing_folds`."""

    model: str
    kind: str
    dataset: str
    trained_on: str
    protocol: str
    split: str
    threshold_rule: str
    pai_grouping: str
    runs: list[str]
    folds: list[int]
    missing_folds: list[int]
    seeds: list[int]
    ddof: int = DDOF
    over: str
    level: Level
    threshold_provenance: str
    thresholds: list[RunThreshold]
    figures: dict[Level, dict[str, Mean]]


def summarize(runs: Sequence[Metrics]) -> list[Summary]:
    """A summary for each network and protocol among `runs`.

    Raises MetricError where a fold appears twice with one seed, or a seed has fewer folds than another.
    """
    groups: dict[tuple[Any, ...], list[Metrics]] = {}
    for metrics in runs:
        key = tuple(getattr(metrics, name) for name in (*_SAME, "recipe_sha256"))
        groups.setdefault(key, []).append(metrics)
    return [_summary(group) for group in groups.values()]


def summary_rows(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Summaries as rows of `COLUMNS`, the threshold's origin beside every figure."""
    return [
        {
            **{name: getattr(summary, name) for name in _SAME},
            "level": level,
            "figure": name,
            "mean": value.mean,
            "std": value.std,
            "ddof": DDOF,
            "over": summary.over,
            "folds": " ".join(map(str, summary.folds)),
            "missing_folds": " ".join(map(str, summary.missing_folds)),
            "seeds": " ".join(map(str, summary.seeds)),
            "undefined": value.undefined,
            "threshold_provenance": summary.threshold_provenance,
        }
        for summary in summaries
        for level, found in summary.figures.items()
        for name, value in found.items()
    ]


def summary_text(summaries: Sequence[Summary]) -> str:
    """Summaries as CSV text."""
    return csv_text(COLUMNS, summary_rows(summaries))


def _summary(group: list[Metrics]) -> Summary:
    first = group[0]
    by_seed = _by_seed(group)
    fold_names = sorted({fold for folds in by_seed.values() for fold in folds if fold is not None})
    many_folds, many_seeds = len(fold_names) > 1, len(by_seed) > 1
    over = " then ".join(name for name, many in (("folds", many_folds), ("seeds", many_seeds)) if many)
    levels = [level for level in first.by_level if all(level in metrics.by_level for metrics in group)]
    return Summary(
        **{name: getattr(first, name) for name in _SAME},
        runs=[metrics.run for metrics in group],
        folds=fold_names,
        missing_folds=[
            fold for fold in expected_folds(first.dataset, first.protocol) if fold not in fold_names
        ],
        seeds=sorted(by_seed),
        over=over or "one run",
        level=first.level,
        threshold_provenance=first.threshold_provenance + (", each fold its own" if many_folds else ""),
        thresholds=[
            RunThreshold(**{name: getattr(metrics, name) for name in RunThreshold.model_fields})
            for metrics in group
        ],
        figures={
            level: {name: _mean(by_seed, level, name, many_folds) for name in RATES} for level in levels
        },
    )


def _by_seed(group: Sequence[Metrics]) -> dict[int, _Folds]:
    by_seed: dict[int, dict[int | None, Metrics]] = {}
    for metrics in group:
        folds = by_seed.setdefault(metrics.seed, {})
        if metrics.fold in folds:
            fold = "" if metrics.fold is None else f" fold {metrics.fold}"
            place = f"{metrics.dataset} protocol {metrics.protocol}{fold}"
            raise MetricError(
                f"{metrics.model} on {place} appears twice with seed {metrics.seed} "
                f"({folds[metrics.fold].run} and {metrics.run}); give one of them"
            )
        folds[metrics.fold] = metrics
    most = max(map(len, by_seed.values()))
    uneven = [seed for seed, folds in by_seed.items() if len(folds) != most]
    if uneven:
        raise MetricError(
            f"{group[0].model}: seed {uneven[0]} has fewer folds than another; a mean needs the same folds"
        )
    return dict(by_seed)


def _mean(by_seed: Mapping[int, _Folds], level: Level, name: str, many_folds: bool) -> Mean:
    """Mean and spread of one figure; None with a reason where a fold lacks it or there is one run."""
    listed: list[list[float]] = []
    for seed, folds in by_seed.items():
        values = []
        for position, fold in enumerate(sorted(folds, key=lambda fold: fold or 0), start=1):
            figures = folds[fold].by_level[level]
            value = figures.rate(name)
            if value is None:
                reason = figures.reason(name) or "not measured"
                return Mean(undefined=f"run {position} of seed {seed}: {reason}")
            values.append(value)
        listed.append(values)
    per_seed = [summarize_folds(values) for values in listed]
    mean, std = summarize_folds([mean for mean, _ in per_seed]) if len(per_seed) > 1 else per_seed[0]
    if len(per_seed) == 1 and not many_folds:
        return Mean(mean=mean, values=listed, undefined="one run has no spread")
    return Mean(mean=mean, std=std, values=listed)
