"""Progress of long work: a bar with the time left on a terminal, and a clock for the log's lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from autofas.runs.run_folder import Run


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


@contextmanager
def log_progress(run: Run, what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, total) that draws a bar on a terminal and nothing elsewhere."""
    bar = tqdm(desc=what, unit="frame", leave=False, disable=not (run.echo and sys.stderr.isatty()))

    def report(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield report
    finally:
        bar.close()
