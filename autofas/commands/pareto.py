"""autofas pareto: plot parameters, MACs or latency against ACER, and print the table behind it.

Latencies are those that `autofas benchmark` measured, from latency.csv beside the leaderboard.
"""

import argparse
from pathlib import Path
from typing import Any

from autofas.commands.common import RUNS_DIR

HELP = "plot parameters, MACs or latency against ACER with the Pareto front, and print the table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="evaluated runs (default: all on the leaderboard)"
    )
    parser.add_argument(
        "--x",
        choices=("params", "macs", "latency"),
        default="params",
        help="horizontal axis (default: params)",
    )
    parser.add_argument(
        "--leaderboard",
        metavar="FILE",
        default=f"{RUNS_DIR}/leaderboard.csv",
        help=f"evaluated runs and their figures (default: {RUNS_DIR}/leaderboard.csv)",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="the picture (default: pareto-<x>.png next to the leaderboard)"
    )
    parser.add_argument("--dataset", help="only rows of this data set (default: any)")
    parser.add_argument("--protocol", help="only rows of this protocol (default: any)")


def run(args: argparse.Namespace) -> Any:
    """Draw and print."""
    from autofas.analysis.latency_table import LATENCY_FILE, PLOTTED, latencies_of
    from autofas.analysis.leaderboard import leaderboard_table, read_leaderboard
    from autofas.analysis.pareto import pareto_front, points_of
    from autofas.analysis.pareto_plot import plot_pareto
    from autofas.errors import DataError
    from autofas.printed import command

    if not Path(args.leaderboard).exists():
        raise DataError(
            f"{args.leaderboard} does not exist; evaluate a trained run first ({command('evaluate', '--run')}"
            " RUN), or name the file with --leaderboard"
        )
    rows = read_leaderboard(args.leaderboard)
    if args.runs:
        rows = _rows_of_runs(rows, [Path(run) for run in args.runs])
    rows = [
        row
        for row in rows
        if (args.dataset in (None, row.dataset)) and (args.protocol in (None, row.protocol))
    ]
    if not rows:
        raise DataError(f"{args.leaderboard} has no rows to plot for these arguments; evaluate a run first")
    out = Path(args.out) if args.out else Path(args.leaderboard).with_name(f"pareto-{args.x}.png")
    latencies = None
    if args.x == "latency":
        latencies = latencies_of(rows, Path(args.leaderboard).with_name(LATENCY_FILE), args.runs)
    plot_pareto(rows, out, args.x, latencies=latencies)
    points = points_of(rows, args.x, latencies)
    front = pareto_front([point.cost for point in points], [point.acer for point in points])
    print(leaderboard_table(rows, "shown"))
    names = [points[index].model for index in front]
    values: dict[str, Any] = {"picture": str(out), "front": names}
    if latencies is not None:
        values["latency_ms"] = {point.model: point.cost for point in points}
        told = ", ".join(f"{point.model} {point.cost:.2f} ms" for point in points)
        print(f"latency  {told} ({PLOTTED}, one thread)")
    print(f"front    {', '.join(names)}")
    print(f"picture  {out}")
    return {**values, "rows": [row.model_dump(mode="json") for row in rows]}


def _rows_of_runs(rows: list[Any], runs: list[Path]) -> list[Any]:
    """The leaderboard's rows that the runs' metrics.json describe."""
    from autofas.errors import RunError
    from autofas.evaluation.figures import read_metrics
    from autofas.storage.folders import closed_folder

    kept = []
    for folder in runs:
        metrics = read_metrics(closed_folder(folder) / "metrics.json")
        keys = ("model", "dataset", "protocol", "fold", "seed", "threshold_rule")
        found = [row for row in rows if all(getattr(row, key) == getattr(metrics, key) for key in keys)]
        if not found:
            raise RunError(f"{folder} is not on the leaderboard; evaluate it again")
        kept += found
    return kept
