"""Does every hand-designed network learn? One small budget for all, on generated faces with depth and ir.

Each network is trained as `autofas train --baseline NAME --preset quick` does (its own loss and view, one
schedule for all) but in batches of 16, which takes twice the steps, and on what its recipe reads: depth for
FeatherNets and the networks of their table, color, or color, depth and ir. It is judged on protocol 1
(sessions 1 and 2 against 3, subjects disjoint) at the dev set's EER threshold. Cost bends the budget, by
rule: a network of more than `--most-macs` at the preset's side takes the smallest side of its recipe; one
that reads depth has `--depth-epochs`, as depth tells a generated sheet from a head at once; and one of more
than `--half-macs` at the side it takes has half its epochs. "Beats chance" asks that even the upper 95 %
bounds (Clopper and Pearson) of pooled APCER and BPCER are below one half on average.

    python -m benchmarks.baselines_learn --device cpu --threads 1 --json

writes results/baselines_learn.csv, .md and .png. A network that was evaluated with the same settings is not
trained again, so an interrupted run goes on where it was, and runs of some --models side by side share work.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from autofas.baselines import BASELINES

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.macs import MacCounter
from autofas.analysis.pareto_plot import plot_pareto
from autofas.analysis.records import leaderboard_row, sample_input
from autofas.analysis.text_tables import count, markdown_table, percent
from autofas.config.evaluate import EvaluateConfig
from autofas.config.recipes import read_recipe, resolve_training
from autofas.errors import AutofasError, ConfigError
from autofas.evaluation.evaluate import evaluate
from autofas.models.build import build
from autofas.runs.provenance import machine
from autofas.storage.files import write_json, write_rows, write_text
from autofas.storage.schema import read_json
from autofas.training.train import train

RESULTS = Path(__file__).resolve().parent.parent / "results"
DONE = "learn.json"


def affordable(name: str, args: argparse.Namespace) -> tuple[int, int]:
    """Side and epochs of a network by what its forward pass costs, as the module's docstring says."""
    side = int(resolve_training(preset="quick", flags={"baseline": name})[0].input_size or 0)
    if args.input_size:
        side = args.input_size
    elif forward_macs(name, side) > args.most_macs:
        side = read_recipe(name).sizes.smallest
    epochs = args.depth_epochs if "depth" in modalities_read(name) else args.epochs
    costly = forward_macs(name, side) > args.half_macs
    return side, max(epochs // 2, 1) if costly else epochs


def modalities_read(name: str) -> tuple[str, ...]:
    """What a network reads by its recipe."""
    own = BASELINES[name].modalities
    return own if len(own) > 1 else tuple(read_recipe(name).train.get("data", {}).get("modalities", own))


@lru_cache
def forward_macs(name: str, side: int) -> int:
    """MACs of one sample at a side, on shapes alone."""
    with torch.device("meta"), torch.no_grad():
        network = build(name, input_size=side).eval()
        with MacCounter(network) as counter:
            network.body(sample_input(network))
    return counter.layers + counter.products


def settings(name: str, args: argparse.Namespace, options: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What one training's outcome depends on, as flags of `autofas train`."""
    train_users, dev_users, test_users = args.users
    side, epochs = affordable(name, args)
    flags: dict[str, Any] = {
        "baseline": name,
        "epochs": epochs,
        "batch_size": args.batch,
        "input_size": side,
        "seed": args.seed,
        "device": args.device,
        "threads": args.threads,
        "data.dataset": "synthetic",
        "data.workers": args.workers,
        "data.synthetic.train_users": train_users,
        "data.synthetic.dev_users": dev_users,
        "data.synthetic.test_users": test_users,
        "data.synthetic.frames_per_video": args.frames,
        "runs_dir": str(args.work),
        "checkpoint_every": epochs,  # a large network's is over a gigabyte
    }
    if modalities_read(name) == ("depth",):
        flags["data.modalities"] = ["depth"]
    if options:
        flags["options"] = dict(options)
    return flags


def learn(label: str, flags: Mapping[str, Any], quiet: bool) -> dict[str, Any]:
    """Train and judge one network, or read what an earlier call found with the same settings."""
    folder = Path(flags["runs_dir"]) / "train" / label
    asked = {key: value for key, value in flags.items() if key not in ("runs_dir", "threads", "data.workers")}
    if (folder / DONE).is_file():
        found = read_json(folder / DONE)
        if found["asked"] == asked:
            return dict(found)
    if folder.exists():
        shutil.rmtree(folder)  # cut short, or of other settings
    config, notes = resolve_training(preset="quick", flags={**flags, "name": label})
    started, cpu_started = time.perf_counter(), time.process_time()
    result = train(config, quiet=quiet, notes=notes)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    evaluation = evaluate(EvaluateConfig(run=str(result.path), device=config.device, threads=config.threads))
    row = leaderboard_row(evaluation).model_copy(update={"model": label})
    figures = evaluation.figures
    bounds = figures.intervals_95
    upper = (bounds["apcer_pooled"][1] + bounds["bpcer"][1]) / 2
    found = {
        "asked": asked,
        "leaderboard": row.model_dump(mode="json"),
        "train_seconds": round(sum(epoch["seconds"] for epoch in result.results), 1),
        "total_seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "epochs": len(result.results),
        "upper_95": upper,
        "machine": machine(),
        "device": _device_name(next(result.network.parameters()).device.type),
    }
    write_json(folder / DONE, found)
    return found


def report(
    found: Sequence[Mapping[str, Any]], args: argparse.Namespace, command: str
) -> list[dict[str, Any]]:
    """Write baselines_learn.{csv,md,png} and return the rows."""
    rows = []
    for one in found:
        board = one["leaderboard"]
        rows.append(
            {
                "model": board["model"],
                "input": board["input"],
                "acer": board["acer"],
                "apcer": board["apcer"],
                "bpcer": board["bpcer"],
                "auc": board["auc"],
                "upper_95": one["upper_95"],
                "beats_chance": one["upper_95"] < 0.5,
                "params": board["params"],
                "macs": board["macs"],
                "train_seconds": one["train_seconds"],
                "cpu_seconds": one["cpu_seconds"],
                "epochs": one["epochs"],
                "seed": board["seed"],
                "device": one["device"],
                "machine": one["machine"],
                "commit": board["commit"],
            }
        )
    rows.sort(key=lambda row: (row["acer"], row["params"]))
    args.out.mkdir(parents=True, exist_ok=True)
    write_rows(args.out / "baselines_learn.csv", rows)
    write_text(args.out / "baselines_learn.md", _page(rows, args, command))
    board_rows = [LeaderboardRow.model_validate(one["leaderboard"]) for one in found]
    title = "Hand-designed networks on generated faces, each on the modalities of its recipe"
    plot_pareto(board_rows, args.out / "baselines_learn.png", "params", title)
    return rows


def _page(rows: Sequence[Mapping[str, Any]], args: argparse.Namespace, command: str) -> str:
    header = (
        "model",
        "input",
        "ACER %",
        "APCER %",
        "BPCER %",
        "AUC",
        "bound %",
        "beats chance",
        "params",
        "MACs",
        "epochs",
        "seconds",
        "CPU s",
    )
    lines = [
        (
            row["model"],
            row["input"],
            percent(row["acer"]),
            percent(row["apcer"]),
            percent(row["bpcer"]),
            f"{row['auc']:.3f}",
            percent(row["upper_95"], 1),
            "yes" if row["beats_chance"] else "no",
            count(row["params"]),
            count(row["macs"]),
            str(row["epochs"]),
            f"{row['train_seconds']:.0f}",
            f"{row['cpu_seconds']:.0f}",
        )
        for row in rows
    ]
    users = "/".join(map(str, args.users))
    places = sorted({f"{row['device']} ({row['machine']})" for row in rows})
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    return (
        "# Does every hand-designed network learn?\n\n"
        f"`{command}`\n\n"
        f"Generated faces, protocol 1: {users} train/dev/test people, {args.frames} frame(s) a video; "
        f"the quick preset in batches of {args.batch}, each network on the modalities of its recipe; "
        f"{args.epochs} epochs, {args.depth_epochs} for those that read depth, half of either where a "
        f"forward pass costs more than {args.half_macs / 1e9:g} GMACs; the recipe's smallest side where "
        f"one at the preset's costs more than {args.most_macs / 1e9:g} GMACs; seed {args.seed}; on "
        f"{'; '.join(places)}; commit {commits}. ACER a video at the dev set's EER threshold, chance is "
        "50 %; the bound is the mean of the upper 95 % bounds of pooled APCER and BPCER. Seconds are "
        "of training alone, by the wall, on a machine that others used too; CPU seconds are of the "
        "whole run, with reading and dev passes.\n\n"
        "In depth and infrared a generated sheet or screen is flat, so networks that read them solve "
        "an easier task than those that read color alone. Figures on generated faces say nothing about "
        "real attacks, and with inputs this small and a budget this short nothing about which network "
        "is best.\n\n"
        f"{markdown_table(header, lines, numeric=header[2:7] + header[8:])}\n"
    )


def _device_name(kind: str) -> str:
    if kind == "cuda":
        return torch.cuda.get_device_name()
    return kind


def add_budget_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments this benchmark shares with the FeatherNet ablation."""
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--depth-epochs", type=int, default=2, help="of networks that read depth")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--most-macs", type=float, default=1e9, help="above: the recipe's smallest side")
    parser.add_argument("--half-macs", type=float, default=3e8, help="above: half the epochs")
    parser.add_argument("--users", type=int, nargs=3, default=(8, 6, 6), metavar=("TRAIN", "DEV", "TEST"))
    parser.add_argument("--frames", type=int, default=1, help="frames a video")
    parser.add_argument("--input-size", type=int, help="one side for all, in place of the preset's")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int, default=2, help="processes that draw and decode faces")
    parser.add_argument(
        "--work", type=Path, default=Path("runs/baselines_learn"), help="run folders go there"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")
    parser.add_argument("--quiet", action="store_true")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; 1 where a network could not be trained."""
    parser = argparse.ArgumentParser(prog="benchmarks.baselines_learn", description=__doc__.split("\n")[0])
    parser.add_argument("--models", default=",".join(BASELINES), help="names, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    add_budget_arguments(parser)
    args = parser.parse_args(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    found, failed = [], {}
    for name in args.models.split(","):
        try:
            if name not in BASELINES:
                raise ConfigError(f"baseline {name} does not exist; choose from {', '.join(BASELINES)}")
            found.append(learn(name, settings(name, args), args.quiet))
        except AutofasError as exc:
            failed[name] = str(exc)
            print(f"{name}: {exc}", file=sys.stderr)
            continue
        board = found[-1]["leaderboard"]
        print(f"{name:<26} ACER {percent(board['acer'])} %  {found[-1]['train_seconds']} s", flush=True)
    rows = report(found, args, f"python -m benchmarks.baselines_learn {' '.join(words)}") if found else []
    if args.json:
        print(json.dumps({"rows": rows, "failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
