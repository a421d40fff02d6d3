"""A NaN or infinity in a loss, a gradient or an alpha at a batch drawn at random."""

import random
import re
from collections.abc import Callable
from typing import Any

from autofas.models.supervisions import PixelwiseBCE
from autofas.search.bilevel import BilevelSearch
from autofas.search.engine import BilevelEngine
from autofas.training import optimizers
from autofas.training import train as training
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.hooks import count, poisoned
from tests.campaigns.faults.runs import EPOCHS, Bench, checkpoint_hash

PROMISE = (
    "A NaN or infinity in a loss, a gradient or an alpha stops the run before any update, with exit code 2 "
    "and one line that names the epoch, the batch and its rows; the last checkpoint is as it was, and a "
    "resume without the fault ends in the same bits as the uninterrupted run."
)
KINDS = (
    ("train", "loss"), ("train", "gradient"), ("search", "weights' loss"), ("search", "weights' gradient"),
    ("search", "architecture's loss"), ("search", "architecture's gradient"), ("search", "alpha"),
)  # fmt: skip
VALUES = ("nan", "inf", "-inf")


def cases(seed: int, short: bool) -> list[Case]:
    """Thirty: every kind with every value, and more."""
    draw = random.Random(f"nans {seed}")
    made = []
    for number in range(30):
        verb, what = KINDS[number % len(KINDS)]
        values = {"verb": verb, "what": what, "value": VALUES[number // len(KINDS) % 3]}
        values |= {"moment": draw.random(), "place": draw.random()}
        made.append(Case(number, f"{verb}: {what}", values))
    return [made[number] for number in (0, 8, 9, 19, 20)] if short else made


def prepare(bench: Bench) -> None:
    """The uninterrupted runs."""
    bench.references(0)


def check(case: Case, bench: Bench) -> Seen:
    """Inject, read the line, look whether anything was updated or saved afterwards, resume."""
    verb, name = case.values["verb"], f"nans-{case.number}"
    folder, updates = bench.run_folder(verb, name), bench.folder / f"steps-{name}"
    an_epoch = bench.steps_an_epoch(verb)
    # the architecture's steps begin after the warm-up of one epoch
    first = an_epoch if "architecture" in case.values["what"] else 0
    batch = first + int(case.values["moment"] * (EPOCHS * an_epoch - first))  # from 0
    ended = bench.execute(
        bench.arguments(verb, 0, name), name, lambda: _inject(case, batch, first, count(updates), folder)
    )
    epoch, number = batch // an_epoch + 1, batch % an_epoch + 1
    faults = []
    line = rf"epoch {epoch}, (architecture )?batch {number} \(rows \d+, \d+, \d+\.\.\.\)"
    if ended.code != 2 or not ended.plain() or not re.search(line, ended.stderr):
        faults.append(f"exit {ended.code}: {ended.stderr[-300:]!r} does not say {line}")
    if bench.steps(name):
        faults.append(f"{bench.steps(name)} updates after the fault")
    before = folder / "checkpoint-before"
    if (before.read_text() if before.exists() else "") != checkpoint_hash(folder):
        faults.append("the checkpoint was written after the fault")
    resumed = bench.execute(bench.resume(verb, folder), name)
    faults.append(resumed.failure("resume"))
    faults.append(bench.differences(verb, 0, folder))
    return bench.seen(name, faults, max(ended.seconds, resumed.seconds))


def _inject(case: Case, batch: int, first: int, update: Callable[[], Any], folder: Any) -> None:
    """Have the value come up in the batch of that number, from 0; count the updates after it."""
    what, value, place = case.values["what"], float(case.values["value"]), case.values["place"]
    state = {"batch": -1, "poisoned": False}

    def now() -> bool:
        if state["batch"] != batch or state["poisoned"]:
            return False
        state["poisoned"] = True
        (folder / "checkpoint-before").write_text(checkpoint_hash(folder))
        return True

    def around(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        real = getattr(owner, name)
        setattr(owner, name, lambda *given, **keys: replacement(real, *given, **keys))

    def step(real: Callable[..., Any], work: Any, *given: Any) -> Any:
        state["batch"] += 1
        if what == "alpha" and now():
            alpha = work.engine.arch[0]
            alpha.data.copy_(poisoned(alpha, value, place))
        return real(work, *given)

    def update_seen(real: Callable[..., Any], *given: Any, **keys: Any) -> Any:
        if state["poisoned"]:
            update()
        return real(*given, **keys)

    for kind in (BilevelSearch, training.Training):
        around(kind, "step", step)
    for optimizer in (optimizers.SGD, optimizers.Adam):
        around(optimizer, "step", update_seen)
    if what == "loss":
        around(PixelwiseBCE, "loss", lambda real, *given: real(*given) * (value if now() else 1))
    elif what == "gradient":

        def clip(real: Callable[..., Any], parameters: Any, *given: Any) -> None:
            if now():
                parameters[0].grad = poisoned(parameters[0].grad, value, place)
            real(parameters, *given)

        around(training, "clip_gradients", clip)
    elif what != "alpha":
        half = "weight" if what.startswith("weights") else "arch"

        def gradients(real: Callable[..., Any], engine: Any, data: Any) -> Any:
            loss, found = real(engine, data)
            if "gradient" in what and now():
                chosen = int(place * len(found))
                found = [poisoned(one, value, place) if n == chosen else one for n, one in enumerate(found)]
            return loss, found

        def loss_of(real: Callable[..., Any], engine: Any, which: str, data: Any) -> Any:
            state["half"] = which
            return real(engine, which, data)

        around(BilevelEngine, f"{half}_gradients", gradients)
        around(BilevelEngine, "gradients", loss_of)
        if "loss" in what:
            names = {"weight": "weights", "arch": "arch"}

            def loss(real: Callable[..., Any], *given: Any) -> Any:
                scale = value if state.get("half") == names[half] and now() else 1
                return real(*given) * scale

            around(PixelwiseBCE, "loss", loss)
