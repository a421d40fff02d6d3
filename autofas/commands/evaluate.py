"""autofas evaluate: score trained runs and judge them at a threshold whose origin is printed."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.evaluation.figures import Metrics
    from autofas.evaluation.summary import Summary

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
    "calibration": "calibration",
    "count_non_responses": "count_non_responses",
    "device": "device",
    "threads": "threads",
    "cross": "cross.dataset",
    "cross_root": "cross.data_root",
    "cross_protocol": "cross.protocol",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.data import SplitName
    from autofas.config.evaluate import EvaluateConfig

    group = parser.add_argument_group("evaluation")
    group.add_argument(
        "--run", metavar="DIR", nargs="+", required=True, help="run folders, such as those of all folds"
    )
    group.add_argument(
        "--baseline", metavar="FILE.py:FACTORY", help="run this code, which built the network (default: none)"
    )
    split = common.usual(EvaluateConfig, "split")
    group.add_argument("--split", choices=get_args(SplitName), help=f"split to score ({split})")
    common.add_judging_arguments(group)
    group.add_argument(
        "--count-non-responses",
        action="store_true",
        help="report APNRR and BPNRR, where prepare found no face (default: faces alone are judged)",
    )
    common.add_calibration_argument(
        group,
        "fit a map from scores to probabilities to the dev scores, keep it beside the weights and say how "
        "good it is; no score, threshold or verdict changes (default: none)",
    )
    group.add_argument(
        "--leaderboard",
        metavar="FILE",
        help="file that the figures are added to (default: leaderboard.csv in the runs folder)",
    )
    group.add_argument(
        "--out",
        metavar="STEM",
        help="write everything to STEM.json, means and deviations to STEM.csv (default: to the run folders)",
    )
    cross = parser.add_argument_group("cross-data-set test")
    other = common.usual(EvaluateConfig, "cross", "no such test")
    cross.add_argument(
        "--cross", metavar="NAME|FILE", help=f"another data set, a name or a manifest.csv ({other})"
    )
    cross.add_argument(
        "--cross-root",
        metavar="DIR",
        help="its folder (default: none; every named set but synthetic needs it)",
    )
    cross.add_argument(
        "--cross-protocol", help="protocol that selects its test rows (default: its split column)"
    )
    common.add_data_arguments(parser)
    common.add_machine_arguments(parser)


def _permit(code: str) -> None:
    """Let the code that is named run in this process."""
    from autofas.models.own_network import name_code

    name_code(code)


def run(args: argparse.Namespace) -> Any:
    """Evaluate every run; with several, the mean and standard deviation of each network's folds and seeds."""
    from autofas.commands.figure_tables import (
        breakdown_table,
        calibration_table,
        cross_table,
        figures_table,
        row_of,
        summary_table,
    )
    from autofas.evaluation.summary import summarize

    if args.baseline:
        _permit(args.baseline)
    runs, crossed, notes = _evaluated(args)
    print(figures_table([row_of(metrics) for metrics in runs]))
    values: dict[str, Any] = runs[0].to_json()
    if len(runs) == 1:
        print(f"\n{breakdown_table(runs[0].breakdown)}")
    summaries = summarize(runs)
    if len(runs) > 1:
        values = {"runs": [metrics.to_json() for metrics in runs]}
        values["summaries"] = [summary.model_dump(mode="json") for summary in summaries]
        if shown := [summary for summary in summaries if len(summary.runs) > 1]:
            print(f"\n{summary_table(shown)}")
    if crossed:
        values["cross"] = [metrics.to_json() for metrics in crossed]
        print(f"\n{cross_table(crossed)}")
    if calibrated := [metrics for metrics in (*runs, *crossed) if metrics.calibration is not None]:
        print(f"\n{calibration_table(calibrated)}")
    for note in notes:
        print(f"note: {note}")
    if args.out:
        _write(args.out, values, summaries)
    return values


def _evaluated(args: argparse.Namespace) -> tuple[list["Metrics"], list["Metrics"], list[str]]:
    """Figures of every run, those of --cross, and notes; rows go to the leaderboard."""
    from autofas.analysis.leaderboard import append_leaderboard
    from autofas.analysis.records import leaderboard_row
    from autofas.config.evaluate import EvaluateConfig
    from autofas.config.resolve import resolve
    from autofas.data.opening import OpenedDatasets
    from autofas.deploy.card import write_card
    from autofas.errors import ConfigError
    from autofas.evaluation.evaluate import evaluate
    from autofas.models.weights import WEIGHTS_FILE
    from autofas.runtime.launch import launched

    if args.cross is None and (args.cross_root or args.cross_protocol):
        raise ConfigError(
            "--cross-root and --cross-protocol describe the data set of --cross; give --cross too"
        )
    folders = [Path(folder).resolve() for folder in args.run]
    for number, folder in enumerate(folders):
        if folder in folders[:number]:
            raise ConfigError(f"--run names {args.run[number]} twice; give it once")
    runs, crossed, notes = [], [], []
    datasets = OpenedDatasets()
    for folder in args.run:
        flags = {"run": folder, **common.flags(args, KEYS)}
        config = resolve(EvaluateConfig, "evaluate", flags=flags)
        evaluation = evaluate(config, quiet=args.quiet, datasets=datasets)
        figures = evaluation.figures
        runs.append(figures)
        if evaluation.cross is not None:
            crossed.append(evaluation.cross)
        if not launched().first or config.split != "test":
            continue  # figures of train and dev are no results
        if config.data is None:
            write_card(Path(folder), (Path(folder) / WEIGHTS_FILE).parent, datasets=datasets)
        if figures.acer is None:  # a board takes no figure that is undefined
            notes.append(f"{folder} is not on the leaderboard: {figures.undefined['acer']}")
            continue
        place = Path(args.leaderboard) if args.leaderboard else leaderboard_of(Path(folder))
        append_leaderboard(place, [leaderboard_row(evaluation)], replace=True)
    return runs, crossed, notes


def _write(stem: str, values: dict[str, Any], summaries: list["Summary"]) -> None:
    from autofas.evaluation.figures import METRICS_VERSION
    from autofas.evaluation.summary import summary_text
    from autofas.runtime.launch import launched
    from autofas.storage.files import write_json, write_text

    if launched().first:
        write_json(Path(f"{stem}.json"), {"schema_version": METRICS_VERSION, **values})
        write_text(Path(f"{stem}.csv"), summary_text(summaries))
        print(f"written  {stem}.json, {stem}.csv")


def leaderboard_of(run: Path) -> Path:
    """runs/leaderboard.csv for a run folder runs/train/name."""
    return run.resolve().parent.parent / "leaderboard.csv"
