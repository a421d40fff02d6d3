"""SIGINT and SIGTERM in every phase of a run, and a second signal right behind the first.

The start-up cases are real processes; elsewhere the signal comes at a counted call or line of the phase,
drawn at random, so that it surely falls into it.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from autofas.data.batches.crop_jobs import CropJobs
from autofas.models import genotype, weights
from autofas.models.network import Network
from autofas.runs import record as run_record
from autofas.search import strategy
from autofas.search.bilevel import BilevelSearch
from autofas.training.train import Training
from tests.campaigns.faults.child import Child, Ended
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.hooks import at_call, at_line, signal_me
from tests.campaigns.faults.kills import CODES, SAVE, lines_of
from tests.campaigns.faults.runs import EPOCHS, VERBS, WORKERS, Bench, resumed_place

PROMISE = (
    "SIGINT ends the run with 130 and SIGTERM with 143 in less than 5 s and one line, in every phase; no "
    "batch that was done is lost, and --resume, or the same command where nothing had begun, ends in the "
    "same bits as the uninterrupted run. A second signal ends it at once."
)
MOST_S, AT_ONCE_S = 5.0, 1.0
COUNTS = {
    "start-up": 12, "generating faces": 6, "reading frames": 10, "warm-up": 8, "search": 10, "training": 12,
    "save": 12, "dev evaluation": 8, "writing the end": 10, "second signal": 12,
}  # fmt: skip
ENDING = {
    function.__code__
    for function in (
        strategy.Strategy.finish, genotype.save_genotype, Training.finish, weights.write_weights,
        run_record.record, run_record.run_files,
    )
}  # fmt: skip


def cases(seed: int, short: bool) -> list[Case]:
    """A hundred over all phases, the two signals in turn."""
    draw = random.Random(f"signals {seed}")
    made: list[Case] = []
    for phase, count in COUNTS.items():
        for number in range(1 if short else count):
            verb = {
                "warm-up": "search",
                "search": "search",
                "training": "train",
                "dev evaluation": "train",
            }.get(phase, VERBS[number // 2 % 2])
            values: dict[str, Any] = {"verb": verb, "signal": ("SIGINT", "SIGTERM")[len(made) % 2]}
            values |= {"workers": WORKERS[number // 2 % 2], "moment": draw.random()}
            made.append(Case(len(made), phase, values))
    return made


def prepare(bench: Bench) -> None:
    """The uninterrupted runs."""
    bench.references(*WORKERS)


def check(case: Case, bench: Bench) -> Seen:
    """Send the signal in the phase, look at how the run ends, and let it go on."""
    verb, workers, name = case.values["verb"], case.values["workers"], f"signals-{case.number}"
    folder = bench.run_folder(verb, name)
    fresh = {"generating faces": False, "reading frames": True}
    cache = bench.new_cache(name, faces=fresh[case.kind]) if case.kind in fresh else None
    words = bench.arguments(verb, workers, name, cache=cache)
    ended, took = _signalled(case, bench, words, name)
    faults = [_wrong(case, ended, took)]
    if (folder / "config.yaml").exists():
        words = bench.resume(verb, folder)
        if case.kind not in ("start-up", "second signal") and f"--resume {folder}" not in ended.stderr:
            faults.append(f"how to go on is not said: {ended.stderr!r}")
    again = bench.execute(words, name)
    faults.append(again.failure("again"))
    if case.kind in ("warm-up", "search", "training"):
        epoch, batches = resumed_place(folder)
        done = bench.steps(name)
        if done != epoch * bench.steps_an_epoch(verb) + batches:
            faults.append(f"{done} batches were done, resumed after epoch {epoch}, batch {batches}")
    faults.append(bench.differences(verb, workers, folder))
    return bench.seen(name, faults, took)


def _wrong(case: Case, ended: Ended, took: float) -> str:
    """What is not as promised in how a signalled run ended; empty if nothing."""
    number = signal.Signals[case.values["signal"]]
    if case.kind == "second signal":
        if ended.code != -number or took > AT_ONCE_S or ended.stderr:
            return f"exit {ended.code} after {took:.2f} s: {ended.stderr[-300:]!r}"
        return ""
    if ended.code != 128 + number or took > MOST_S:
        return f"exit {ended.code} after {took:.2f} s: {ended.stderr[-300:]!r}"
    said = ended.stderr.count("\n") == 1 and f"interrupted by {number.name}" in ended.stderr
    return "" if said else f"it said {ended.stderr[-300:]!r}"


def _signalled(case: Case, bench: Bench, words: list[str], name: str) -> tuple[Ended, float]:
    """A run that gets its signal in the phase, and the seconds from the signal to its end."""
    number, moment = signal.Signals[case.values["signal"]], case.values["moment"]
    if case.kind == "start-up":
        return _real(words, bench.folder / f"stderr-{name}", number, moment)
    if case.kind == "generating faces":
        child = bench.start(words, name)
        cache = bench.folder / f"cache-{name}" / "synthetic"
        while child.running() and not list(cache.glob(".*.building-*")):
            time.sleep(0.01)
        time.sleep(2 * moment)
        return _ended(child, number)
    told = bench.folder / f"moment-{name}"
    act = signal_me(number, told, 2 if case.kind == "second signal" else 1)
    aim = _aim(case.kind, bench, case.values["verb"], moment)

    def before() -> None:
        bench.count_steps(name)
        aim(act)

    child = bench.start(words, name, before)
    ended = child.wait()
    now = time.monotonic()
    return ended, now - float(told.read_text())


def _aim(phase: str, bench: Bench, verb: str, moment: float) -> Callable[[Callable[[], Any]], None]:
    """What has the act done at a moment of a phase."""
    an_epoch = bench.steps_an_epoch(verb)
    calls: dict[str, tuple[Any, str, int, int]] = {  # of what, after how many, how many there are
        "reading frames": (CropJobs, "decode", 0, 5),
        "warm-up": (BilevelSearch, "step", 0, an_epoch),
        "search": (BilevelSearch, "step", an_epoch, (EPOCHS - 1) * an_epoch),
        "training": (Training, "step", 0, EPOCHS * an_epoch),
        "dev evaluation": (Network, "score", 0, EPOCHS + 1),
    }
    if phase == "second signal":
        phase = "save" if moment < 0.5 else "training" if verb == "train" else "search"
        moment = 2 * moment % 1
    if phase in calls:
        owner, name, first, count = calls[phase]
        return partial(at_call, owner, name, first + 1 + int(moment * count))
    codes = CODES[SAVE] if phase == "save" else ENDING
    lines = lines_of(bench, verb, codes, phase.split()[-1])
    return partial(at_line, codes, 1 + int(moment * lines))


def _real(words: list[str], stderr: Path, number: int, moment: float) -> tuple[Ended, float]:
    """A process of its own, signalled while it imports; before autofas handles signals nothing is begun."""
    with open(stderr, "wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "autofas", *words], stdout=subprocess.DEVNULL, stderr=stream
        )
    started = time.monotonic()
    while process.poll() is None and not _handles(process.pid):
        time.sleep(0.001)
    time.sleep(moment * 2)
    sent = time.monotonic()
    process.send_signal(number)
    try:
        code, hung = process.wait(30), False
    except subprocess.TimeoutExpired:
        process.kill()
        code, hung = process.wait(), True
    now = time.monotonic()
    return Ended(code, now - started, stderr.read_text(), hung), now - sent


def _handles(pid: int) -> bool:
    """True if the process has a handler for SIGTERM of its own."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0")
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def _ended(child: Child, number: int) -> tuple[Ended, float]:
    sent = time.monotonic()
    child.send(number)
    ended = child.wait()
    return ended, time.monotonic() - sent
