"""Where a run computes: device, threads, seed."""

import os
import random

import numpy as np
import torch

from autofas.errors import ConfigError


def prepare(device: str, threads: int | None, seed: int | None = None) -> tuple[torch.device, int]:
    """The torch device and the number of threads set; seeds Python, NumPy and torch if `seed` is given.

    Without `threads` torch gets one a core this process may use: more threads than free cores make every
    small kernel wait for a time slice. Raises ConfigError if CUDA is asked for and absent.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch sees no CUDA device here; use --device cpu or auto")
    wants_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    chosen = torch.device("cuda" if wants_cuda else "cpu")
    count = threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(count)
    if seed is not None:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
    return chosen, count
