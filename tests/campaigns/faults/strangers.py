"""Family: files from strangers, read by the command lines that read them.

Each case is a copy of a small good project (`project`) in which one file is hostile, and one command line
that reads it, run in a forked process under the eyes of `witness`. Drawn are the file, the way it is spoiled,
and the command (`spoil`).
"""

import random
import resource
import shutil
from pathlib import Path

from tests.campaigns.faults import child, project, spoil
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.runs import Bench
from tests.campaigns.faults.witness import Watchman, watched

PROMISE = (
    "a hostile file ends in an ordinary result or in one line and exit code 2: no traceback, no code run, "
    "nothing read or written outside the project's folder, no 10 s of processor time, no 1.5 GiB of memory"
)
CPU_S, WALL_S = 10.0, 60.0
COUNTS = {
    "config": 420, "genotype": 340, "space": 240, "init map": 120, "manifest": 420, "scores": 320,
    "figures and record": 240, "run folder": 120, "checkpoint": 260, "weights": 260, "torch file": 140,
    "image": 300,
}  # fmt: skip
SHORT_SHARE = 200


def cases(seed: int, short: bool) -> list[Case]:
    """Every kind of file as often as COUNTS says, in the short form a two-hundredth of it."""
    kinds = [
        kind for kind, count in COUNTS.items() for _ in range(-(-count // SHORT_SHARE) if short else count)
    ]
    random.Random(seed).shuffle(kinds)  # a campaign that is stopped has met every kind
    return [Case(number, kind, {"draw": f"{seed}/{number}"}) for number, kind in enumerate(kinds)]


def prepare(bench: Bench) -> None:
    """Make the good project."""
    project.make(_good(bench), bench.folder / "stderr-good")


def check(case: Case, bench: Bench) -> Seen:
    """Make the case's project, run its command line, and say what broke the promise."""
    place = bench.folder / f"strangers-{case.number}"
    root, outside, report, canary = place / "root", place / "outside", place / "report", place / "canary"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(_good(bench), root)
    project.outside(outside, _good(bench))
    rng = random.Random(str(case.values["draw"]))
    words = spoil.KINDS[case.kind](root, rng)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Watchman(outside) as watchman:
        ended = child.run(words, place / "stderr", watched(root, report), WALL_S)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = report.read_text().splitlines() if report.exists() else []
    fault = _fault(ended, cpu, told, watchman.seen, canary.exists())
    if not fault and {path.name for path in place.iterdir()} - {"root", "outside", "report", "stderr"}:
        fault = f"made {sorted(path.name for path in place.iterdir())} beside the project"
    if fault:
        fault = f"autofas {' '.join(words)}: {fault}"
    else:
        shutil.rmtree(place)
    return Seen(fault, ended.seconds, "refused in one line" if ended.code == 2 else "")


def _fault(ended: child.Ended, cpu: float, told: list[str], seen: list[str], canary: bool) -> str:
    """What broke the promise, or nothing."""
    last = ended.lines[-1][:300] if ended.lines else ""
    if canary:
        return "code was run"
    if told or seen:
        return "; ".join([*told, *seen][:3])
    if ended.hung:
        return "hung"
    if "Traceback" in ended.stderr:
        return f"traceback: {last}"
    if ended.code not in (0, 2):
        return f"exit code {ended.code}: {last}"
    if ended.code == 2 and (len(ended.lines) != 1 or not last.startswith("autofas ")):
        return f"{len(ended.lines)} lines: {last}"
    if "out of memory" in last or "can't allocate memory" in last or "MemoryError" in last:
        return f"more than 1.5 GiB asked for: {last}"
    if cpu > CPU_S:
        return f"{cpu:.0f} s of processor time"
    return ""


def _good(bench: Bench) -> Path:
    return bench.folder / "strangers-good"
