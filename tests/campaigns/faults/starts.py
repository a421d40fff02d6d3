"""Pairs of processes that start in one run folder at the same moment."""

import os
import re
import time

from tests.campaigns.faults.child import Child, Ended
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.runs import Bench

PROMISE = (
    "Of two processes that resume one folder at the same moment exactly one owns it, and the other exits "
    "with 2 in one line that names the first; two that start under one name get a folder each; the lock of a "
    "killed process is recognised as stale and said. The owner makes what it would have made alone."
)
COUNTS = {
    "resume and resume": 8,
    "start and start": 4,
    "resume while it runs": 4,
    "stale lock, then resume": 4,
}


def cases(seed: int, short: bool) -> list[Case]:
    """Twenty pairs, or one of each kind."""
    kinds = [kind for kind, count in COUNTS.items() for _ in range(1 if short else count)]
    return [
        Case(number, kind, {"verb": ("search", "train")[number % 2]}) for number, kind in enumerate(kinds)
    ]


def prepare(bench: Bench) -> None:
    """The uninterrupted runs, and the killed ones that are resumed."""
    bench.references(0, killed=True)


def check(case: Case, bench: Bench) -> Seen:
    """Let two processes begin together, and look at what each said and made."""
    verb, name = case.values["verb"], f"starts-{case.number}"
    folder = bench.run_folder(verb, name)
    if case.kind == "start and start":
        words = bench.arguments(verb, 0, name)
        first, second = _together(bench, name, words, words)
        ended = [first.wait(), second.wait()]
        faults = [bench.differences(verb, 0, place) for place in (folder, folder.with_name("run2"))]
        faults += [f"exit {one.code}: {one.stderr[-300:]}" for one in ended if one.code or not one.plain()]
    elif case.kind == "resume while it runs":
        first = bench.start(bench.arguments(verb, 0, name), f"{name}-0")
        while first.running() and not (folder / "config.yaml").exists():
            time.sleep(0.002)
        second = bench.start(bench.resume(verb, folder), f"{name}-1")
        ended = [second.wait(), first.wait()][::-1]
        faults = [_one_owner((first, second), ended), bench.differences(verb, 0, folder)]
    else:
        bench.copy_killed(verb, 0, name)
        stale = (folder / ".lock").read_text()
        words = bench.resume(verb, folder)
        if case.kind == "resume and resume":
            pair = _together(bench, name, words, words)
            ended = [child.wait() for child in pair]
            faults = [_one_owner(pair, ended)]
        else:
            ended = [bench.execute(words, name)]
            faults = [f"exit {ended[0].code}: {ended[0].stderr[-300:]}" if ended[0].code else ""]
        said = (folder / "resumed.txt").read_text()
        faults += ["" if f"{stale} owned this folder" in said else f"stale lock not said: {said!r}"]
        faults += [bench.differences(verb, 0, folder)]
    return bench.seen(name, faults, max(one.seconds for one in ended))


def _together(bench: Bench, name: str, *lines: list[str]) -> list[Child]:
    """Processes that wait for each other before they begin."""
    wait, go = os.pipe()

    def at_the_line() -> None:
        os.close(go)
        os.read(wait, 1)  # ends when the parent closes its side

    children = [bench.start(words, f"{name}-{number}", at_the_line) for number, words in enumerate(lines)]
    os.close(wait)
    time.sleep(0.05)
    os.close(go)
    return children


def _one_owner(pair: list[Child] | tuple[Child, Child], ended: list[Ended]) -> str:
    """What is wrong if one of a pair should have been refused in favour of the other; empty if nothing."""
    codes = sorted(one.code for one in ended)
    if codes != [0, 2]:
        return f"exit codes {codes}: {' | '.join(one.stderr[-300:] for one in ended)}"
    refused = ended[0] if ended[0].code == 2 else ended[1]
    owner = pair[1] if ended[0].code == 2 else pair[0]
    if not refused.plain() or not re.search(rf"is in use by process {owner.pid} on \S+;", refused.stderr):
        return f"refused with {refused.stderr!r}, the owner was process {owner.pid}"
    return ""
