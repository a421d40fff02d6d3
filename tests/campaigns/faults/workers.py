"""A thread of the loader, a decoding thread or a process that generates faces, gone in its work."""

import random
import time
from typing import Any

from autofas.data.batches import loader
from autofas.data.batches.crop_jobs import CropJobs
from autofas.data.batches.loader import Loader
from tests.campaigns.faults.child import Ended, children_of
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.hooks import at_call, kill
from tests.campaigns.faults.runs import VERBS, Bench, checkpoint_hash

PROMISE = (
    "A thread of the loader that ends without a word or raises, a decoding thread that raises and a killed "
    "process that generates faces each end the run with exit code 2 and one line, within 30 s; an earlier "
    "checkpoint is intact, and the same command or a resume ends in the same bits as the uninterrupted run."
)
COUNTS = {
    "loader thread gone": 8,
    "loader thread raises": 4,
    "decoding thread raises": 4,
    "generator killed": 4,
}


def cases(seed: int, short: bool) -> list[Case]:
    """Twenty, half of them in a search."""
    draw = random.Random(f"workers {seed}")
    made: list[Case] = []
    for kind, count in COUNTS.items():
        for number in range(count):
            made.append(Case(len(made), kind, {"verb": VERBS[number % 2], "moment": draw.random()}))
    return [made[number] for number in (1, 8, 13)] if short else made


def prepare(bench: Bench) -> None:
    """The uninterrupted runs with loader workers, and the killed ones that are resumed into the fault."""
    bench.references(2, killed=True)


def check(case: Case, bench: Bench) -> Seen:
    """Break the worker, read the line, and let the run go on without the fault."""
    verb, name = case.values["verb"], f"workers-{case.number}"
    folder = bench.run_folder(verb, name)
    if case.kind.startswith("loader"):
        bench.copy_killed(verb, 2, name)
        words = retry = bench.resume(verb, folder)
    elif case.kind == "generator killed":
        words = retry = bench.arguments(verb, 2, name, cache=bench.new_cache(name, faces=False))
    else:  # a resume whose crops are gone: they are decoded again
        bench.copy_killed(verb, 2, name)
        retry = bench.resume(verb, folder)
        cache = bench.new_cache(name, faces=True)
        words = [*retry, "--set", f"data.cache_dir={cache}", "--accept-changed", "config"]
    before = checkpoint_hash(folder)
    ended = _with_fault(case, bench, words, name)
    faults = []
    if (
        ended.code != 2
        or not ended.plain()
        or not any(word in ended.stderr for word in ("thread", "generating"))
    ):
        faults.append(f"exit {ended.code}: {ended.stderr[-300:]!r}")
    if not case.kind.startswith("loader") and checkpoint_hash(folder) != before:
        faults.append("the checkpoint was written after the fault")
    again = bench.execute(retry, name)
    faults.append(again.failure("again"))
    faults.append(bench.differences(verb, 2, folder))
    return bench.seen(name, faults, max(ended.seconds, again.seconds))


def _with_fault(case: Case, bench: Bench, words: list[str], name: str) -> Ended:
    moment = case.values["moment"]
    if case.kind == "generator killed":
        child = bench.start(words, name)
        while child.running() and not (found := children_of(child.pid, "autofas.data.synthetic")):
            time.sleep(0.01)
        time.sleep(moment)
        kill(found[int(moment * len(found))])
        return child.wait()

    def fall() -> None:
        raise RuntimeError("it fell over")

    def gone() -> None:
        def put(*arguments: Any, **keys: Any) -> None:
            raise SystemExit  # ends a thread, silently

        loader.queue.Queue.put = put  # type: ignore[method-assign]
        raise SystemExit

    # the killed run has three batches of the search left, and more of the training
    aims = {
        "loader thread gone": (loader.queue.Queue, "put", 1 + int(3 * moment), gone),
        "loader thread raises": (Loader, "batch", 1 + int(3 * moment), fall),
        "decoding thread raises": (CropJobs, "decode", 1 + int(5 * moment), fall),
    }
    return bench.execute(words, name, lambda: at_call(*aims[case.kind]))
