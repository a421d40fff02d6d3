"""Does it help a network on people or sessions left out to balance sessions, or to weigh the worst group up?

Three ways to train one network: rows as they come (classes balanced, the default), every session equally
often within each class (`balance_by`), and group DRO over session and class besides. Its rate is ten times
the default, because these trainings have hundreds of steps where the paper's have ten thousands. Each on
every fold of a protocol and several seeds, with the same seeds for all, so that differences are paired:

    python -m benchmarks.domains --dataset MANIFEST --protocol leave-subjects-out:3 --keep 0.1

`--keep` below 1 skews train and dev, as data that was gathered in passing is: of every second session that
share of the attacks is kept, of the others that share of the bona fide frames, so that session foretells the
class. Test is never thinned. Besides the AUC of all test frames there is that of the worst pair: bona fide
frames of one session against attacks of one session, the least over all pairs; and that of all frames with
light and surroundings of the other class (`benchmarks.swapped`). A second table has the
calibration error and Brier score of the same trainings' test frames before and after each calibration, fitted
to the dev frames. A row a training goes to a CSV file as soon as it is done; `--summary` trains nothing.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autofas.analysis.text_tables import markdown_table, percent
from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.config.train import TrainConfig
from autofas.data.dataset import Dataset, Progress
from autofas.data.opening import OpenedDatasets
from autofas.errors import AutofasError, MetricError
from autofas.evaluation import calibration
from autofas.evaluation.evaluate import evaluate
from autofas.metrics import (
    BONA_FIDE,
    CalibrationKind,
    ScoreTable,
    bpcer_at_apcer,
    eer_threshold,
    error_rates,
    read_scores,
    roc_auc,
)
from autofas.metrics.transfer_thresholds import quantile_threshold
from autofas.runs.provenance import commit
from autofas.training.train import train
from benchmarks.leave_out import append, read_rows
from benchmarks.leave_out_tables import interval
from benchmarks.swapped import swapped

ARMS: dict[str, dict[str, Any]] = {
    "as they come": {},
    "balanced": {"balance_by": "session"},
    "group-dro": {"balance_by": "session", "objective": "group-dro", "group_rate": 0.1},
}
SETTING = ("dataset", "protocol", "augment", "keep")
KEY = (*SETTING, "fold", "seed", "arm")
KINDS: tuple[CalibrationKind, ...] = ("temperature", "isotonic")
WAYS = ("before", *KINDS)
CALIBRATED = ["_".join(parts) for parts in product(("dev", "test"), ("ece", "brier"), WAYS)]
FIGURES = ("auc", "auc_worst_pair", "auc_both_swapped", "bpcer_at_0.01", "acer_quantile", "acer_edge")


class Skewed(OpenedDatasets):
    """Data sets whose train and dev rows are thinned so that the session foretells the class."""

    def __init__(self, keep: float) -> None:
        super().__init__()
        self.keep = keep

    def divided(self, config: DataConfig, progress: Progress | None = None) -> Dataset:
        found = super().divided(config, progress)
        splits = {
            name: rows if name == "test" else skewed(rows, self.keep, config.split_seed)
            for name, rows in found.splits.items()
        }
        return replace(found, splits=splits)


def skewed(rows: pd.DataFrame, keep: float, seed: int) -> pd.DataFrame:
    """Rows of which `keep` is left of attacks in every second session, of bona fide frames in the others."""
    if keep == 1:
        return rows
    place = {name: number for number, name in enumerate(sorted(rows["session"].unique()))}
    odd = rows["session"].map(place).to_numpy() % 2 == 1
    rare = (rows["pai"] == BONA_FIDE).to_numpy() == odd
    drawn = np.random.default_rng(seed).uniform(size=len(rows))
    return rows[~rare | (drawn < keep)]


def jobs(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every training once, all ways of a fold and seed before the next ones."""
    config = DataConfig(dataset=args.dataset, protocol=args.protocol, workers=0)
    name = args.dataset if args.dataset == "synthetic" else Path(args.dataset).resolve().parent.name
    for seed, fold, arm in product(range(args.seeds), OpenedDatasets().folds(config), ARMS):
        yield dict(zip(KEY, (name, args.protocol, args.augment, args.keep, fold, seed, arm), strict=True))


def one(job: Mapping[str, Any], datasets: OpenedDatasets, args: argparse.Namespace) -> dict[str, Any]:
    """Train and judge once: the row of the table."""
    values = {
        "genotype": "results/leave_out/probe.json", "epochs": args.epochs, "batch_size": 32, "input_size": 64,
        "augment": args.augment,
        "optimizer": {"lr": 0.05, "weight_decay": 5e-4, "grad_clip": 5.0, "warmup_epochs": 1},
        "data": {
            "dataset": args.dataset, "protocol": args.protocol, "fold": job["fold"],
            "split_seed": job["seed"], "workers": 0,
        },
        "seed": job["seed"], "threads": 1, "device": "cpu", "runs_dir": str(args.work),
        "checkpoint_every": args.epochs, "checkpoint_minutes": None,
    }  # fmt: skip
    config = TrainConfig.model_validate(values | ARMS[job["arm"]])
    started = time.process_time()
    result = train(config, datasets=datasets)
    evaluate(EvaluateConfig(run=str(result.path), device="cpu", threads=1), datasets=datasets)
    assert result.path is not None
    dev, test = (read_scores(result.path / f"scores-{split}.csv") for split in ("dev", "test"))
    shutil.rmtree(result.path)
    data = datasets.with_crops(config.data, result.network.view.crop_size)
    sessions = data.dataset.split("test")["session"].to_numpy()
    quantile, edge = (find(dev.scores, dev.pais) for find in (quantile_threshold, eer_threshold))
    return {
        **job,
        "auc": roc_auc(test.scores, test.pais),
        "auc_worst_pair": worst_pair(test.scores, np.array(test.pais) == BONA_FIDE, sessions),
        "auc_both_swapped": swapped(result.network, data, {})["auc_both_swapped"],
        "bpcer_at_0.01": bpcer_at_apcer(test.scores, test.pais, 0.01),
        "acer_quantile": error_rates(test.scores, test.pais, quantile).acer,
        "acer_edge": error_rates(test.scores, test.pais, edge).acer,
        **calibrated(dev, test),
        "train_frames": len(data.dataset.split("train")),
        "cpu_seconds": round(time.process_time() - started, 1),
        "commit": commit(),
    }


