"""SIGKILL at random moments of the small search and training, and aimed at single lines of a save.

An aimed kill counts the lines executed inside a save (or inside the writing of any other file in one piece)
and kills at one of them, drawn from all that an uninterrupted run executes; in some saves it comes when half
of a file's bytes are written. What SIGKILL cannot show: a loss of power, which takes kernel buffers too.
"""

import itertools
import os
import random
import signal
import time
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from autofas.runs import checkpoint
from autofas.storage import files
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.hooks import at_line, at_lines, count, kill_me
from tests.campaigns.faults.runs import STEPS, VERBS, WORKERS, Bench, results, resumed_place

PROMISE = (
    "After SIGKILL no checkpoint is unreadable, no epoch that results.csv showed is lost, no more than the "
    f"{STEPS} batches of checkpoint_steps are done again, and after --resume weights, alphas, optimisers, "
    "generators, log, results.csv and genotype are those of the uninterrupted run, bit for bit."
)
RANDOM, SAVE = "at a random moment", "at a line of a save"
HALF, TABLE = "with half of a save's file written", "at a line of another file"
COUNTS = {RANDOM: 110, SAVE: 60, HALF: 10, TABLE: 20}
CODES: dict[str, set[CodeType]] = {
    SAVE: {
        function.__code__
        for function in (
            checkpoint.replace_last, checkpoint.write_synced, checkpoint.remove_leftovers, files.sync_folder
        )
    },
    TABLE: {files.whole_file.__wrapped__.__code__, files.sync_folder.__code__},  # type: ignore[attr-defined]
}  # fmt: skip


def cases(seed: int, short: bool) -> list[Case]:
    """Two hundred: half in a search, half with loader workers; every fifth random one is killed twice."""
    draw = random.Random(f"kills {seed}")
    made: list[Case] = []
    for kind, many in COUNTS.items():
        for number in range(many):
            values: dict[str, Any] = {"verb": VERBS[number % 2], "workers": WORKERS[number // 2 % 2]}
            twice = kind == RANDOM and number % 5 == 4
            values["moments"] = [draw.random() for _ in range(2 if twice else 1)]
            made.append(Case(len(made), kind, values))
    return [made[0], made[1], made[110], made[113], made[171], made[180]] if short else made


def prepare(bench: Bench) -> None:
    """The uninterrupted runs, and how many lines their saves and tables execute."""
    bench.references(*WORKERS)


def check(case: Case, bench: Bench) -> Seen:
    """Kill, look at what is left, resume, compare."""
    verb, workers, name = case.values["verb"], case.values["workers"], f"kills-{case.number}"
    folder = bench.run_folder(verb, name)
    words, slowest, note = bench.arguments(verb, workers, name), 0.0, ""
    faults: list[str] = []
    for moment in case.values["moments"]:
        slowest = max(slowest, _kill(case.kind, bench, verb, workers, name, words, moment))
        if (folder / "config.yaml").exists():
            words = bench.resume(verb, folder)
            continue
        note = "before it was a run"  # a resume is refused, and the command starts as if for the first time
        ended = bench.execute(bench.resume(verb, folder), name)
        if ended.code != 2 or not ended.plain():
            faults.append(f"resume of nothing: exit {ended.code}, {ended.stderr[-300:]}")
        bench.clean(name)
    epochs, done = len(results(folder)), bench.steps(name)
    ended = bench.execute(words, name)
    slowest = max(slowest, ended.seconds)
    faults.append(ended.failure("resume"))
    if not faults[-1] and not note:
        epoch, batches = resumed_place(folder)
        note = "" if epoch or batches else "before a checkpoint"
        lost = done - epoch * bench.steps_an_epoch(verb) - batches
        if len(case.values["moments"]) == 1 and lost > STEPS:
            faults.append(f"{lost} batches lost")
        if epochs > epoch:
            faults.append(f"{epochs} epochs were in results.csv, resumed after {epoch}")
    faults.append(bench.differences(verb, workers, folder))
    return bench.seen(name, faults, slowest, note)


def _kill(
    kind: str, bench: Bench, verb: str, workers: int, name: str, words: list[str], moment: float
) -> float:
    """Run a command line until it is killed; seconds. A moment after its end is halved until it is before."""
    if kind == RANDOM:
        fresh = "--resume" not in words
        while True:
            child = bench.start(words, name, partial(bench.count_steps, name))
            time.sleep(moment * bench.reference(verb, workers)[1])
            late = not child.running()
            child.send(signal.SIGKILL)
            ended = child.wait()
            if not late:
                return ended.seconds
            moment /= 2
            if fresh:
                bench.clean(name)
    if kind == HALF:
        files_written = 2 * bench.saves(verb)
        aim = partial(_kill_half_way, 1 + int(moment * files_written))
    else:
        number = 1 + int(moment * lines_of(bench, verb, CODES[kind], kind.split()[-1]))
        aim = partial(at_line, CODES[kind], number, kill_me)

    def before() -> None:
        bench.count_steps(name)
        aim()

    ended = bench.execute(words, name, before)
    if ended.code != -signal.SIGKILL:
        raise AssertionError(f"it was not killed: exit {ended.code}, {ended.stderr[-300:]}")
    return ended.seconds


def lines_of(bench: Bench, verb: str, codes: set[CodeType], name: str) -> int:
    """How many lines of these functions a whole run executes; counted once, or once a job."""
    told = bench.folder / f"lines-{verb}-{name}"
    if not told.exists():
        case = f"count-{verb}-{name}-{os.getpid()}"
        part = bench.folder / f"lines-{case}"
        ended = bench.execute(bench.arguments(verb, 0, case), case, lambda: at_lines(codes, count(part)))
        assert ended.code == 0, ended.stderr
        part.rename(told)
        bench.clean(case)
    return told.stat().st_size


def _kill_half_way(number: int) -> None:
    """Write half of the checkpoints' file of that number, counted from 1, and be killed."""
    calls, real = itertools.count(1), checkpoint.write_synced

    def write(path: Path, payload: bytes) -> None:
        if next(calls) == number:
            path.write_bytes(payload[: len(payload) // 2])
            kill_me()
        real(path, payload)

    checkpoint.write_synced = write
