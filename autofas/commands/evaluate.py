"""autofas evaluate: score trained runs and judge them at a threshold whose origin is printed."""

import argparse
from pathlib import Path
from typing import Any

from autofas.commands import common

HELP = "score trained runs on a split: APCER, BPCER, ACER at the dev threshold"
KEYS = {
    **common.DATA_KEYS,
    "split": "split",
    "threshold": "threshold",
    "threshold_value": "threshold_value",
    "pais": "pai_grouping",
    "level": "level",
    "device": "device",
    "threads": "threads",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    group = parser.add_argument_group("evaluation")
    group.add_argument("--run", metavar="DIR", nargs="+", required=True, help="run folders")
    group.add_argument("--split", choices=("train", "dev", "test"))
    group.add_argument("--threshold", choices=("dev-eer", "dev-min-acer", "fixed", "test-eer"))
    group.add_argument("--threshold-value", type=float, help="the threshold of --threshold fixed")
    group.add_argument("--pais", choices=("family", "instrument"), help="what APCER takes its maximum over")
    group.add_argument("--level", choices=("video", "frame"))
    group.add_argument("--leaderboard", metavar="FILE", help="default: leaderboard.csv beside the runs")
    common.add_data_arguments(parser)
    common.add_machine_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Evaluate every run; with several, their mean and standard deviation too."""
    from autofas.analysis.leaderboard import append_leaderboard
    from autofas.analysis.records import leaderboard_row
    from autofas.commands.tables import figures_table
    from autofas.config import EvaluateConfig, resolve
    from autofas.evaluation.figures import mean_and_std
    from autofas.evaluation.run import evaluate

    reports = []
    for folder in args.run:
        flags = {"run": folder, **common.flags(args, KEYS)}
        config = resolve(EvaluateConfig, "evaluate", flags=flags)
        evaluation = evaluate(config, quiet=args.quiet)
        reports.append(evaluation.figures)
        # figures of train and dev are no results
        if config.split == "test":
            place = Path(args.leaderboard) if args.leaderboard else leaderboard_of(Path(folder))
            append_leaderboard(place, [leaderboard_row(evaluation)], replace=True)
    print(figures_table(reports))
    if len(reports) == 1:
        return reports[0]
    names = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc", "eer")
    return {"runs": reports, "mean_std_ddof0": mean_and_std(reports, names)}


def leaderboard_of(run: Path) -> Path:
    """runs/leaderboard.csv for a run folder runs/train/name."""
    return run.resolve().parent.parent / "leaderboard.csv"
