"""SIGINT and SIGTERM: at once where nothing is lost, between two batches where a run can be saved.

`handling` is entered by the command line. While a loop of batches runs inside `deferred`, the first signal
is only noted; the loop asks `check` at its safe points and saves what it has when that raises. A second
signal meets the system's own handler and stops the process at once.

The import of a compiled module is finished first: what is raised while one starts it turns into errors of its
own or into a crash.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_IMPORT_S = 0.02
"""How often a signal that came during such an import looks whether it is over."""
_IMPORTS = ("ExtensionFileLoader.create_module", "ExtensionFileLoader.exec_module")


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
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)}
    for number in SIGNALS:
        signal.signal(number, _handle)
    signal.signal(signal.SIGALRM, _stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
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
    _stop(number, frame)


def _stop(number: int, frame: FrameType | None) -> None:
    """Raise the noted signal, now or when the compiled module has started that it came in."""
    if _State.deferring or _State.noted is None:
        return
    while frame is not None:
        if frame.f_code.co_qualname in _IMPORTS:
            signal.setitimer(signal.ITIMER_REAL, _IMPORT_S)
            return
        frame = frame.f_back
    raise Interrupted(_State.noted)
