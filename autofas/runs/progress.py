"""Progress of long work, with the time left: a bar on a terminal, lines in a pipe; a clock for the log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from autofas.runtime.terminal import columns, fresh_line, overwrites, styled

BAR = 24
"""Cells of a bar, where there is room for them."""


class Clock:
    """Estimates the time left from the mean duration of the rounds done."""

    def __init__(self, rounds: int) -> None:
        self.rounds, self.done, self.started = rounds, 0, time.perf_counter()

    def left(self) -> str:
        """Mark a round as done and give the time left as text, such as '3 min' or '40 s'."""
        self.done += 1
        seconds = (time.perf_counter() - self.started) / self.done * (self.rounds - self.done)
        return duration(seconds)


def duration(seconds: float) -> str:
    """'12 s', '3 min' or '2.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Progress:
    """Progress of one kind of work on stderr; call it with what is done and what there is in all.

    A terminal gets one line that fits its width, is written over and over and taken away by `close`; a pipe
    or a file gets a whole line after `LATE` seconds and then every `APART`, flushed, and none with
    `terminal_only`. Work that is quicker prints nothing.
    """

    LATE, APART = 2.0, 15.0

    def __init__(
        self, what: str, shown: bool = True, stream: TextIO | None = None, *, terminal_only: bool = False
    ) -> None:
        self.what, self.stream = what, stream or sys.stderr
        self.overwrites = overwrites(self.stream)
        self.shown = shown and (self.overwrites or not terminal_only)
        self._drawn = False
        self._restart(0)

    def _restart(self, total: int) -> None:
        self._total, self._done, self._started = total, 0, time.perf_counter()
        self._next = self.LATE  # seconds since the start

    def __call__(self, done: int, total: int) -> None:
        """Note that `done` of `total` are done; another total, or fewer done, is another piece of work."""
        if total != self._total or done < self._done:
            self._restart(total)
        self._done = done
        seconds = time.perf_counter() - self._started
        if not self.shown or seconds < self._next:
            return
        left = seconds / max(done, 1) * (total - done)
        counts = f"{done:,} of {total:,}, {duration(left)} left"
        if self.overwrites:
            self._next = seconds + 0.2
            fresh_line(self.stream)
            self.stream.write(self._bar(counts, done / max(total, 1)))
            self._drawn = True
        else:
            self._next = seconds + self.APART
            self.stream.write(f"{self.what}: {counts}\n")
        self.stream.flush()

    def close(self) -> None:
        """Take the line off a terminal."""
        if self._drawn:
            fresh_line(self.stream)
            self.stream.flush()

    def _bar(self, counts: str, share: float) -> str:
        """What is done, as a bar too where the terminal has room for one; never wider than it."""
        room = columns() - 1  # a terminal wraps at its last column
        words = f"{self.what}  {counts}"
        cells = min(BAR, room - len(words) - 2)
        if cells < 8:
            return words[:room]
        done, left = ("━", "─") if "utf" in (self.stream.encoding or "").lower() else ("#", ".")
        full = round(cells * min(share, 1.0))
        bar = styled(done * full, "good", self.stream) + left * (cells - full)
        return f"{self.what}  {bar}  {counts}"


@contextmanager
def progress(what: str, shown: bool = True) -> Iterator[Progress]:
    """A `Progress` for the block, closed at its end."""
    reporter = Progress(what, shown)
    try:
        yield reporter
    finally:
        reporter.close()
