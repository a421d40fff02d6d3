"""autofas demo: search, retraining, baselines, leaderboard and Pareto plot on generated faces."""

import argparse
from typing import Any

HELP = "the whole pipeline on generated faces; a few minutes on two cores"
BASELINES = ("feathernet_b", "resnet18_se")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--runs-dir", metavar="DIR", default="runs/demo", help="default: runs/demo")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice (default: 0)")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="default: auto, a GPU if there is one",
    )
    parser.add_argument("--threads", type=int, help="torch threads (default: one per free core)")


def run(args: argparse.Namespace) -> Any:
    """Call the verbs one after the other, as a person would."""
    import time

    started = time.perf_counter()
    common = ["--dataset", "synthetic", "--preset", "quick", "--runs-dir", args.runs_dir]
    common += ["--seed", str(args.seed), "--device", args.device]
    common += ["--threads", str(args.threads)] if args.threads else []
    quiet = ["--quiet"] if args.quiet else []
    searched = args.call(["search", *common, *quiet, "--name", "searched"])
    drawn = args.call(["search", *common, *quiet, "--name", "random", "--strategy", "random"])
    trained = []
    for genotype in (searched["genotype"], drawn["genotype"]):
        trained.append(args.call(["train", *common, *quiet, "--genotype", genotype]))
    for name in BASELINES:
        trained.append(args.call(["train", *common, *quiet, "--baseline", name]))
    runs = [report["run"] for report in trained]
    figures = args.call(["evaluate", *quiet, "--run", *runs])
    leaderboard = f"{args.runs_dir}/leaderboard.csv"
    pareto = args.call(["pareto", *runs, "--leaderboard", leaderboard])
    print(f"done in {time.perf_counter() - started:.0f} s")
    return {"search": searched, "train": trained, "evaluate": figures, "pareto": pareto}
