"""The fault campaign's command line: families in order, a table, and what did not hold.

    python -m tests.campaigns.faults [--short] [--only FAMILY ...] [--jobs N] [--seed N] [--out DIR] [--json]

With --out a family's rows are kept in faults.json until it is run again, so families can be run one by one.
"""

import argparse
import importlib
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from autofas.analysis.text_tables import markdown_table
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_json, write_text
from tests.campaigns.faults.child import warm_up
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.runs import Bench

FAMILIES = ("kills", "damage", "signals", "write_errors", "nans", "workers", "starts", "strangers")
SCHEMA_VERSION = 1
HEADER = ("what was done", "cases", "held", "slowest s")
INTRODUCTION = (
    "Command lines of autofas on generated faces, each in a process of its own, with something done to it "
    "that is drawn from the seed. 'Slowest' is the longest that a process of a case took from its start to "
    "its end, or, for signals, from the signal to the end. A process that takes longer than 30 s, times the "
    "load of the machine for each of its cores where that is more than one, counts as hanging: on a machine "
    "that also does other work a case takes many times what it takes alone (about a second)."
)
MOST_FAULTS = 50
"""Cases that did not hold are listed up to this many a family."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the families asked for; 1 if a case did not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.faults", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--short", action="store_true", help="a few cases of each family")
    parser.add_argument("--only", nargs="+", metavar="FAMILY", choices=FAMILIES, default=known_families())
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of faults.md and faults.json")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep the runs in this folder")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")
    words = list(sys.argv[1:] if arguments is None else arguments)
    args = parser.parse_args(words)
    facts = {
        "command": " ".join(["python -m tests.campaigns.faults", *without_work(words)]),
        "commit": commit(),
        "seed": args.seed,
        "torch": version("torch"),
        "machine": machine(),
    }
    warm_up()
    work = args.work or Path(tempfile.mkdtemp(prefix="autofas-faults-"))
    found: dict[str, Any] = {}
    try:
        for name in args.only:
            found[name] = {**facts, **run_family(name, Bench(work), args.seed, args.short, args.jobs)}
            print(family_lines(name, found[name]), flush=True)
            if args.out:
                args.out.mkdir(parents=True, exist_ok=True)
                write(args.out, {name: found[name]})
    finally:
        if args.work is None:
            shutil.rmtree(work, ignore_errors=True)
    if args.json:
        print(json.dumps(found))
    return int(any(family["held"] < family["cases"] for family in found.values()))


def without_work(words: Sequence[str]) -> list[str]:
    """A command line without --work and its folder, which change nothing that is found."""
    kept = list(words)
    if "--work" in kept:
        place = kept.index("--work")
        del kept[place : place + 2]
    return kept


def known_families() -> list[str]:
    """The families whose module is there."""
    return [name for name in FAMILIES if (Path(__file__).parent / f"{name}.py").exists()]


def run_family(name: str, bench: Bench, seed: int, short: bool, jobs: int) -> dict[str, Any]:
    """Run a family's cases; counts by kind, the slowest, and what did not hold."""
    module = importlib.import_module(f"tests.campaigns.faults.{name}")
    started = time.monotonic()
    if hasattr(module, "prepare"):
        module.prepare(bench)
    cases: list[Case] = module.cases(seed, short)
    kinds: dict[str, dict[str, Any]] = {}
    faults: list[dict[str, Any]] = []
    for done, (case, seen) in enumerate(zip(cases, outcomes(module, cases, bench, jobs), strict=True), 1):
        kind = kinds.setdefault(
            case.kind, {"kind": case.kind, "cases": 0, "held": 0, "slowest_s": 0.0, "notes": Counter()}
        )
        kind["cases"] += 1
        kind["held"] += not seen.fault
        kind["slowest_s"] = max(kind["slowest_s"], round(seen.seconds, 2))
        if seen.note:
            kind["notes"][seen.note] += 1
        if seen.fault:
            faults.append({"case": case.number, "kind": case.kind, "fault": seen.fault, **case.values})
            print(f"{name} {case.number} ({case.kind}): {seen.fault}", file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            print(f"\r{name} {done}/{len(cases)}", end="", file=sys.stderr)
    return {
        "promise": module.PROMISE,
        "short": short,
        "cases": len(cases),
        "held": len(cases) - len(faults),
        "slowest_s": max(kind["slowest_s"] for kind in kinds.values()),
        "seconds": round(time.monotonic() - started, 1),
        "kinds": [{**kind, "notes": dict(sorted(kind["notes"].items()))} for kind in kinds.values()],
        "faults": faults[:MOST_FAULTS],
    }


def outcomes(module: ModuleType, cases: Sequence[Case], bench: Bench, jobs: int) -> Iterator[Seen]:
    """What every case came to, in order; with several jobs each in one of so many forked processes."""
    if jobs == 1:
        yield from (_checked(module.check, case, bench) for case in cases)
        return
    _shared.update(check=module.check, bench=bench)  # forked processes have it: tensors are slow to send
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(_checked_there, cases)


_shared: dict[str, Any] = {}


def _checked_there(case: Case) -> Seen:
    return _checked(_shared["check"], case, _shared["bench"])


def _checked(check: Callable[[Case, Bench], Seen], case: Case, bench: Bench) -> Seen:
    """A case whose check fell over did not hold; the others go on."""
    started = time.monotonic()
    bench.clean(f"{check.__module__.rpartition('.')[2]}-{case.number}")  # of an earlier campaign
    try:
        return check(case, bench)
    except Exception as error:
        return Seen(f"the check fell over: {error!r}", time.monotonic() - started)


def family_lines(name: str, family: dict[str, Any]) -> str:
    """A family in a few lines of text."""
    head = f"{name}: {family['held']} of {family['cases']} held, {family['seconds']:.0f} s"
    kinds = [
        f"  {kind['kind']}{_notes(kind)}: {kind['held']}/{kind['cases']}, at most {kind['slowest_s']:.2f} s"
        for kind in family["kinds"]
    ]
    return "\n".join([head, *kinds])


def _notes(kind: dict[str, Any]) -> str:
    return "".join(f", {count} {note}" for note, count in kind["notes"].items())


def write(folder: Path, found: dict[str, Any]) -> None:
    """Write faults.json and faults.md, keeping the families that were not run this time."""
    path = folder / "faults.json"
    before = json.loads(path.read_text())["families"] if path.exists() else {}
    families = {name: {**before, **found}[name] for name in FAMILIES if name in {**before, **found}}
    write_json(path, {"schema_version": SCHEMA_VERSION, "families": families})
    write_text(folder / "faults.md", page(families))


def page(families: dict[str, Any]) -> str:
    """The campaign as a page: what each family promised, and how many cases of each kind held."""
    lines = ["# What a run survives", "", INTRODUCTION, ""]
    for name, family in families.items():
        lines += [
            f"## {name.replace('_', ' ')}: {family['held']} of {family['cases']} held",
            "",
            f"Promised: {family['promise']}",
            "",
            f"`{family['command']}`, commit {family['commit']}, seed {family['seed']}, torch "
            f"{family['torch']}, {family['machine']}, {family['seconds'] / 60:.1f} min",
            "",
            markdown_table(HEADER, [_line(kind) for kind in family["kinds"]], HEADER[1:]),
            "",
        ]
        lines += [f"- case {fault['case']} ({fault['kind']}): {fault['fault']}" for fault in family["faults"]]
        lines += [""] if family["faults"] else []
    return "\n".join(lines)


def _line(kind: dict[str, Any]) -> list[str]:
    return [kind["kind"] + _notes(kind), str(kind["cases"]), str(kind["held"]), f"{kind['slowest_s']:.2f}"]


if __name__ == "__main__":
    sys.exit(main())
