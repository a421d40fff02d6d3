"""The supernet: every network of a space at once, with the weights that say how much of each.

Auto-FAS (Yu et al., ICASSP 2020, eq. 1-3) with the partial channel connections and edge normalisation of
PC-DARTS (Xu et al., ICLR 2020, eq. 1-3); K = 1 without edge normalisation is DARTS. Normal cells share one
set of architecture parameters, reduction cells another.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from autofas.errors import GenotypeError
from autofas.models.candidates import Skip, Zero
from autofas.models.folded_sum import RunningStatistics
from autofas.models.fused_cell import FusedCell, fans_of
from autofas.models.kernels.plan import LastPlan, TrunkPlan
from autofas.models.kernels.planes import Scratch
from autofas.models.kernels.trunk import PRECISIONS, trunk
from autofas.models.mixes import build_mix
from autofas.models.operations import build_stem
from autofas.models.space import Space


class Supernet(nn.Module):
    """Images (B, 3, S, S) -> live-map logits (B, 1, M, M), positive = bona fide.

    `alphas[kind]` (edges, operations) and, with edge normalisation, `betas[kind]` (edges,) are the
    architecture parameters, edges in the order of `space.edges`; they are ordinary parameters and part of
    the state_dict. With `recompute` a cell keeps only its inputs for the backward pass, which computes the
    rest again: less memory for more time, the same numbers. Raises GenotypeError if K does not divide the
    channels.
    """

    rows: Tensor
    auxiliary: Tensor  # (operations,), only after add_auxiliary_skip

    def __init__(
        self,
        space: Space,
        partial_channels: int = 4,
        edge_normalization: bool = True,
        recompute: bool = False,
        kernels: bool = False,
    ) -> None:
        super().__init__()
        self.recompute = recompute
        self.kernels = kernels
        self._scratch = Scratch()
        self._last_plan = LastPlan()
        layout = space.layout
        if layout.channels % partial_channels or (layout.channels // partial_channels) < 2:
            raise GenotypeError(
                f"partial_channels {partial_channels} does not fit the {layout.channels} channels of space "
                f"{space.name}; choose a divisor that leaves at least 2"
            )
        self.space = space
        self.kinds = layout.cells
        self.stem = build_stem(layout.stem, learn_theta=layout.learn_theta, normalise=layout.normalise)
        self.cells, last = _cells(space, partial_channels)
        self.head = nn.Conv2d(last, 1, 1)
        for number, fan in enumerate(fans_of(space.edges, layout.intermediate_nodes)):
            self.register_buffer(f"fan_{number}", torch.tensor(fan), persistent=False)  # (S, T)
        rows = [
            row for fan in fans_of(space.edges, layout.intermediate_nodes) for edges in fan for row in edges
        ]
        self.register_buffer("rows", torch.tensor(rows, dtype=torch.int32), persistent=False)  # fan by fan
        edges, operations, kinds = len(space.edges), len(space.operations), ("normal", "reduction")
        self.alphas = nn.ParameterDict({kind: _near_zero(edges, operations) for kind in kinds})
        self.betas = nn.ParameterDict(
            {kind: _near_zero(edges) for kind in kinds} if edge_normalization else {}
        )

    def arch_parameters(self) -> list[nn.Parameter]:
        """Alphas and betas of the kinds of cells there are, in a fixed order."""
        return [each[kind] for each in (self.alphas, self.betas) for kind in each if kind in self.kinds]

    def weight_parameters(self) -> list[nn.Parameter]:
        """Everything learnable but alphas and betas, in a fixed order."""
        arch = {id(parameter) for each in (self.alphas, self.betas) for parameter in each.values()}
        return [parameter for parameter in self.parameters() if id(parameter) not in arch]

    def operation_weights(self, kind: str) -> Tensor:
        """softmax(alpha) over the operations of every edge (Auto-FAS eq. 2): (edges, operations)."""
        return F.softmax(self.alphas[kind], dim=1)

    def add_auxiliary_skip(self) -> None:
        """Give every mixed operation a skip besides its candidates, as strong as `set_auxiliary_skip` says.

        DARTS- (Chu et al., ICLR 2021): beta * x + sum_o softmax(alpha)_o o(x), so that a skip need not
        win for gradients to flow. On a strided edge the skip is the candidate's own factorised reduction,
        where the authors give it one apart. Raises GenotypeError if the space has no skip.
        """
        require_skip(self.space)
        zeros = torch.zeros(len(self.space.operations), device=self.head.weight.device)
        self.register_buffer("auxiliary", zeros, persistent=False)

    def set_auxiliary_skip(self, strength: float) -> None:
        """Set the strength, beta of DARTS-, in place: what replays recorded kernels sees it."""
        for column, candidate in enumerate(self.space.candidates):
            if isinstance(candidate, Skip):
                self.auxiliary[column] = strength

    def mixing_weights(self, kind: str) -> Tensor:
        """What the results of the operations are multiplied by on every edge: (edges, operations)."""
        auxiliary, weights = getattr(self, "auxiliary", None), self.operation_weights(kind)
        return weights if auxiliary is None else weights + auxiliary.to(weights)

    def edge_weights(self, kind: str) -> Tensor:
        """softmax(beta) over the incoming edges of every node (PC-DARTS eq. 3), or ones: (edges,)."""
        if kind not in self.betas:
            return torch.ones(len(self.space.edges), device=self.head.weight.device)
        incoming = [2 + node for node in range(self.space.layout.intermediate_nodes)]
        return torch.cat([betas.softmax(0) for betas in self.betas[kind].split(incoming)])

    @cached_property
    def _norms(self) -> tuple[list[nn.BatchNorm2d], list[RunningStatistics]]:
        """Norms of the stem and of the cells, found once: to walk all modules takes milliseconds."""
        cells = [module for module in self.cells.modules() if isinstance(module, RunningStatistics)]
        return [module for module in self.stem.modules() if isinstance(module, nn.BatchNorm2d)], cells

    @cached_property
    def _weights(self) -> list[nn.Parameter]:
        return self.weight_parameters()  # found once, as the norms are

    @contextmanager
    def frozen_statistics(self) -> Iterator[None]:
        """Within it, forward passes normalise by the batch but leave the running statistics as they are."""
        stem, cells = self._norms
        for norm in stem:
            norm.momentum = 0.0
        for statistics in cells:
            statistics.track = False
        try:
            yield
        finally:
            for norm in stem:
                norm.momentum = 0.1
            for statistics in cells:
                statistics.track = True

    @contextmanager
    def frozen_weights(self) -> Iterator[None]:
        """Within it, forward passes record architecture parameters alone: no weight gradient is computed."""
        for weight in self._weights:
            weight.requires_grad_(False)
        try:
            yield
        finally:
            for weight in self._weights:
                weight.requires_grad_(True)

    def forward(self, images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        if self._compiles(images):
            return self._compiled_forward(images)
        weights, betas = {}, {}
        for kind in set(self.kinds):
            operations, edges = self.mixing_weights(kind), self.edge_weights(kind)
            fans = [
                self.get_buffer(f"fan_{number}") for number in range(self.space.layout.intermediate_nodes)
            ]
            weights[kind] = [operations[fan] for fan in fans]  # (S, T, O) each
            betas[kind] = [edges[fan] for fan in fans]  # (S, T) each
        before = last = self.stem(images)
        for kind, cell in zip(self.kinds, self.cells, strict=True):
            given = before, last, weights[kind], betas[kind]
            before, last = last, self._recomputed(cell, *given) if self.recompute else cell(*given)
        return self.head(last)

    def _compiles(self, images: Tensor) -> bool:
        """True if this pass is one for the kernels: a training pass in full precision on a CPU."""
        return (
            self.kernels
            and self.training
            and images.device.type == "cpu"
            and images.dtype in PRECISIONS
            and not torch.is_autocast_enabled("cpu")
        )

    def _compiled_forward(self, images: Tensor) -> Tensor:
        plan = self._trunk_plan()
        columns = [i for i, candidate in enumerate(self.space.candidates) if not isinstance(candidate, Zero)]
        mixing = {}
        for kind in set(self.kinds):
            betas = self.edge_weights(kind).to(images.dtype)
            mixing[str(kind)] = self.mixing_weights(kind)[:, columns] * betas[:, None], betas
        assert self.head.bias is not None
        return trunk(plan, self.stem(images), mixing, (self.head.weight, self.head.bias), self._scratch)

    def _trunk_plan(self) -> TrunkPlan:
        """What the kernels compute."""
        plan = self._last_plan.get()
        if plan is None:
            cells = [module for module in self.cells if isinstance(module, FusedCell)]
            plans = [cell.compiled(kind) for kind, cell in zip(self.kinds, cells, strict=True)]
            plan = TrunkPlan(tuple(plan for plan in plans if plan is not None), self.rows)
            assert len(plan.cells) == len(cells), "a candidate that the kernels do not know"
            self._last_plan.keep(plan, self.cells)
        return plan

    def _recomputed(self, cell: nn.Module, *given: Any) -> Tensor:
        """The cell's output; its second forward pass counts no batch."""
        return checkpoint(
            cell,
            *given,
            use_reentrant=False,
            preserve_rng_state=False,  # a cell draws nothing
            context_fn=lambda: (nullcontext(), untracked(cell)),
        )


