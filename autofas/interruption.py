"""SIGINT and SIGTERM: at once where nothing is lost, between two batches where a run can be saved.

`handling` is entered by the command line. While a loop of batches runs inside `deferred`, the first signal
is only noted; the loop asks `check` at its safe points and saves what it has when that raises. A second
signal meets the system's own handler and stops the process at once.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal asked to stop; `hint` says how to go on. Not an Exception: no handler of errors takes it."""

    def __init__(self, number: int) -> None:
        self.number, self.hint = number, ""
        super().__init__(f"interrupted by {signal.Signals(number).name}")

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number, as shells count: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number


class _State:
    deferring = 0
    noted: int | None = None


@contextmanager
def handling() -> Iterator[None]:
    """Within it SIGINT and SIGTERM raise Interrupted; the handlers found are put back at the end.

    Outside the main thread, where Python delivers no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, _handle)
    try:
        yield
    finally:
        _State.noted = None
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Within it a signal waits for the next `check`, or for the end of the block."""
    _State.deferring += 1
    try:
        yield
    finally:
        _State.deferring -= 1
    if not _State.deferring:
        check()


def waiting() -> int:
    """The number of the signal that is waiting, 0 without one."""
    return _State.noted or 0


def check() -> None:
    """Raise Interrupted if a signal is waiting."""
    if _State.noted is not None:
        stop(_State.noted)


def stop(number: int) -> NoReturn:
    """Raise Interrupted for a signal, which waits no more."""
    _State.noted = None
    raise Interrupted(number)


def _handle(number: int, frame: FrameType | None) -> None:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_DFL)
    _State.noted = number
    if not _State.deferring:
        raise Interrupted(number)
