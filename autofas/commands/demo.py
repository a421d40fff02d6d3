"""autofas demo: search, retraining, baselines, leaderboard and Pareto plot on generated faces."""

import argparse
from typing import Any

from autofas.commands import common

HELP = "the whole pipeline on generated faces; a few minutes on two cores"
BASELINES = ("feathernet_b", "shufflenet_v2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "--runs-dir", metavar="DIR", default="runs/demo", help="where run folders go (default: runs/demo)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice (default: 0)")
    common.add_machine_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Call the verbs one after the other, as a person would."""
    import time

    started = time.perf_counter()
    shared = ["--dataset", "synthetic", "--preset", "quick", "--runs-dir", args.runs_dir]
    shared += ["--seed", str(args.seed)]
    shared += ["--device", args.device] if args.device else []
    shared += ["--threads", str(args.threads)] if args.threads else []
    quiet = ["--quiet"] if args.quiet else []
    searched = args.call(["search", *shared, *quiet, "--name", "searched"])
    drawn = args.call(["search", *shared, *quiet, "--name", "random", "--strategy", "random"])
    trained = []
    for genotype in (searched["genotype"], drawn["genotype"]):
        trained.append(args.call(["train", *shared, *quiet, "--genotype", genotype]))
    for name in BASELINES:
        trained.append(args.call(["train", *shared, *quiet, "--baseline", name]))
    runs = [report["run"] for report in trained]
    figures = args.call(["evaluate", *quiet, "--run", *runs])
    leaderboard = f"{args.runs_dir}/leaderboard.csv"
    pareto = args.call(["pareto", *runs, "--leaderboard", leaderboard])
    differences = [args.call(["compare", runs[0], other, "--brief", *quiet]) for other in runs[1:3]]
    print("one seed and generated faces: no figure here says anything about real attacks")
    print(f"done in {time.perf_counter() - started:.0f} s")
    return {
        "search": searched,
        "train": trained,
        "evaluate": figures,
        "pareto": pareto,
        "compare": differences,
    }
