"""A supernet's cells and head, forward and backward, by the compiled kernels.

The kernels keep feature maps as planes (grid.h): a tensor (channels, plane size). Of a forward pass the
nodes of every cell, its preprocessed inputs and the statistics of its norms are kept; what lies between is
computed again in the backward pass, in scratch memory that all cells share.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from autofas.models.kernels import library
from autofas.models.kernels.plan import TrunkPlan
from autofas.models.kernels.planes import Grid, Scratch, call, grid_of
from autofas.models.kernels.structures import Cell, Conversion, Head, Inputs

PRECISIONS = {torch.float32: "float", torch.float64: "double"}


@dataclass
class _Run:
    """One forward pass: what its backward pass needs besides the weights."""

    plan: TrunkPlan
    unit: library.Unit
    scratch: Scratch
    threads: int
    grids: list[Grid]
    """The stem's grid, then every cell's."""
    nodes: list[Tensor]
    """Planes of the stem's output, then of every cell's nodes."""
    sources: list[Tensor] = field(default_factory=list)
    normals: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """Mean and 1 / deviation of every norm: of the preprocessing (2C, 2) and of the cell."""


Mixing = tuple[Tensor, Tensor]
"""By kind of cell: operation weights times edge weights (edges, candidates); edge weights (edges,)."""


def trunk(
    plan: TrunkPlan, stem: Tensor, mixing: dict[str, Mixing], head: tuple[Tensor, Tensor], scratch: Scratch
) -> Tensor:
    """The stem's output (B, C, H, W) -> logits (B, 1, M, M).

    `head` are the last convolution's weight (1, channels, 1, 1) and bias (1,).
    """
    kinds = sorted(mixing)
    weights = [weight.contiguous() for cell in plan.cells for weight in cell.weights]
    mixed = [value.contiguous() for kind in kinds for value in mixing[kind]]
    return _Trunk.apply(plan, kinds, scratch, stem, *mixed, *head, *weights)


class _Trunk(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, plan: TrunkPlan, kinds: list[str], scratch: Scratch, stem: Tensor, *rest: Tensor
    ) -> Tensor:
        unit = library.unit(PRECISIONS[stem.dtype])
        run = _begin(plan, unit, scratch, stem)
        mixing, head, weights = _parted(kinds, rest)
        for number, cell in enumerate(plan.cells):
            own, weights = weights[: len(cell.weights)], weights[len(cell.weights) :]
            _cell_forward(run, number, own, mixing[cell.kind])
        logits, ctx.run, ctx.kinds = _head_forward(run, *head), run, kinds
        ctx.save_for_backward(stem, *rest)
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        stem, *rest = ctx.saved_tensors
        run: _Run = ctx.run
        mixing, head, weights = _parted(ctx.kinds, rest)
        wanted = any(ctx.needs_input_grad[4 + 2 * len(ctx.kinds) :])
        gradients = _Gradients(run, wanted, ctx.needs_input_grad[3], weights)
        head_gradient = _head_backward(run, head, slopes[0], gradients)
        found = {
            kind: [torch.zeros_like(value, dtype=torch.float64) for value in mixing[kind]] for kind in mixing
        }
        last = len(weights)
        for number in reversed(range(len(run.plan.cells))):
            cell = run.plan.cells[number]
            first = last - len(cell.weights)
            own = weights[first:last]
            _cell_backward(run, number, own, gradients, first, mixing[cell.kind], found[cell.kind])
            last = first
        mixed = [value.to(stem.dtype) for kind in ctx.kinds for value in found[kind]]
        return (None, None, None, gradients.of_stem(stem), *mixed, *head_gradient, *gradients.weights)


def _parted(
    kinds: Sequence[str], rest: Sequence[Tensor]
) -> tuple[dict[str, Mixing], tuple[Tensor, Tensor], list[Tensor]]:
    """What `trunk` put together: mixing, head and weights."""
    mixing = {kind: (rest[2 * i], rest[2 * i + 1]) for i, kind in enumerate(kinds)}
    after = 2 * len(kinds)
    return mixing, (rest[after], rest[after + 1]), list(rest[after + 2 :])


def _begin(plan: TrunkPlan, unit: library.Unit, scratch: Scratch, stem: Tensor) -> _Run:
    batch, channels, *sides = stem.shape
    grid = grid_of(unit, batch, (sides[0], sides[1]), plan.pad)
    run = _Run(plan, unit, scratch, torch.get_num_threads(), [grid], [stem.new_empty(channels, grid.size)])
    unit.planes_from_images(ctypes.byref(_conversion(run, stem, run.nodes[0], grid)))
    return run


def _conversion(run: _Run, images: Tensor, planes: Tensor, grid: Grid) -> Conversion:
    strides = (ctypes.c_long * 4)(*images.stride())
    return Conversion(
        grid.handle, images.shape[1], run.threads, images.data_ptr(), planes.data_ptr(), strides
    )


def _inputs(run: _Run, number: int, weights: Sequence[Tensor]) -> Inputs:
    """The preprocessing of a cell, whose inputs are the outputs of the two before it, the stem's at first."""
    plan = run.plan.cells[number]
    task = Inputs()
    before, last = max(number - 1, 0), number
    task.grid, task.before_grid = run.grids[last].handle, run.grids[before].handle
    task.channels, task.halved, task.threads = plan.channels, plan.halved, run.threads
    task.before_channels, task.last_channels = run.nodes[before].shape[0], run.nodes[last].shape[0]
    task.before, task.last = run.nodes[before].data_ptr(), run.nodes[last].data_ptr()
    task.before_weight, task.last_weight = (weight.data_ptr() for weight in weights[:2])
    task.source, task.normals = run.sources[number].data_ptr(), run.normals[number][0].data_ptr()
    run.scratch.lend(task, run.unit.inputs_scratch(ctypes.byref(task)))
    return task


