"""autofas benchmark: compare the formats of trained networks by size, parity, latency, memory and ACER.

A RUN stands for its weights in torch and for the files in its folder export/; a FILE is an exported one. All
are timed in one interleaved run, one face at a time. Latencies go into latency.csv beside the runs'
leaderboard, where `autofas pareto --x latency` reads them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.deploy.benchmark import Measured

HELP = "compare exported files and runs by size, parity, latency, memory and ACER"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "places", metavar="RUN|FILE", nargs="+", help="run folders, exported files, .safetensors"
    )
    parser.add_argument("--repeats", type=int, default=50, help="timed calls of each (default: 50)")
    parser.add_argument("--warmup", type=int, default=10, help="calls before them (default: 10)")
    parser.add_argument(
        "--no-memory", action="store_true", help="do not start a process for each peak memory"
    )
    parser.add_argument(
        "--latencies",
        metavar="FILE",
        help="file of latencies to add to (default: latency.csv beside the first run's leaderboard)",
    )


def run(args: argparse.Namespace) -> Any:
    """Measure, print the table and keep the latencies."""
    from autofas.analysis.latency_table import LATENCY_FILE, append_latencies
    from autofas.commands.evaluate import leaderboard_of
    from autofas.deploy.benchmark import benchmark, input_words, latency_rows
    from autofas.deploy.describe import NO_PROTECTION

    def log(line: str) -> None:
        if not args.quiet:
            print(line, file=sys.stderr)

    measured = benchmark(
        args.places, warmup=args.warmup, repeats=args.repeats, memory=not args.no_memory, log=log
    )
    print(_table(measured))
    if any(one.info.warning == NO_PROTECTION for one in measured):
        print(f"note     {NO_PROTECTION}")
    folder = next((Path(place) for place in args.places if Path(place).is_dir()), None)
    kept = Path(args.latencies) if args.latencies else None
    if kept is None and folder is not None:
        kept = leaderboard_of(folder).with_name(LATENCY_FILE)
    if kept is not None:
        append_latencies(kept, latency_rows(measured))
        print(f"kept     {kept}")
    return {
        "files": [
            {
                "path": str(one.path),
                "network": one.info.name,
                "input": input_words(one.info),
                "runtime": one.runtime,
                "bytes": one.size,
                "parity": None if one.parity is None else one.parity.values(),
                "acer": one.acer,
                "latency_ms": {str(n): timing.latency_ms for n, timing in one.latency.items()},
                "iqr_ms": {str(n): timing.iqr_ms for n, timing in one.latency.items()},
                "peak_mb": one.peak_mb,
            }
            for one in measured
        ],
        "repeats": args.repeats,
        "latencies": None if kept is None else str(kept),
    }


def _table(measured: Sequence["Measured"]) -> str:
    """A row for each file: size, agreement with the network it came from, latency by threads, peak memory."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import percent

    threads = sorted(measured[0].latency)
    header = ["network", "runtime", "kB", "score error", "map error", "changed", "ACER %"]
    header += [f"ms, {count} thread{'s' * (count > 1)} (IQR)" for count in threads] + ["peak MB"]
    rows = []
    for one in measured:
        parity = one.parity
        rows.append(
            [
                one.info.name,
                one.runtime,
                f"{one.size / 1000:.1f}",
                "-" if parity is None else f"{parity.score_error:.1e}",
                "-" if parity is None or parity.map_error is None else f"{parity.map_error:.1e}",
                "-" if parity is None else f"{parity.changed}/{parity.crops}",
                percent(one.acer),
                *(f"{one.latency[n].latency_ms:.2f} ({one.latency[n].iqr_ms:.2f})" for n in threads),
                "-" if one.peak_mb is None else f"{one.peak_mb:.0f}",
            ]
        )
    return shown_table(header, rows, numeric=header[2:])
