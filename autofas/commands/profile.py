"""autofas profile: parameters and multiply-adds of networks, by four counters."""

import argparse
from pathlib import Path
from typing import Any

from autofas.commands import common

HELP = "count parameters and MACs of a genotype, a baseline, or all baselines"
COUNTS = ("params", "MACs", "thop", "torch", "FeatherNets' rule")
HEADER = ("model", "input", *COUNTS[:2], "published", "ratio", *COUNTS[2:])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--genotype",
        metavar="FILE",
        help="genotype.json, a pasted Genotype(...) or NNI's export (default: none)",
    )
    which.add_argument("--baseline", metavar="NAME", help=f"{common.BASELINE} (default: none)")
    which.add_argument("--all", action="store_true", help="every baseline, under every published condition")
    parser.add_argument(
        "--input-size", type=int, help="side of the input in pixels (default: as published, or the space's)"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="with --all: write baselines.csv and baselines.png there (default: not written)",
    )


def run(args: argparse.Namespace) -> Any:
    """Profile and print; MACs are multiply-adds of one sample, ratios ours over the published."""
    from autofas.analysis.baseline_costs import baseline_rows, network_row, write_costs
    from autofas.analysis.terminal_tables import shown_table
    from autofas.analysis.text_tables import fitted_table, terminal_width
    from autofas.errors import ConfigError
    from autofas.runtime.terminal import is_terminal

    if args.out and not args.all:
        raise ConfigError("--out needs --all: it writes the table of every baseline")
    if args.all and args.input_size:
        raise ConfigError("--input-size cannot be combined with --all: each network has its own size")
    rows = []
    if args.all:
        rows += _all_rows(quiet=args.quiet)
    elif args.baseline:
        rows += baseline_rows(args.baseline, args.input_size)
    else:
        from autofas.models.build import build

        rows.append(network_row(build(Path(args.genotype), input_size=args.input_size)))
    cells = [_cells(row) for row in rows]
    print(
        shown_table(HEADER, cells, COUNTS)
        if is_terminal()
        else fitted_table(HEADER, cells, COUNTS, terminal_width())
    )
    for row in rows:
        if row["note"]:
            print(f"note     {row['model']}: {row['note']}")
    if args.out:
        for place in write_costs(Path(args.out), rows):
            print(f"wrote    {place}")
    return rows[0] if len(rows) == 1 else {"models": rows}


def _all_rows(*, quiet: bool) -> list[dict[str, Any]]:
    """The rows of every baseline; stderr says which one is being counted."""
    from autofas.analysis.baseline_costs import baseline_rows
    from autofas.baselines import BASELINES
    from autofas.runs.progress import progress

    rows = []
    with progress("counting", shown=not quiet) as report:
        for done, name in enumerate(BASELINES):
            report.what = f"counting {name}"
            report(done, len(BASELINES))
            rows += baseline_rows(name)
    return rows


def _cells(row: dict[str, Any]) -> list[str]:
    """A row's cells in the order of the header; modalities of one shape share it."""
    from autofas.analysis.text_tables import count

    parts = [part.split() for part in row["input"].split(" + ")]
    shapes = {part[-1] for part in parts}
    short = len(parts) > 1 and len(shapes) == 1
    params, macs, *others = (
        count(row[key]) for key in ("params", "macs", "macs_thop", "macs_torch", "macs_feathernets")
    )
    return [
        " ".join([row["model"], *(f"{key}={value}" for key, value in row["condition"].items())]),
        f"{'+'.join(part[0] for part in parts)} {shapes.pop()}" if short else row["input"],
        params,
        macs,
        " / ".join(filter(None, (row["published_params"], row["published_macs"]))),
        " / ".join(f"{row[key]:.3f}" for key in ("ratio_params", "ratio_macs") if row[key] is not None),
        *others,
    ]
