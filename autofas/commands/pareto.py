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
        help="evaluated runs and their figures (default: leaderboard.csv where the runs are)",
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

    runs = [Path(run) for run in args.runs]
    boards = _boards(args.leaderboard, runs)
    for board in boards:
        if not board.exists():
            raise DataError(
                f"{board} does not exist; evaluate a trained run first ({command('evaluate', '--run')}"
                " RUN), or name the file with --leaderboard"
            )
    rows = [row for board in boards for row in read_leaderboard(board)]
    if runs:
        rows = _rows_of_runs(rows, runs)
    rows = [
        row
        for row in rows
        if (args.dataset in (None, row.dataset)) and (args.protocol in (None, row.protocol))
    ]
    if not rows:
        raise DataError(f"{boards[0]} has no rows to plot for these arguments; evaluate a run first")
    out = Path(args.out) if args.out else boards[0].with_name(f"pareto-{args.x}.png")
    latencies = None
    if args.x == "latency":
        latencies = latencies_of(rows, boards[0].with_name(LATENCY_FILE), args.runs)
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


def _boards(given: str | None, runs: list[Path]) -> list[Path]:
    """The leaderboard that was named, or those that evaluate has added the runs to, each once."""
    from autofas.commands.evaluate import leaderboard_of

    if given is not None:
        return [Path(given)]
    usual = Path(RUNS_DIR) / "leaderboard.csv"
    found = [usual if board == usual.resolve() else board for board in map(leaderboard_of, runs)]
    return list(dict.fromkeys(found)) or [usual]


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
            raise RunError(
                f"{folder} is not on the leaderboard; evaluate it again, or give the --leaderboard"
            )
        kept += found
    return kept
