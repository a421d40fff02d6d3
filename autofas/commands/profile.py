"""autofas profile: parameters and multiply-adds of networks, by four counters."""

import argparse
from pathlib import Path
from typing import Any

from autofas.commands import common

HELP = "count parameters and MACs of a genotype, a baseline, or all baselines"
HEADER = ("model", "input", "params", "MACs", "thop", "torch", "FeatherNets' rule", "published", "ratio")


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
    from autofas.analysis.text_tables import count, text_table
    from autofas.baselines import BASELINES
    from autofas.errors import ConfigError

    if args.out and not args.all:
        raise ConfigError("--out needs --all: it writes the table of every baseline")
    if args.all and args.input_size:
        raise ConfigError("--input-size cannot be combined with --all: each network has its own size")
    rows = []
    if args.all:
        for name in BASELINES:
            rows += baseline_rows(name)
    elif args.baseline:
        rows += baseline_rows(args.baseline, args.input_size)
    else:
        from autofas.models.build import build

        rows.append(network_row(build(Path(args.genotype), input_size=args.input_size)))
    shown = [
        [
            " ".join([row["model"], *(f"{key}={value}" for key, value in row["condition"].items())]),
            row["input"],
            *(count(row[key]) for key in ("params", "macs", "macs_thop", "macs_torch", "macs_feathernets")),
            " / ".join(filter(None, (row["published_params"], row["published_macs"]))),
            " / ".join(f"{row[key]:.3f}" for key in ("ratio_params", "ratio_macs") if row[key] is not None),
        ]
        for row in rows
    ]
    print(text_table(HEADER, shown, numeric=HEADER[2:7]))
    for row in rows:
        if row["note"]:
            print(f"note     {row['model']}: {row['note']}")
    if args.out:
        for place in write_costs(Path(args.out), rows):
            print(f"wrote    {place}")
    return rows[0] if len(rows) == 1 else {"models": rows}