def calibrated(dev: ScoreTable, test: ScoreTable) -> dict[str, float | str]:
    """Calibration error and Brier score of the frames of both splits, before and after each calibration.

    Empty after a temperature where none fits.
    """
    values: dict[str, float | str] = {}
    for kind in KINDS:
        try:
            found = calibration.report(calibration.fit(kind, dev, "frame"), dev, test, 0.5)
        except MetricError:
            continue
        for split, told in (("dev", found.dev), ("test", found.judged)):
            for figure in ("ece", "brier"):
                values[f"{split}_{figure}_before"] = getattr(told.before, figure)
                values[f"{split}_{figure}_{kind}"] = getattr(told.after, figure)
    return {name: values.get(name, "") for name in CALIBRATED}


def worst_pair(scores: np.ndarray, bona_fide: np.ndarray, sessions: np.ndarray) -> float:
    """The least AUC of bona fide frames of one session against attacks of one session."""
    found = []
    for real, other in product(np.unique(sessions), repeat=2):
        part = (bona_fide & (sessions == real)) | (~bona_fide & (sessions == other))
        if len(set(bona_fide[part])) == 2:
            found.append(roc_auc(scores[part], np.where(bona_fide[part], BONA_FIDE, "attack")))
    return min(found)


def summary(rows: Sequence[Mapping[str, str]]) -> str:
    """A line a setting and way: means, and differences from the rows as they come, with 95 % intervals."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in (*SETTING, "arm")), []).append(row)
    lines = []
    for key, group in groups.items():
        plain = {(row["fold"], row["seed"]): row for row in groups.get((*key[:-1], "as they come"), [])}
        pairs = [
            (row, plain[row["fold"], row["seed"]]) for row in group if (row["fold"], row["seed"]) in plain
        ]
        cells = [*key, str(len(group))]
        for name in FIGURES:
            cells.append(percent(interval([float(row[name]) for row in group])[0]))
            apart = [float(row[name]) - float(other[name]) for row, other in pairs]
            if key[-1] != "as they come" and len(apart) > 1:
                mean, low, high = (f"{100 * value:+.2f}" for value in interval(apart))
                cells[-1] += f" ({mean} [{low}, {high}])"
        lines.append(cells)
    header = (*SETTING, "trained", "n", *FIGURES)
    return markdown_table(header, lines, numeric=("n", *FIGURES))


def calibration_summary(rows: Sequence[Mapping[str, str]]) -> str:
    """A line a setting, split and figure over all trainings: means in hundredths with 95 % intervals."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in SETTING), []).append(row)
    lines = []
    for key, group in groups.items():
        for split, figure in product(("dev", "test"), ("ece", "brier")):
            cells = [*key, str(len(group)), split, figure]
            for way in WAYS:
                cell = f"{split}_{figure}_{way}"
                values = [float(row[cell]) for row in group if row[cell]]
                if not values:
                    cells.append("-")
                    continue
                mean, low, high = (100 * value for value in interval(values))
                cells.append(f"{mean:.2f} [{low:.2f}, {high:.2f}]")
            lines.append(cells)
    header = (*SETTING, "n", "split", "figure", *WAYS)
    return markdown_table(header, lines, numeric=("n", *WAYS))


def main(argv: Sequence[str] | None = None) -> int:
    """Train what has no row yet, and print the table of all rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.domains", description=__doc__)
    parser.add_argument("--dataset", default="synthetic", help="a manifest.csv, or synthetic")
    parser.add_argument("--protocol", default="leave-one-session-out")
    parser.add_argument("--augment", default="session")
    parser.add_argument("--keep", type=float, default=1.0, help="share kept of what foretells the class ill")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path("runs/domains"))
    parser.add_argument("--out", type=Path, default=Path("results/leave_out/domains.csv"))
    parser.add_argument("--most", type=int, help="stop after that many trainings")
    parser.add_argument("--summary", action="store_true", help="train nothing, print the table")
    args = parser.parse_args(argv)
    try:
        if not args.summary:
            run(args)
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = read_rows(args.out)
    print(f"{summary(rows)}\n\n{calibration_summary(rows)}")
    print(f"\nCommits {', '.join(sorted({row['commit'] for row in rows}))}")
    return 0


def run(args: argparse.Namespace) -> None:
    """Train what has no row yet."""
    done = {tuple(row[key] for key in KEY) for row in read_rows(args.out)}
    asked = list(jobs(args))
    missing = [
        job for job in asked if tuple("" if job[key] is None else str(job[key]) for key in KEY) not in done
    ]
    print(f"{len(asked)} trainings, {len(missing)} of them to do", file=sys.stderr)
    datasets = Skewed(args.keep)
    for job in missing[: args.most]:
        row = one(job, datasets, args)
        append(args.out, row)
        shown = (*KEY[4:], *FIGURES[:3], "acer_quantile", "cpu_seconds")
        print("  ".join(f"{key} {row[key]}" for key in shown), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
