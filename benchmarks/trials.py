"""Strategies of searches by trials beside each other: the same trials, epochs, seeds and first points.

    python -m benchmarks.trials results/trials/plan.yaml

A row a finished search goes to rows.csv beside the plan, a row a trial to trials.csv, so an interrupted
comparison goes on where it was. `--summary` trains nothing and writes the table and the picture.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pydantic import Field

from autofas.analysis.axes import style_axes
from autofas.analysis.palette import PALETTE
from autofas.analysis.text_tables import markdown_table, percent
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.config.trial import TrialConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import AutofasError
from autofas.runs.provenance import commit, machine
from autofas.search.search import search
from autofas.search.trials.front import FIRST_SEED
from autofas.search.trials.single import run_trial
from autofas.storage.files import write_text
from autofas.storage.schema import Schema, read_yaml, validated
from benchmarks.rows import append, read_rows

COLOURS = tuple(
    PALETTE[name]
    for name in (
        "random",
        "skip_connect",
        "searched",
        "hand-designed",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "max_pool_3x3",
    )
)


class Plan(Schema):
    """Arms, each keys of a search over the preset quick; the same trials, epochs and seeds for all."""

    question: str
    space: str
    trials: int = Field(ge=1)
    epochs: int = Field(ge=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    judgements: int = Field(ge=1)
    arms: dict[str, dict[str, Any]] = Field(min_length=1)


def config_of(plan: Plan, arm: str, seed: int, work: Path) -> SearchConfig:
    """The configuration of one search."""
    values = {
        "space": plan.space, "trials": plan.trials, "epochs": plan.epochs, "seed": seed, "threads": 1,
        "device": "cpu", "data.workers": 0, "runs_dir": str(work),
        "name": f"{arm.replace(' + ', '-')}-{seed}",
    }  # fmt: skip
    keys = {key: value for key, value in plan.arms[arm].items() if key != "study"}
    nested = {f"study.{key}": value for key, value in plan.arms[arm].get("study", {}).items()}
    return resolve(SearchConfig, "search", preset="quick", flags=values | keys | nested)


def one(
    plan: Plan, arm: str, seed: int, args: argparse.Namespace, datasets: OpenedDatasets
) -> dict[str, Any]:
    """Search once and judge what was found; the row of the search, its trials written beside."""
    config = config_of(plan, arm, seed, args.work)
    folder = args.work / "search" / str(config.name)
    resume = str(folder) if (folder / "study.journal").is_file() else None
    result = search(config, datasets=datasets, resume=resume)
    spent, best = 0.0, 1.0
    for number, row in enumerate(result.results, start=1):
        spent += row["cpu_seconds"]
        best = min(best, row["error"] if row["state"] == "complete" else 1.0)
        append(
            args.out.with_name("trials.csv"),
            {
                "arm": arm, "seed": seed, "trial": number, "state": row["state"], "error": row["error"],
                "best": best, "params": row["params"], "macs": row["macs"], "epochs": row["epochs"],
                "cpu_seconds": round(spent, 2),
            },
        )  # fmt: skip
    values = config.model_dump(mode="json") | {
        "trials": None,
        "strategy": "random",
        "study": {},
        "runs_dir": None,
    }
    genotype = {"genotype": str(Path(str(result.path)) / "genotype.json"), "name": None}
    judged = []
    for place in range(plan.judgements):
        trial = TrialConfig.model_validate(values | genotype | {"seed": FIRST_SEED + place})
        judged.append(1 - run_trial(trial, datasets=datasets).epochs[-1]["arch_auc"])
    return {
        "arm": arm,
        "seed": seed,
        "trials": len(result.results),
        "epochs": sum(row["epochs"] for row in result.results),
        "least_error": best,
        "judged_error": float(np.mean(judged)),
        "params": min(result.results, key=lambda row: (row["error"], row["params"]))["params"],
        "front": len(result.front),
        "cpu_seconds": round(spent, 1),
        "commit": commit(),
    }


def run(plan: Plan, args: argparse.Namespace) -> None:
    """Search what has no row yet: all arms of a seed before the next seed."""
    done = {(row["arm"], row["seed"]) for row in read_rows(args.out)}
    datasets = OpenedDatasets()
    missing = [(arm, seed) for seed in plan.seeds for arm in plan.arms if (arm, str(seed)) not in done]
    for arm, seed in missing[: args.most]:
        row = one(plan, arm, seed, args, datasets)
        append(args.out, row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), file=sys.stderr, flush=True)


def summary(plan: Plan, rows: Sequence[Mapping[str, str]]) -> str:
    """The table: an arm a line, mean and range over the seeds that every arm has."""
    whole = [
        str(s)
        for s in plan.seeds
        if all(any(r["arm"] == a and r["seed"] == str(s) for r in rows) for a in plan.arms)
    ]
    header = (
        "strategy",
        "seeds",
        "trials",
        "epochs",
        "CPU s",
        "least error",
        "judged anew",
        "lowest",
        "highest",
    )
    table = []
    for arm in plan.arms:
        own = [row for row in rows if row["arm"] == arm and row["seed"] in whole]
        if not own:
            continue
        judged = [float(row["judged_error"]) for row in own]
        mean = {
            key: float(np.mean([float(row[key]) for row in own]))
            for key in ("trials", "epochs", "cpu_seconds", "least_error")
        }
        table.append(
            [
                arm,
                str(len(own)),
                f"{mean['trials']:.0f}",
                f"{mean['epochs']:.0f}",
                f"{mean['cpu_seconds']:.0f}",
                percent(mean["least_error"]),
                percent(float(np.mean(judged))),
                percent(min(judged)),
                percent(max(judged)),
            ]
        )
    return markdown_table(header, table, numeric=header[1:])


def draw(plan: Plan, trials: Sequence[Mapping[str, str]], place: Path) -> None:
    """The least error so far against CPU seconds, the mean over seeds and their range."""
    figure = Figure(figsize=(10, 6.25), dpi=160, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.12, 0.89, 0.76))
    for colour, arm in zip(COLOURS, plan.arms, strict=False):
        runs = [
            [
                (float(r["cpu_seconds"]), float(r["best"]))
                for r in trials
                if r["arm"] == arm and r["seed"] == str(seed)
            ]
            for seed in plan.seeds
        ]
        runs = [each for each in runs if each]
        if not runs:
            continue
        grid = np.linspace(0, max(each[-1][0] for each in runs), 300)
        curves = np.array([_steps(each, grid) for each in runs])
        axes.plot(grid, 100 * np.nanmean(curves, axis=0), color=colour, linewidth=1.8, label=arm)
        axes.fill_between(
            grid, 100 * np.nanmin(curves, axis=0), 100 * np.nanmax(curves, axis=0), color=colour, alpha=0.10
        )
    axes.set_xlabel("CPU seconds of trials", fontsize=11)
    axes.set_ylabel("least error so far: 1 - AUC on the architecture half (%)", fontsize=11)
    style_axes(axes)
    figure.legend(
        loc="upper left", bbox_to_anchor=(0.07, 0.965), ncols=len(plan.arms), frameon=False, fontsize=9
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(place, dpi=160)


def _steps(run_: Sequence[tuple[float, float]], grid: Any) -> Any:
    """The least error at every moment; not a number before the first trial has ended."""
    times, values = np.array(run_).T
    places = np.searchsorted(times, grid, side="right") - 1
    return np.where(places < 0, np.nan, values[np.maximum(places, 0)])


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is missing of the plan, then write table and picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trials", description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/trials"), help="the searches")
    parser.add_argument("--out", type=Path, help="the rows (default: the plan's folder, rows.csv)")
    parser.add_argument("--most", type=int, help="stop after that many searches")
    parser.add_argument("--summary", action="store_true", help="train nothing, write table and picture")
    parser.add_argument("--json", action="store_true", help="the rows as one JSON line at the end")
    args = parser.parse_args(argv)
    args.out = args.out or args.plan.parent / "rows.csv"
    try:
        plan = validated(Plan, read_yaml(args.plan), str(args.plan))
        if not args.summary:
            run(plan, args)
    except AutofasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = read_rows(args.out)
    table = summary(plan, rows)
    write_text(args.out.with_suffix(".md"), f"{plan.question}\n\n{table}\n\n{machine()}\n")
    draw(plan, read_rows(args.out.with_name("trials.csv")), args.out.with_name("best_by_seconds.png"))
    print(table)
    if args.json:
        print(json.dumps({"rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
