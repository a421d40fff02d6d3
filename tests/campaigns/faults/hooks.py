"""What is done in a child before its command line runs: acts at counted calls and lines, values put in."""

import contextlib
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch

Act = Callable[[], Any]


def at_call(owner: Any, name: str, number: int, act: Act) -> None:
    """Act before the call of that number, counted from 1, of a function of a module or class."""
    calls, real = itertools.count(1), getattr(owner, name)

    def called(*arguments: Any, **keys: Any) -> Any:
        if next(calls) == number:
            act()
        return real(*arguments, **keys)

    setattr(owner, name, called)


def at_lines(codes: set[CodeType], act: Act) -> None:
    """Act before every line of these functions that this thread executes."""

    def at(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            act()
        return at

    sys.settrace(lambda frame, event, argument: at if frame.f_code in codes else None)


def at_line(codes: set[CodeType], number: int, act: Act) -> None:
    """Act before the line of that number, counted from 1."""
    lines = itertools.count(1)
    at_lines(codes, lambda: act() if next(lines) == number else None)


def count(path: Path) -> Act:
    """An act that leaves a byte in a file, where a kill leaves it too."""
    stream = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    return lambda: os.write(stream, b".")


def kill(pid: int) -> None:
    """SIGKILL to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_me() -> None:
    """SIGKILL, from inside."""
    kill(os.getpid())


def signal_me(number: int, told: Path, times: int = 1) -> Act:
    """An act that sends this process a signal, and leaves the moment in a file."""

    def act() -> None:
        told.write_text(repr(time.monotonic()))
        for _ in range(times):
            os.kill(os.getpid(), number)

    return act


def poisoned(tensor: torch.Tensor, value: float, place: float) -> torch.Tensor:
    """A copy with one element, at `place` in [0, 1), replaced."""
    made = tensor.detach().clone().reshape(-1)
    made[int(place * made.numel())] = value
    return made.reshape(tensor.shape)
