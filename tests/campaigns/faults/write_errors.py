"""A full disk, a read-only one and a folder without permission, before a run and in the middle of it.

Where this process may mount, the errors are the kernel's own: the runs lie on a small tmpfs that is filled up
(ENOSPC), a read-only mount is laid over them (EROFS), or the folder loses its write permission (EACCES, the
run without root's capability to ignore that). Elsewhere they are raised where files are opened for writing.
"""

import builtins
import ctypes
import errno
import io
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from autofas.runs import checkpoint
from autofas.runs.run_folder import Run
from autofas.search.bilevel import BilevelSearch
from autofas.training import train as training
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.hooks import at_call
from tests.campaigns.faults.runs import EPOCHS, VERBS, Bench, checkpoint_hash

PROMISE = (
    "ENOSPC, EROFS and EACCES, before a run or in the middle of it, end it with exit code 2 and one line "
    "that says what is wrong; free space is looked at before a checkpoint is written; the last checkpoint is "
    "intact, a run that could not begin leaves no folder, and once the fault is gone the same command or a "
    "resume ends in the same bits as the uninterrupted run."
)
SIZE, ROOM = 16 * 2**20, 2**16
COUNTS = {
    "ENOSPC before a run": 2, "ENOSPC found before a save": 3, "ENOSPC in a save": 4, "ENOSPC in the log": 2,
    "ENOSPC in the tables": 1, "EROFS before a run": 1, "EROFS in an epoch": 3, "EACCES before a run": 1,
    "EACCES in an epoch": 3,
}  # fmt: skip
SAID = {
    "ENOSPC": ("No space left on device", "are free"),
    "EROFS": ("Read-only file system",),
    "EACCES": ("Permission denied",),
}


def cases(seed: int, short: bool) -> list[Case]:
    """Twenty errors, half of them in a search."""
    draw = random.Random(f"write errors {seed}")
    made: list[Case] = []
    for kind, count in COUNTS.items():
        for _ in range(count):
            values = {"verb": VERBS[len(made) % 2], "moment": draw.random(), "left": draw.random()}
            made.append(Case(len(made), kind, values))
    return [made[number] for number in (2, 5, 13, 17)] if short else made


def prepare(bench: Bench) -> None:
    """The uninterrupted runs."""
    bench.references(0)


def check(case: Case, bench: Bench) -> Seen:
    """Run into the error, read the line, clear it, resume."""
    verb, name = case.values["verb"], f"write_errors-{case.number}"
    place = Place(bench.runs(name), mountable(bench.folder))
    try:
        return _check(case, bench, verb, name, place)
    finally:
        place.leave()


def _check(case: Case, bench: Bench, verb: str, name: str, place: "Place") -> Seen:
    folder, told = bench.run_folder(verb, name), bench.folder / f"moment-{name}"
    error, _, when = case.kind.partition(" ")
    # a manifest, a line or a table would fit into what a checkpoint does not
    big = when == "before a run" or "save" in when
    spoil = partial(place.spoil, error, int(case.values["left"] * ROOM) if big else 0, folder)
    if when == "before a run":
        if not place.real:
            spoil_here, spoil = spoil, lambda: None
        spoil()

    def before() -> None:
        if error == "EACCES":
            obey_permissions()
        if when == "before a run":
            if not place.real:
                spoil_here()
            return

        def act() -> None:
            told.write_text(checkpoint_hash(folder))
            spoil()

        _aim(case, bench, verb)(act)

    words = bench.arguments(verb, 0, name)
    ended = bench.execute(words, name, before)
    faults = []
    if ended.code != 2 or not ended.plain() or not any(text in ended.stderr for text in SAID[error]):
        faults.append(f"exit {ended.code}: {ended.stderr[-300:]!r}")
    if told.exists() and checkpoint_hash(folder) != told.read_text():
        faults.append("the last checkpoint is not what it was")
    place.clear()
    if (folder / "config.yaml").exists():
        words = bench.resume(verb, folder)
    elif folder.exists():
        faults.append(f"it left {sorted(path.name for path in folder.iterdir())}")
    again = bench.execute(words, name)
    faults.append(again.failure("again"))
    faults.append(bench.differences(verb, 0, folder))
    if not any(faults):
        place.leave()
    note = "the kernel's" if place.real else "raised"
    return bench.seen(name, faults, max(ended.seconds, again.seconds), note)


