"""autofas evaluate: score trained runs and judge them at a threshold whose origin is printed."""

import argparse
from pathlib import Path
from typing import Any, get_args

from autofas.commands import common

HELP = (
    "score trained runs on a split: APCER, BPCER, ACER at the dev threshold, over folds or across data sets"
)
KEYS = {
    **common.DATA_KEYS,
    "split": "split",
    "threshold": "threshold",
    "threshold_value": "threshold_value",
    "pais": "pai_grouping",
    "level": "level",
    "device": "device",
    "threads": "threads",
    "cross": "cross.dataset",
    "cross_root": "cross.data_root",
    "cross_protocol": "cross.protocol",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.data import SplitName

    group = parser.add_argument_group("evaluation")
    group.add_argument(
        "--run", metavar="DIR", nargs="+", required=True, help="run folders, such as those of all folds"
    )
    group.add_argument("--split", choices=get_args(SplitName), help="split to score (default: test)")
    common.add_judging_arguments(group)
    group.add_argument("--leaderboard", metavar="FILE", help="default: leaderboard.csv in the runs folder")
    group.add_argument(
        "--out", metavar="STEM", help="write everything to STEM.json, means and deviations to STEM.csv"
    )
    cross = parser.add_argument_group("cross-data-set test")
    cross.add_argument("--cross", metavar="NAME|FILE", help="another data set, a name or a manifest.csv")
    cross.add_argument("--cross-root", metavar="DIR", help="its folder")
    cross.add_argument(
        "--cross-protocol", help="protocol that selects its test rows (default: its split column)"
    )
    common.add_data_arguments(parser)
    common.add_machine_arguments(parser)


def run(args: argparse.Namespace) -> Any:
    """Evaluate every run; with several, the mean and standard deviation of each network's folds and seeds."""
    from autofas.analysis.leaderboard import append_leaderboard
    from autofas.analysis.records import leaderboard_row
    from autofas.commands.figure_tables import breakdown_table, cross_table, figures_table, summary_table
    from autofas.config.evaluate import EvaluateConfig
    from autofas.config.resolve import resolve
    from autofas.deploy.card import write_card
    from autofas.errors import ConfigError
    from autofas.evaluation.evaluate import evaluate
    from autofas.evaluation.report import METRICS_VERSION
    from autofas.evaluation.summary import summarize, summary_text
    from autofas.models.weights import WEIGHTS_FILE
    from autofas.runtime.launch import launched
    from autofas.storage.files import write_json, write_text

    if args.cross is None and (args.cross_root or args.cross_protocol):
        raise ConfigError(
            "--cross-root and --cross-protocol describe the data set of --cross; give --cross too"
        )
    reports, crossed, notes = [], [], []
    for folder in args.run:
        flags = {"run": folder, **common.flags(args, KEYS)}
        config = resolve(EvaluateConfig, "evaluate", flags=flags)
        evaluation = evaluate(config, quiet=args.quiet)
        reports.append(evaluation.figures)
        if evaluation.cross is not None:
            crossed.append(evaluation.cross)
        if not launched().first:
            continue
        if config.split == "test" and config.data is None:
            write_card(Path(folder), (Path(folder) / WEIGHTS_FILE).parent)
        # figures of train and dev are no results, and a board takes no figure that is undefined
        if config.split == "test" and evaluation.figures["acer"] is not None:
            place = Path(args.leaderboard) if args.leaderboard else leaderboard_of(Path(folder))
            append_leaderboard(place, [leaderboard_row(evaluation)], replace=True)
        elif config.split == "test":
            notes.append(f"{folder} is not on the leaderboard: {evaluation.figures['undefined']['acer']}")
    print(figures_table(reports))
    values: dict[str, Any] = reports[0] if len(reports) == 1 else {"runs": reports}
    if len(reports) == 1:
        print(f"\n{breakdown_table(reports[0]['breakdown'])}")
    summaries = summarize(reports)
    if len(reports) > 1:
        values["summaries"] = summaries
        if shown := [summary for summary in summaries if len(summary["runs"]) > 1]:
            print(f"\n{summary_table(shown)}")
    if crossed:
        values = {**values, "cross": crossed}
        print(f"\n{cross_table(crossed)}")
    for note in notes:
        print(f"note: {note}")
    if args.out and launched().first:
        write_json(Path(f"{args.out}.json"), {"schema_version": METRICS_VERSION, **values})
        write_text(Path(f"{args.out}.csv"), summary_text(summaries))
        print(f"written  {args.out}.json, {args.out}.csv")
    return values


def leaderboard_of(run: Path) -> Path:
    """runs/leaderboard.csv for a run folder runs/train/name."""
    return run.resolve().parent.parent / "leaderboard.csv"
