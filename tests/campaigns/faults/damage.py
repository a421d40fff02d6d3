"""Damaged newest checkpoints: state.pt or manifest.json cut short, or with one byte flipped."""

import random
from pathlib import Path

from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.runs import VERBS, Bench, place_of, resumed_place

PROMISE = (
    "A newest checkpoint whose state.pt or manifest.json was cut short or had a byte flipped is found "
    "damaged, said in one line and set aside; the run goes on from the checkpoint before it and ends in the "
    "same bits as the uninterrupted one."
)
FILES = ("state.pt", "manifest.json")


def cases(seed: int, short: bool) -> list[Case]:
    """A hundred truncations and a hundred flipped bits, one in four of them in the manifest."""
    draw = random.Random(f"damage {seed}")
    made = []
    for kind in ("cut short", "a flipped byte"):
        for number in range(100):
            file = FILES[number % 8 in (2, 3)]
            values = {"verb": VERBS[number % 2], "file": file}
            values |= {"place": draw.random(), "mask": draw.randint(1, 255)}
            made.append(Case(len(made), f"{file}: {kind}", values))
    return [made[number] for number in (0, 3, 101, 102)] if short else made


def prepare(bench: Bench) -> None:
    """The killed runs, and what undisturbed resumes of them would have gone on from."""
    bench.references(0, killed=True)


def check(case: Case, bench: Bench) -> Seen:
    """Damage a copy of the killed run, resume it, compare."""
    verb, name = case.values["verb"], f"damage-{case.number}"
    folder = bench.copy_killed(verb, 0, name)
    _damage(folder / "checkpoint-last" / case.values["file"], case)
    before = place_of(folder / "checkpoint-previous")
    ended = bench.execute(bench.resume(verb, folder), name)
    faults = []
    if ended.code or not ended.plain():
        faults.append(f"exit {ended.code}: {ended.stderr[-300:]}")
    elif "continuing from the checkpoint before it" not in ended.stderr:
        faults.append(f"not found: {ended.stderr!r}")
    elif not (folder / "checkpoint-damaged").is_dir() or resumed_place(folder) != before:
        faults.append(f"resumed at {resumed_place(folder)}, the checkpoint before was at {before}")
    faults.append(bench.differences(verb, 0, folder))
    return bench.seen(name, faults, ended.seconds, "" if any(faults) else "found and passed over")


def _damage(path: Path, case: Case) -> None:
    payload = bytearray(path.read_bytes())
    place = int(case.values["place"] * len(payload))
    if case.kind.endswith("cut short"):
        del payload[place:]
    else:
        payload[place] ^= case.values["mask"]
    path.write_bytes(payload)
