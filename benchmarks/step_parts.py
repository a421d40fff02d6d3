"""Where a step spends its time, in torch and with the kernels, against the floor of arithmetic and memory.

    python -m benchmarks.step_parts --out results

Both compute the same function; "in torch" is the path that `kernels: off` takes.

The floor of a part is the larger of its multiply-adds at the machine's peak, measured by a large matrix
product, and its bytes at the bandwidth of a copy. Bytes are counted once in and once out: what a part reads
from its inputs and writes to its outputs, weights left aside. What a cell's backward pass computes again is
not part of its floor. One thread, processor seconds.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from autofas.analysis.text_tables import markdown_table
from autofas.models.kernels import trunk
from autofas.models.kernels.candidate import CellPlan, Kind
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.runs.provenance import commit, machine
from autofas.search.engine import BilevelEngine
from autofas.storage.files import write_json, write_text
from benchmarks.search_step import CASES, Case
from benchmarks.step_process import ARCH, WEIGHTS, batch_of, space_of

NUMBER = 4  # bytes of a float32
PARTS = ("inputs_forward", "cell_forward", "cell_backward", "inputs_backward")
REST = "stem, head, loss, optimisers, Python"


def seconds_of(function: Callable[[], Any], times: int = 5) -> float:
    """The least processor time of several calls."""
    found = []
    for _ in range(times):
        started = time.process_time()
        function()
        found.append(time.process_time() - started)
    return min(found)


def peaks() -> tuple[float, float]:
    """Multiply-adds a second of a matrix product, bytes a second (read and written) of a copy."""
    side, many = 1536, 1 << 25
    left, right, source = torch.randn(side, side), torch.randn(side, side), torch.randn(many)
    target = torch.empty_like(source)
    macs = side**3 / seconds_of(lambda: left @ right)
    return macs, 2 * NUMBER * many / seconds_of(lambda: target.copy_(source))


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Within it, the processor time of every kernel is added up by its name."""
    original = trunk.call

    def call(function: Any, task: Any) -> None:
        started = time.process_time()
        original(function, task)
        name = next((part for part in PARTS if part in function.__name__), "head")
        spent[name] = spent.get(name, 0.0) + time.process_time() - started

    trunk.call = call
    try:
        yield
    finally:
        trunk.call = original


@contextmanager
def timed_in_torch(network: Supernet, spent: dict[str, float]) -> Iterator[None]:
    """Within it, the processor time of the torch path is added up by the part that runs, as hooks see it."""
    now = {"part": REST, "since": time.process_time()}

    def enter(part: str) -> None:
        moment = time.process_time()
        spent[now["part"]] = spent.get(now["part"], 0.0) + moment - now["since"]
        now.update(part=part, since=moment)

    handles = []
    for cell in network.cells:
        inputs = cell.preprocess
        handles += [
            cell.register_forward_pre_hook(lambda *_: enter("cell_forward")),
            inputs.register_forward_pre_hook(lambda *_: enter("inputs_forward")),
            inputs.register_forward_hook(lambda *_: enter("cell_forward")),
            cell.register_forward_hook(lambda *_: enter(REST)),
            cell.register_full_backward_pre_hook(lambda *_: enter("cell_backward")),
            inputs.register_full_backward_pre_hook(lambda *_: enter("inputs_backward")),
            cell.register_full_backward_hook(lambda *_: enter(REST)),
        ]
    try:
        with warnings.catch_warnings():
            # the first cell's inputs need no gradient in the architecture step, as intended
            warnings.filterwarnings("ignore", message="Full backward hook is firing")
            yield
    finally:
        enter(REST)
        for handle in handles:
            handle.remove()


def cell_macs(plan: CellPlan, pixels: int) -> int:
    """Multiply-adds of one forward pass through a cell's candidates: convolutions and the sums of terms."""
    total, nodes = 0, len(plan.fans)
    for fan, candidates in enumerate(plan.fans):
        sources = 2 if fan == 0 else 1
        edges = sources * (nodes - fan)
        for candidate in candidates:
            kernels = candidate.repeats * (candidate.kernel**2 + plan.width)
            if candidate.kind is Kind.SEPARABLE:
                total += edges * plan.width * kernels * pixels
            elif candidate.weights:
                total += edges * plan.width**2 * pixels
            total += edges * plan.width * pixels
    return total