def _cell(
    run: _Run,
    number: int,
    weights: Sequence[Tensor],
    mixing: Mixing,
    gradients: Sequence[int] | None = None,
) -> Cell:
    """A cell's structure; its table points to the weights, and to their gradients where these are wanted."""
    plan, table = run.plan.cells[number], run.plan.tables[number]
    table.point_to([weight.data_ptr() for weight in weights[2:]], gradients)
    task = Cell()
    task.grid, task.input_grid = run.grids[number + 1].handle, run.grids[number].handle
    task.channels, task.width, task.nodes = plan.channels, plan.width, len(plan.fans)
    task.stride, task.operations, task.threads = plan.stride, len(plan.fans[0]), run.threads
    task.operation, task.tensors = ctypes.addressof(table.operations), table.pointers.ctypes.data
    task.order, task.rows = plan.order.data_ptr(), run.plan.rows.data_ptr()
    task.chosen, task.betas = (value.data_ptr() for value in mixing)
    task.source, task.node = run.sources[number].data_ptr(), run.nodes[number + 1].data_ptr()
    task.normals, task.weights_wanted = run.normals[number][1].data_ptr(), gradients is not None
    return task


def _cell_forward(run: _Run, number: int, weights: Sequence[Tensor], mixing: Mixing) -> None:
    plan, grid, like = run.plan.cells[number], run.grids[-1], run.nodes[0]
    sides = grid.sides
    if plan.stride == 2:
        halves = ((sides[0] + 1) // 2, (sides[1] + 1) // 2)
        run.grids.append(grid_of(run.unit, grid.batch, halves, run.plan.pad, sides))
    else:
        run.grids.append(grid)
    nodes, edges = len(plan.fans), run.plan.rows.numel()
    run.sources.append(like.new_empty(2 * plan.channels, grid.size))
    run.nodes.append(like.new_empty(nodes * plan.channels, run.grids[-1].size))
    normals = like.new_empty(edges * len(plan.fans[0]) * 2 * plan.width, 2)
    run.normals.append((like.new_empty(2 * plan.channels, 2), normals))
    inputs = _inputs(run, number, weights)
    if plan.norm.track:
        inputs.running_mean, inputs.running_var = (
            plan.norm.running_mean.data_ptr(),
            plan.norm.running_var.data_ptr(),
        )
    call(run.unit.inputs_forward, inputs)
    cell = _cell(run, number, weights, mixing)
    cell.tracked = plan.norm.track
    run.scratch.lend(cell, run.unit.cell_scratch(ctypes.byref(cell)))
    call(run.unit.cell_forward, cell)


class _Gradients:
    """Gradients of all weights, in one piece of memory, and of the planes, each until it has been used."""

    def __init__(self, run: _Run, wanted: bool, of_stem: bool, weights: Sequence[Tensor]) -> None:
        self.run, self.wanted, self.stem_wanted = run, wanted, of_stem
        self.weights: Sequence[Tensor | None] = [None] * len(weights)
        self.addresses: list[int] = []
        if wanted:
            sizes = [weight.numel() for weight in weights]
            pieces = run.nodes[0].new_empty(sum(sizes)).split(sizes)
            self.weights = [piece.view_as(weight) for piece, weight in zip(pieces, weights, strict=True)]
            self.addresses = [piece.data_ptr() for piece in pieces]
        self.planes: list[Tensor | None] = [None] * len(run.nodes)

    def place(self, number: int) -> tuple[int, bool]:
        """Address of the gradient of planes `number`, and whether it holds something; 0 if not wanted."""
        if number == 0 and not self.stem_wanted:
            return 0, False
        planes = self.planes[number]
        begun = planes is not None
        if planes is None:
            planes = self.planes[number] = torch.empty_like(self.run.nodes[number])
        return planes.data_ptr(), begun

    def of_stem(self, stem: Tensor) -> Tensor | None:
        planes = self.planes[0]
        if planes is None:
            return None
        images = torch.empty_like(stem)
        run = self.run
        run.unit.images_from_planes(ctypes.byref(_conversion(run, images, planes, run.grids[0])))
        return images


def _cell_backward(
    run: _Run,
    number: int,
    weights: Sequence[Tensor],
    gradients: _Gradients,
    first: int,
    mixing: Mixing,
    found: Sequence[Tensor],
) -> None:
    """`found` are the gradients of `mixing`, which are raised; `first` is the place of the cell's weights."""
    source_gradient = torch.empty_like(run.sources[number])
    own = gradients.addresses[first : first + len(weights)]
    task = _cell(run, number, weights, mixing, own[2:] if gradients.wanted else None)
    task.chosen_gradient, task.betas_gradient = (value.data_ptr() for value in found)
    task.source_gradient, task.node_gradient = source_gradient.data_ptr(), gradients.place(number + 1)[0]
    run.scratch.lend(task, run.unit.cell_scratch(ctypes.byref(task)))
    call(run.unit.cell_backward, task)
    gradients.planes[number + 1] = None
    inputs = _inputs(run, number, weights)
    inputs.weights_wanted, inputs.source_gradient = gradients.wanted, source_gradient.data_ptr()
    if gradients.wanted:
        inputs.before_weight_gradient, inputs.last_weight_gradient = own[:2]
    inputs.last_gradient, inputs.last_adds = gradients.place(number)
    inputs.before_gradient, inputs.before_adds = gradients.place(max(number - 1, 0))
    run.scratch.lend(inputs, run.unit.inputs_scratch(ctypes.byref(inputs)))
    call(run.unit.inputs_backward, inputs)


def _head(run: _Run, weight: Tensor, bias: Tensor, plane: Tensor) -> Head:
    task = Head()
    task.grid, task.channels, task.threads = run.grids[-1].handle, run.nodes[-1].shape[0], run.threads
    task.planes, task.weight, task.bias = run.nodes[-1].data_ptr(), weight.data_ptr(), bias.data_ptr()
    task.map = plane.data_ptr()
    run.scratch.lend(task, run.unit.head_scratch(ctypes.byref(task)))
    return task


def _head_forward(run: _Run, weight: Tensor, bias: Tensor) -> Tensor:
    grid = run.grids[-1]
    plane = run.nodes[0].new_empty(1, grid.size)
    call(run.unit.head_forward, _head(run, weight, bias, plane))
    logits = plane.new_empty(grid.batch, 1, *grid.sides)
    run.unit.images_from_planes(ctypes.byref(_conversion(run, logits, plane, grid)))
    return logits


def _head_backward(
    run: _Run, head: tuple[Tensor, Tensor], slope: Tensor, gradients: _Gradients
) -> tuple[Tensor | None, Tensor | None]:
    (weight, bias), grid = head, run.grids[-1]
    plane = run.nodes[0].new_empty(1, grid.size)
    run.unit.planes_from_images(ctypes.byref(_conversion(run, slope, plane, grid)))
    task = _head(run, weight, bias, plane)
    task.gradient = gradients.place(len(run.nodes) - 1)[0]
    both = plane.new_empty(run.nodes[-1].shape[0] + 1)
    if gradients.wanted:
        task.weight_gradient = both.data_ptr()
    call(run.unit.head_backward, task)
    return (both[:-1].view_as(weight), both[-1:]) if gradients.wanted else (None, None)