def _cells(space: Space, partial_channels: int) -> tuple[nn.ModuleList, int]:
    """The cells of a space one after the other, and the channels that leave the last one."""
    layout = space.layout
    channels = layout.channels
    before = last = layout.stem[-1].channels
    reduction_before = False
    cells = nn.ModuleList()
    for kind in layout.cells:
        reduction = kind == "reduction"
        channels *= layout.channel_factor if reduction else 1
        cells.append(
            FusedCell(
                space.candidates,
                (before, last),
                channels,
                layout.intermediate_nodes,
                partial_channels,
                (reduction_before, reduction),
            )
        )
        before, last, reduction_before = last, layout.intermediate_nodes * channels, reduction
    return cells, last


def _near_zero(*shape: int) -> nn.Parameter:
    """Architecture parameters at the start, which decide nothing."""
    return nn.Parameter(torch.randn(shape).mul_(1e-3))


def require_skip(space: Space) -> None:
    """Raise GenotypeError unless the space has a skip, which an auxiliary skip strengthens."""
    if not any(isinstance(candidate, Skip) for candidate in space.candidates):
        raise GenotypeError(f"auxiliary_skip needs skip_connect, which space {space.name} lacks")


def unknown_to_kernels(space: Space) -> tuple[str, ...]:
    """Names of the space's operations that the compiled kernels do not know."""
    return tuple(
        name
        for name, candidate in zip(space.operations, space.candidates, strict=True)
        if not isinstance(candidate, Zero)
        and any(build_mix(candidate, 1, 1, 2, stride).compiled() is None for stride in (1, 2))
    )


@contextmanager
def untracked(network: nn.Module) -> Iterator[None]:
    """Within it, the running statistics of the network's cells stay as they are."""
    tracking = [
        module for module in network.modules() if isinstance(module, RunningStatistics) and module.track
    ]
    for module in tracking:
        module.track = False
    try:
        yield
    finally:
        for module in tracking:
            module.track = True