def floors(network: Supernet, case: Case) -> dict[str, tuple[float, float]]:
    """Multiply-adds and bytes of every part of a step: two passes forward, one back for each level."""
    side = case.size
    for layer in network.space.layout.stem:
        side = -(-side // layer.stride)
        side = -(-side // 2) if layer.pool else side
    found = dict.fromkeys(PARTS, (0.0, 0.0))
    kinds = zip(network.kinds, network.cells, strict=True)
    plans = [plan for kind, cell in kinds if (plan := cell.compiled(kind)) is not None]
    for plan in plans:
        before, last = (weight.shape[1] for weight in plan.preprocess)
        pixels = case.batch * side**2
        inputs = plan.channels * (before + last) * pixels
        read, source = NUMBER * (before + last) * pixels, NUMBER * 2 * plan.channels * pixels
        side = -(-side // plan.stride)
        nodes = NUMBER * len(plan.fans) * plan.channels * case.batch * side**2
        cell = cell_macs(plan, case.batch * side**2)
        amounts = {
            "inputs_forward": (2 * inputs, 2 * (read + source)),
            # of the inputs for both levels, of the weights for one
            "inputs_backward": (3 * inputs, 2 * (2 * read + 2 * source)),
            "cell_forward": (2 * cell, 2 * (source + nodes)),
            "cell_backward": (3 * cell, 2 * (2 * source + 2 * nodes)),
        }
        for part, (macs, moved) in amounts.items():
            found[part] = found[part][0] + macs, found[part][1] + moved
    return found


def spent_by(case: Case, steps: int, *, kernels: bool) -> tuple[Supernet, dict[str, float]]:
    """Processor seconds of a step by part, with the kernels or in torch."""
    torch.manual_seed(0)
    network = Supernet(space_of(case.space), case.partial[0], kernels=kernels)
    engine = BilevelEngine(network, PixelwiseBCE(), WEIGHTS, ARCH)
    batches = [batch_of(case.size, case.batch, "cpu", seed) for seed in (1, 2)]

    def step() -> None:
        engine.arch_step(*batches)
        engine.weight_step(batches[1])

    step()
    spent: dict[str, float] = {}
    with timed(spent) if kernels else timed_in_torch(network, spent):
        started = time.process_time()
        for _ in range(steps):
            step()
        whole = time.process_time() - started
    spent[REST] = whole - sum(seconds for part, seconds in spent.items() if part in PARTS)
    return network, {part: seconds / steps for part, seconds in spent.items() if part != "head"}


def measure(name: str, steps: int, peak: tuple[float, float]) -> list[dict[str, Any]]:
    """A row a part of a case's step."""
    case = CASES[name]
    _, before = spent_by(case, steps, kernels=False)
    network, now = spent_by(case, steps, kernels=True)
    network_floors = floors(network, case)
    rows = []
    for part in (*PARTS, REST):
        macs, moved = network_floors.get(part, (0.0, 0.0))
        floor = max(macs / peak[0], moved / peak[1])
        amounts = {"macs": macs, "bytes": moved, "floor": floor}
        rows.append({"case": name, "part": part, "before": before[part], "seconds": now[part], **amounts})
    return rows


def cells_of(row: dict[str, Any], whole: float) -> list[str]:
    """A line of the table; `whole` is the step's seconds."""
    floor = [f"{row['floor']:.4f}", f"{row['seconds'] / row['floor']:.1f}"] if row["floor"] else ["-", "-"]
    amounts = [f"{row['macs'] / 1e9:.2f}", f"{row['bytes'] / 1e6:.0f}"]
    share = f"{100 * row['seconds'] / whole:.0f}"
    seconds = [f"{row['before']:.4f}", f"{row['seconds']:.4f}", f"{row['before'] / row['seconds']:.1f}"]
    return [row["case"], row["part"], *seconds, share, *amounts, *floor]


def main() -> None:
    """Measure every case, print the table, write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--out", type=Path, help="folder for search_step_parts.md and .json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    peak = peaks()
    rows = [row for name in args.cases for row in measure(name, args.steps, peak)]
    totals = {name: sum(row["seconds"] for row in rows if row["case"] == name) for name in args.cases}
    cells = [cells_of(row, totals[row["case"]]) for row in rows]
    header = (
        "case", "part", "in torch, s", "kernels, s", "times as fast", "%", "G multiply-adds", "MB", "floor s",
        "times the floor",
    )  # fmt: skip
    command = " ".join(["python -m benchmarks.step_parts", *sys.argv[1:]])
    peak_line = f"Peak {peak[0] / 1e9:.0f} G multiply-adds a second, {peak[1] / 1e9:.1f} GB/s."
    page = (
        f"## A step by part, in torch and with the compiled kernels, one thread, CPU seconds\n\n"
        f"`{command}`, commit {commit()}, torch {torch.__version__}, {machine()}, "
        f"mean of {args.steps} steps\n\n"
        f"{peak_line}\n\n{markdown_table(header, cells, numeric=header[2:])}\n"
    )
    print(page)
    if args.out:
        write_text(args.out / "search_step_parts.md", page)
        write_json(args.out / "search_step_parts.json", {"command": command, "rows": rows})


if __name__ == "__main__":
    main()
