"""Several ranks on one machine, as forked processes joined by gloo."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

HANG_S = 300.0


@dataclass
class Ended:
    """How a rank ended: exit code (negative for a signal), what the function returned, what was printed."""

    code: int | None
    value: Any
    stdout: str
    stderr: str


def on_ranks(function: Callable[[], Any], folder: Path, count: int = 2, **environment: str) -> list[Ended]:
    """Call `function` on every rank; an integer that it returns is its process's exit code.

    As under torchrun, the ranks find each other through a store of the process that started them. A rank that
    hangs is killed, and its code is -9.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1"}
    shared |= {"MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True", **environment}
    context = multiprocessing.get_context("fork")
    processes = []
    for rank in range(count):
        own = {**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        process = context.Process(target=_become, args=(function, folder / str(rank), own))
        process.start()
        processes.append(process)
    end = time.monotonic() + HANG_S
    for process in processes:
        process.join(max(0.0, end - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
    return [_ended(folder / str(rank), process.exitcode) for rank, process in enumerate(processes)]


def _become(function: Callable[[], Any], place: Path, environment: dict[str, str]) -> None:
    code = 1
    try:
        torch.set_num_threads(1)  # the OpenMP threads of the process that forked this one are not here
        os.environ.update(environment)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            with open(f"{place}.{name}", "wb", buffering=0) as stream:
                os.dup2(stream.fileno(), descriptor)
            setattr(sys, name, os.fdopen(descriptor, "w", buffering=1, closefd=False))
        value = function()
        Path(f"{place}.value").write_bytes(pickle.dumps(value))
        code = value if isinstance(value, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(place: Path, code: int | None) -> Ended:
    value = Path(f"{place}.value")
    return Ended(
        code,
        pickle.loads(value.read_bytes()) if value.exists() else None,
        Path(f"{place}.stdout").read_text(),
        Path(f"{place}.stderr").read_text(),
    )


def torchrun(arguments: Sequence[str], output: Path, *options: str) -> subprocess.Popen[bytes]:
    """`torchrun --nproc-per-node 2 OPTIONS -m autofas ARGUMENTS`, its output in a file."""
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--monitor-interval=0.1"]
    with open(output, "wb") as stream:
        return subprocess.Popen(
            [*words, *options, "-m", "autofas", *arguments],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=stream,
            stderr=stream,
        )


def process_of(rank: int, parent: int) -> int:
    """The process that torchrun, process `parent`, started as this rank."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise LookupError(f"process {parent} has no rank {rank}")
