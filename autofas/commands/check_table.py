"""autofas check-table: is a published table arithmetically possible?

ACER must be the mean of APCER and BPCER, rates must be k/N, and deviations must lie within bounds."""

import argparse
import json
from typing import Any

HELP = "check that a published table is arithmetically possible"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "table",
        metavar="FILE|NAME",
        help="a YAML or CSV file (apcer, bpcer, acer, tpr_1e-3, ...), or the name of a known table",
    )
    group = parser.add_argument_group("for a CSV file, which does not say")
    group.add_argument(
        "--unit",
        choices=("percent", "fraction"),
        default="percent",
        help="unit of the rates (default: percent)",
    )
    group.add_argument(
        "--bona-fide",
        type=int,
        metavar="N",
        help="bona fide presentations per fold (default: unknown, so k/N is not checked)",
    )
    group.add_argument(
        "--attacks", type=int, metavar="N", nargs="+", help="attacks per PAI and fold (default: unknown)"
    )
    group.add_argument("--folds", type=int, default=1, help="number of folds (default: 1)")
    group.add_argument("--pooled", action="store_true", help="the table's APCER pools all attacks")


def run(args: argparse.Namespace) -> Any:
    """Check every row; any fault ends with exit code 2 after all were printed."""
    from autofas.errors import DataError
    from autofas.evaluation.consistency import check_table
    from autofas.evaluation.paper_tables import Sizes, read_table
    from autofas.storage.schema import validated

    if (args.bona_fide is None) != (args.attacks is None):
        raise DataError("give --bona-fide and --attacks together, or neither")
    sizes = None
    if args.bona_fide is not None:
        values = {"bona_fide": args.bona_fide, "attacks": args.attacks, "folds": args.folds}
        sizes = validated(Sizes, values, "arguments", DataError)
    table = read_table(args.table, sizes=sizes, unit=args.unit, pooled=args.pooled)
    findings = check_table(table)
    faults = [finding for finding in findings if finding.kind == "fault"]
    rows = {finding.row for finding in faults}
    for finding in findings:
        print(f"{finding.kind:5}  {finding.row}: {finding.column}: {finding.text}")
    print(
        f"{table.paper}, {table.table}: {len(table.rows) - len(rows)} of {len(table.rows)} rows are possible"
    )
    if not table.sizes and not any(column.bona_fide for column in table.columns):
        print("k/N was not checked, because the number of presentations was not given")
    report = {
        "table": table.name,
        "rows": len(table.rows),
        "impossible": sorted(rows),
        "findings": [vars(finding) for finding in findings],
    }
    if faults:
        if args.json:
            print(json.dumps(report))
        raise DataError(f"{len(rows)} of {len(table.rows)} rows of {args.table} are impossible")
    return report
