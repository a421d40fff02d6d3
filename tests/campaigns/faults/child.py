"""One autofas command line in a forked process, with something done to it."""

import contextlib
import importlib
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from autofas.cli import main

MODULES = ("commands.search", "evaluation.evaluate", "search.search", "training.train", "analysis.draw")
Prepare = Callable[[], None]
HANG_S = 30.0
"""No child may take longer; one that does is killed and counts as failed. Where more processes want the cores
than there are, it is given as much more time as they make it wait."""


@dataclass
class Ended:
    """How a child ended: exit code (negative for a signal), seconds, what it wrote to stderr."""

    code: int
    seconds: float
    stderr: str
    hung: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines of stderr that are a message, not progress of a run."""
        return [line for line in self.stderr.splitlines() if line.strip()]

    def plain(self) -> bool:
        """True if it ended by a code of autofas in one line, without a traceback or a hang."""
        return not self.hung and "Traceback" not in self.stderr and len(self.lines) <= 1

    def failure(self, what: str) -> str:
        """What is wrong with a child that should have ended well and said nothing; empty if nothing."""
        return f"{what}: exit {self.code} {self.stderr[-300:]}" if self.code or self.stderr else ""


class Child:
    """A running command line; `prepare` is called in it first."""

    def __init__(self, arguments: Sequence[str], stderr: Path, prepare: Prepare | None = None) -> None:
        self.stderr, self.started = stderr, time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _become(arguments, stderr, prepare)

    def send(self, number: int) -> None:
        """Send a signal if the child is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def running(self) -> bool:
        """True until the child has ended; leaves it to be waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def wait(self, most: float = HANG_S) -> Ended:
        """Wait for the end, at most so many seconds from now, on cores that are not oversubscribed."""
        begun, hung = time.monotonic(), False
        while self.running():
            crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
            if time.monotonic() - begun > most * crowd:
                self.send(signal.SIGKILL)
                hung = True
                break
            time.sleep(0.005)
        _, status = os.waitpid(self.pid, 0)
        text = self.stderr.read_text(errors="replace") if self.stderr.exists() else ""
        return Ended(os.waitstatus_to_exitcode(status), time.monotonic() - self.started, text, hung)


def children_of(pid: int, word: str) -> list[int]:
    """The children of a process with a word in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == pid and word in (path.parent / "cmdline").read_text():
                found.append(int(path.parent.name))
    return found


def run(
    arguments: Sequence[str], stderr: Path, prepare: Prepare | None = None, most: float = HANG_S
) -> Ended:
    """A command line to its end."""
    return Child(arguments, stderr, prepare).wait(most)


def _become(arguments: Sequence[str], stderr: Path, prepare: Prepare | None) -> None:
    """Be the child: run the command line and leave without returning."""
    code = 99
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        with open(stderr, "wb", buffering=0) as stream, open(os.devnull, "wb") as nowhere:
            os.dup2(stream.fileno(), 2)
            os.dup2(nowhere.fileno(), 1)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        sys.argv = ["autofas", *arguments]
        if prepare is not None:
            prepare()
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 98
    except BaseException:
        traceback.print_exc()
        code = 97
    finally:
        os._exit(code)


_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
_FACES = re.compile(r"/\S+/synthetic/\w+:")
_TIME = re.compile(r"[\d.]+ (?:s|min|h)(?:, [\d.]+ (?:s|min|h) left)?")


def log_without_times(path: Path) -> list[str]:
    """The lines of a log.txt with times, seconds and the paths of the run and of the faces taken out."""
    lines = [_TIME.sub("TIME", _STAMP.sub("", line)) for line in path.read_text().splitlines()]
    return [_FACES.sub("FACES:", line).replace(str(path.parent), "RUN") for line in lines]


def without_pictures() -> None:
    """Have this process draw no cells: pictures take longer than the small search."""
    importlib.import_module("autofas.analysis.draw").draw_genotype = lambda *_, **__: []
    importlib.import_module("autofas.analysis.alpha_plot").draw_alphas = lambda *_, **__: None


def warm_up() -> None:
    """Import here what every command line would import: the children inherit it."""
    for name in ("matplotlib.pyplot", *(f"autofas.{module}" for module in MODULES)):
        importlib.import_module(name)
    torch.set_num_threads(1)
