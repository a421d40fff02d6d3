"""autofas inspect: what a data set holds under a protocol, what is missing, and leaks."""

import argparse
from typing import Any

from autofas.commands import common

HELP = "count a data set by protocol, fold, split and PAI; report what is missing; find leaks"
HEADER = ("split", "PAI", "videos", "frames", "subjects")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    common.add_data_arguments(parser)
    parser.add_argument("--check-files", action="store_true", help="decode every file, name damaged ones")


def run(args: argparse.Namespace) -> Any:
    """Count and print."""
    from autofas.analysis.tables import text_table
    from autofas.config import DataConfig, resolve
    from autofas.data.frames import check_files
    from autofas.data.opening import open_dataset

    keys = {name: key.removeprefix("data.") for name, key in common.DATA_KEYS.items()}
    given = common.flags(args, keys)
    if isinstance(given.get("protocol"), str) and given["protocol"].isdigit():
        given["protocol"] = int(given["protocol"])
    dataset = open_dataset(resolve(DataConfig, "data", flags=given))
    if args.check_files:
        check_files(dataset.manifest)
    rows, counts = [], []
    for split, table in dataset.splits.items():
        for pai, part in table.groupby("pai", sort=True):
            counts.append(
                {
                    "split": split,
                    "pai": pai,
                    "videos": int(part["video"].nunique()),
                    "frames": len(part),
                    "subjects": int(part["subject"].nunique()),
                }
            )
            rows.append([split, str(pai), *(str(counts[-1][key]) for key in HEADER[2:])])
    print(f"{dataset.name}, protocol {dataset.protocol}" + (f", fold {dataset.fold}" if dataset.fold else ""))
    print(text_table(HEADER, rows, numeric=HEADER[2:]))
    for note in dataset.notes:
        print(f"note: {note}")
    return {
        "dataset": dataset.name,
        "protocol": dataset.protocol,
        "fold": dataset.fold,
        "counts": counts,
        "notes": list(dataset.notes),
    }
