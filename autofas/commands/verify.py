"""autofas verify: is a run folder as autofas left it, and do its figures follow from its scores?

An exported FILE is held against the JSON beside it, the run in whose folder it lies and, with --rescore, that
run's crops, in its own runtime.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autofas.evaluation.verification import Verification

HELP = "recompute a run folder's figures from its scores, check its files' hashes, or an exported file's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("runs", metavar="RUN|FILE", nargs="+", help="run folders, exported files")
    parser.add_argument("--skip-data", action="store_true", help="check without opening the data set")
    parser.add_argument("--rescore", action="store_true", help="also score the data again with the network")


def run(args: argparse.Namespace) -> Any:
    """Verify every folder; any fault ends with exit code 2 after all were printed."""
    from autofas.errors import ConfigError, RunError

    if args.skip_data and args.rescore:
        raise ConfigError("--rescore needs the data set; remove --skip-data")
    reports = []
    for folder in args.runs:
        found = _verified(Path(folder), data=not args.skip_data, rescore=args.rescore)
        counts = ", ".join(f"{count} {what}" for what, count in found.checked.items() if count)
        print(
            f"{folder}  {'as recorded' if found.ok else 'NOT as recorded'}  ({counts or 'nothing'} checked)"
        )
        for line in found.faults:
            print(f"  fault  {line}")
        for line in found.notes:
            print(f"  note   {line}")
        reports.append(
            {
                "run": folder,
                "ok": found.ok,
                "faults": found.faults,
                "notes": found.notes,
                "checked": found.checked,
            }
        )
    bad = [report for report in reports if not report["ok"]]
    if bad:
        if args.json:
            print(json.dumps({"runs": reports}))
        first = bad[0]["faults"][0]
        count = sum(len(report["faults"]) for report in bad)
        raise RunError(f"{count} fault(s) in {len(bad)} of {len(reports)} run(s); the first: {first}")
    return {"runs": reports}


def _verified(place: Path, *, data: bool, rescore: bool) -> "Verification":
    from autofas.deploy.formats.table import kind_of

    if kind_of(place) is not None:
        from autofas.deploy.verification import verify_file

        return verify_file(place, rescore=rescore)
    from autofas.evaluation.verification import verify

    return verify(place, data=data, rescore=rescore)
