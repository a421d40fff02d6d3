"""The bandwidth floor of a search step: how long it would take if its kernels did nothing but move tensors.

The floor is the sum over all operators of the bytes of the tensors they read and write, over the bandwidth
of a large copy on the same device. A step cannot be much faster than its floor (only caches help); how far
above it a step is says what arithmetic, launching and waiting cost.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

COPIED_BYTES = 2**28


class Traffic(TorchDispatchMode):
    """Within it, `bytes` counts what operators read and write; views and bare allocations move nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view and "empty" not in func.name():
            read = tree_leaves((args, {key: value for key, value in (kwargs or {}).items() if key != "out"}))
            moved = [value for value in [*read, *tree_leaves(result)] if isinstance(value, Tensor)]
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in moved)
        return result


def bandwidth(device: str) -> float:
    """Bytes a second of a copy within the device's memory, read and written; the best of ten."""
    source = torch.empty(COPIED_BYTES // 4, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(10):
        _wait(device)
        started = time.perf_counter()
        target.copy_(source)
        _wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * COPIED_BYTES / best


def floor_of(take_steps: Callable[[], None], steps: int, device: str) -> dict[str, float]:
    """MB that a step moves, the device's bandwidth in MB a second, and the floor in seconds."""
    with Traffic() as traffic:
        take_steps()
    moved, most = traffic.bytes / steps, bandwidth(device)
    return {"moved_mb": moved / 1e6, "bandwidth_mb_s": most / 1e6, "floor_seconds": moved / most}


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
