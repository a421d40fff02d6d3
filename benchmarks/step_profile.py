"""Where the time of a search step goes, by kind of work: torch's profiler, self time on the CPU.

An operator's self time is what it spends outside the operators it calls, so the kinds add up to the
profiled time. The profiler itself lengthens a step of many small operators; the step's length without it
stands beside.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from torch.profiler import ProfilerActivity, profile

DEPTHWISE = "depthwise convolution"
POINTWISE = "1x1 convolution"
DENSE = "other convolution"
PRODUCT = "matrix product"
NORM = "batch norm"
POOL = "pooling"
ELEMENTWISE = "elementwise, sums, copies"
VIEWS = "views, allocation"
OVERHEAD = "autograd, Python"
KINDS = (DEPTHWISE, POINTWISE, DENSE, PRODUCT, NORM, POOL, ELEMENTWISE, VIEWS, OVERHEAD)

PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "addbmm", "matmul", "linear", "mv", "dot", "einsum"}
NO_WORK = {
    "alias", "as_strided", "chunk", "contiguous", "detach", "diagonal", "empty", "empty_like",
    "empty_strided", "expand", "expand_as", "flatten", "lift_fresh", "narrow", "new_empty", "permute",
    "reshape", "resize", "resize_as", "resolve_conj", "resolve_neg", "result_type", "select", "slice",
    "split", "split_with_sizes", "squeeze", "t", "to", "transpose", "unbind", "unflatten", "unfold",
    "unsafe_view", "unsqueeze", "view", "view_as",
}  # fmt: skip


def kind_of(name: str, shapes: Sequence[Sequence[int]]) -> str:
    """The kind of one profiled event, by its name and the shapes of its arguments."""
    if not name.startswith("aten::"):
        return OVERHEAD  # nodes of the backward graph, functions written in Python, the optimisers' loops
    operator = name.removeprefix("aten::").strip("_")
    if "conv" in operator:
        backward = "backward" in operator
        images, kernel = shapes[1 if backward else 0], shapes[2 if backward else 1]
        if kernel[1] == 1 and images[1] == kernel[0] > 1:
            return DEPTHWISE
        return POINTWISE if tuple(kernel[2:]) == (1, 1) else DENSE
    if operator in PRODUCTS:
        return PRODUCT
    if "batch_norm" in operator:
        return NORM
    if "pool" in operator:
        return POOL
    return VIEWS if operator in NO_WORK else ELEMENTWISE


def profiled(take_steps: Callable[[], None], steps: int) -> dict[str, Any]:
    """Seconds and calls a step of every kind, and the seconds of a step under the profiler.

    What the profiler saw no event for is Python between the operators and counts as overhead.
    """
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        started = time.perf_counter()
        take_steps()
        seconds = time.perf_counter() - started
    kinds = {kind: {"seconds": 0.0, "calls": 0.0} for kind in KINDS}
    for event in seen.key_averages(group_by_input_shape=True):
        kind = kinds[kind_of(event.key, event.input_shapes)]
        kind["seconds"] += event.self_cpu_time_total / 1e6 / steps
        kind["calls"] += event.count / steps
    rest = seconds / steps - sum(kind["seconds"] for kind in kinds.values())
    kinds[OVERHEAD]["seconds"] += max(rest, 0.0)
    return {"seconds": seconds / steps, "kinds": kinds}
