"""The other workers of a study here: processes of `autofas search --join`, ended with their parent.

Cores are divided: each worker takes as many threads as the run was given, which for several workers is the
free cores over their number.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autofas.config.search import SearchConfig

ENDS_S = 20.0
"""How long a worker has to end after it was told to."""


def threads_of(config: SearchConfig) -> int:
    """Threads of one worker: those asked for, or the cores this process may use, divided."""
    return config.threads or max(1, _cores() // config.study.workers)


def crowding(config: SearchConfig) -> str | None:
    """What to say where workers have more threads than there are cores: they wait for each other."""
    workers, threads, cores = config.study.workers, threads_of(config), _cores()
    if config.device == "cuda" or workers == 1 or threads == 1 or workers * threads <= cores:
        return None
    return (
        f"note: {workers} workers of {threads} threads each wait for each other on {cores} cores, which can "
        "take ten times as long; leave --threads out to divide the cores"
    )


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def joining(config: SearchConfig, place: str, name: str) -> list[str]:
    """The command line of one more worker here."""
    words = [sys.executable, "-m", "autofas", "search", "--join", place, "--study", name]
    words += ["--threads", str(threads_of(config)), "--device", config.device]
    if config.data.data_root is not None:
        words += ["--data-root", config.data.data_root]
    if config.data.cache_dir is not None:
        words += ["--set", f"data.cache_dir={config.data.cache_dir}"]
    return words


@contextmanager
def other_workers(
    config: SearchConfig, place: str, name: str, folder: Path | None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start all workers but this process; what they print goes to worker-2.log and so on in the folder.

    Where the block ends well they are waited for: they end with the study. Otherwise they are told to stop.
    """
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {"OMP_NUM_THREADS": str(threads_of(config))}
    try:
        for number in range(2, config.study.workers + 1):
            where = folder / f"worker-{number}.log" if folder else Path(os.devnull)
            with open(where, "ab") as log:
                words = joining(config, place, name)
                started.append(
                    subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
                )
        yield started
        for process in started:
            process.wait()
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
        for process in started:
            try:
                process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