def _aim(case: Case, bench: Bench, verb: str) -> Callable[[Callable[[], Any]], None]:
    """What has the act done at a moment of a run."""
    moment, saves = case.values["moment"], bench.saves(verb)
    if case.kind == "ENOSPC in a save":  # the odd files are the states
        return partial(at_call, checkpoint, "write_synced", 1 + 2 * int(moment * saves))
    batches = EPOCHS * bench.steps_an_epoch(verb)
    work = BilevelSearch if verb == "search" else training.Training
    owner, name, count = {
        "ENOSPC found before a save": (checkpoint, "require_space", saves),
        "ENOSPC in the log": (Run, "log", EPOCHS),
        "ENOSPC in the tables": (Run, "write_results", EPOCHS),
    }.get(case.kind, (work, "step", batches))
    return partial(at_call, owner, name, 1 + int(moment * count))


class Place:
    """The folder of a case's runs, and what can be done to it."""

    def __init__(self, folder: Path, real: bool) -> None:
        self.folder, self.real = folder, real
        folder.mkdir(parents=True)
        if real:
            _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))

    def spoil(self, error: str, left: int, run: Path) -> None:
        """Have writing fail from now on; `left` bytes stay free on a full disk."""
        if not self.real:
            refuse_writing(self.folder, getattr(errno, error))
        elif error == "ENOSPC":
            free = shutil.disk_usage(self.folder).free
            with open(self.folder / "filled", "wb") as stream:
                stream.write(bytes(max(0, free - left)))
        elif error == "EROFS":
            _mount("--bind", str(self.folder), str(self.folder))
            _mount("-o", "remount,ro,bind", str(self.folder))
        else:
            for path in (self.folder, run) if run.exists() else (self.folder,):
                path.chmod(0o555)

    def clear(self) -> None:
        """Have writing work again."""
        while self.real and _mounts(self.folder) > 1:
            subprocess.run(["umount", str(self.folder)], check=True)
        (self.folder / "filled").unlink(missing_ok=True)
        for path in (self.folder, *self.folder.glob("*/run")):
            path.chmod(0o755)

    def leave(self) -> None:
        """Take the disk away, with what is on it."""
        while self.real and _mounts(self.folder):
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


def mountable(folder: Path) -> bool:
    """True if this process may mount."""
    probe = folder / "probe"
    probe.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(probe)], capture_output=True, check=False)
    if done.returncode == 0:
        subprocess.run(["umount", str(probe)], check=True)
    return done.returncode == 0


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def _mounts(folder: Path) -> int:
    """How many mounts lie at a folder."""
    return sum(
        line.split()[4] == str(folder) for line in Path("/proc/self/mountinfo").read_text().splitlines()
    )


def obey_permissions() -> None:
    """Give up root's capabilities to ignore permissions (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    if os.geteuid() != 0:
        return
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    sets[0] &= ~0b110  # of the effective set
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def refuse_writing(folder: Path, number: int) -> None:
    """Raise this error wherever a file below a folder is opened for writing, or a folder made in it."""

    def refusing(real: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
        def called(path: Any, *given: Any, **keys: Any) -> Any:
            inside = isinstance(path, str | os.PathLike) and str(path).startswith(str(folder))
            if inside and writes(*given, **keys):
                raise OSError(number, os.strerror(number), str(path))
            return real(path, *given, **keys)

        return called

    builtins.open = io.open = refusing(  # type: ignore[assignment]
        builtins.open, lambda mode="r", *given, **keys: any(letter in mode for letter in "wax+")
    )
    os.mkdir = refusing(os.mkdir, lambda *given, **keys: True)
