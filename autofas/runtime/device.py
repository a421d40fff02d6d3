"""Where a run computes: device, threads, seed, and the ranks it computes with."""

import os
import random

import numpy as np
import torch

from autofas.errors import ConfigError
from autofas.runtime import ranks
from autofas.runtime.launch import launched


def prepare(device: str, threads: int | None, seed: int | None = None) -> tuple[torch.device, int]:
    """The torch device and the number of threads set; seeds Python, NumPy and torch if `seed` is given.

    Without `threads` torch gets one a core this process may use, shared among the machine's ranks: more
    threads than free cores make every small kernel wait for a time slice. Each rank has a GPU of its own.
    Raises ConfigError if CUDA is asked for and absent.
    """
    launch = launched()
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch sees no CUDA device here; use --device cpu or auto")
    wants_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    chosen = torch.device("cuda" if wants_cuda else "cpu")
    if wants_cuda and launch.several:
        if launch.local_rank >= torch.cuda.device_count():
            raise ConfigError(
                f"rank {launch.rank} finds no GPU: this machine has {torch.cuda.device_count()} for "
                f"{launch.local_size} ranks; lower --nproc-per-node or use --device cpu"
            )
        torch.cuda.set_device(launch.local_rank)
        chosen = torch.device("cuda", launch.local_rank)
    ranks.start(chosen)
    # macOS does not say which cores a process may use
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = threads or max(1, cores // launch.local_size)
    torch.set_num_threads(count)
    if seed is not None:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
    return chosen, count
