"""The derived network: a genotype's cells stacked in its layout (Auto-FAS, section 2.1.1 and fig. 2).

Input (B, 3, S, S) in [-1, 1]; output the logits of the live map (B, 1, M, M), positive = bona fide.
Shares the stem and the operations' definitions with the supernet and nothing else. Left open by the
paper and chosen here: the head is ReLU - 1x1 convolution; drop-path follows DARTS (section 3.2 of its
appendix) and is off unless training asks for it.
"""

import torch
from torch import Tensor, nn

from autofas.models.candidates import THETA
from autofas.models.genotype import Cell, Genotype
from autofas.models.operations import FactorizedReduce, ReluConvNorm, build_operation, build_stem
from autofas.runtime import ranks


class DerivedCell(nn.Module):
    """One cell: inputs (B, Cpp, H', W') and (B, Cp, H, W), output (B, len(concat) * C, H or H/2, ...)."""

    def __init__(
        self,
        cell: Cell,
        channels_in: tuple[int, int],
        channels: int,
        reduces: tuple[bool, bool],
        theta: float = THETA,
        learn_theta: bool = False,
    ) -> None:
        super().__init__()
        reduction_before, reduction = reduces
        first = FactorizedReduce if reduction_before else ReluConvNorm
        self.preprocess = nn.ModuleList(
            [first(channels_in[0], channels), ReluConvNorm(channels_in[1], channels)]
        )
        self.cell = cell
        self.operations = nn.ModuleDict(
            {
                f"{edge.input}->{edge.node}": build_operation(
                    edge.operation, channels, 2 if reduction and edge.input < 2 else 1, theta, learn_theta
                )
                for edge in cell.edges
            }
        )
        self.drop_path = 0.0

    def forward(self, previous: Tensor, last: Tensor) -> Tensor:
        states = [self.preprocess[0](previous), self.preprocess[1](last)]
        for node in range(2, max(edge.node for edge in self.cell.edges) + 1):
            total: Tensor | None = None
            for edge in self.cell.inputs_of(node):
                operation = self.operations[f"{edge.input}->{edge.node}"]
                result = operation(states[edge.input])
                if self.training and self.drop_path > 0 and not isinstance(operation, nn.Identity):
                    result = drop_path(result, self.drop_path)
                total = result if total is None else total + result
            assert total is not None  # a cell's nodes all have an edge, Cell checks it
            states.append(total)
        return torch.cat([states[node] for node in self.cell.concat], dim=1)


def drop_path(x: Tensor, probability: float) -> Tensor:
    """Drop a whole path for some samples of the batch and scale the others up: (B, C, H, W) -> same."""
    keep = 1.0 - probability
    # every rank draws for all ranks' rows and takes its own: one process would draw the same
    masks = torch.empty(ranks.world_size(), x.shape[0], 1, 1, 1, device=x.device, dtype=x.dtype)
    return x * (masks.bernoulli_(keep)[ranks.rank()] / keep)


class DerivedNetwork(nn.Module):
    """The network of a genotype: images (B, 3, S, S) -> live-map logits (B, 1, M, M).

    Works at any input side of at least 8; the layout's `input_size` is the one it was searched at.
    """

    def __init__(self, genotype: Genotype) -> None:
        super().__init__()
        layout = genotype.layout
        self.genotype = genotype
        theta = layout.theta, layout.learn_theta
        self.stem = build_stem(layout.stem, learn_theta=layout.learn_theta, normalise=layout.normalise)
        channels, before, last = layout.channels, layout.stem[-1].channels, layout.stem[-1].channels
        reduction_before = False
        cells = []
        for kind in layout.cells:
            reduction = kind == "reduction"
            channels *= layout.channel_factor if reduction else 1
            cell = genotype.cell(kind)
            reduces = reduction_before, reduction
            cells.append(DerivedCell(cell, (before, last), channels, reduces, *theta))
            before, last, reduction_before = last, len(cell.concat) * channels, reduction
        self.cells = nn.ModuleList(cells)
        self.head = nn.Sequential(nn.ReLU(), nn.Conv2d(last, 1, 1))

    def set_drop_path(self, probability: float) -> None:
        """Probability in [0, 1) with which training drops an edge's result; identities are kept."""
        for cell in self.cells:
            cell.drop_path = probability  # type: ignore[assignment]

    def forward(self, images: Tensor) -> Tensor:
        if images.device.type == "cpu" and not torch.compiler.is_exporting():
            # torch computes a 3x3 pool ten times as fast with channels side by side, and the rest no slower;
            # an exported graph would hold the copy, and ExecuTorch then mistakes the map's sides
            images = images.contiguous(memory_format=torch.channels_last)
        before = last = self.stem(images)
        for cell in self.cells:
            before, last = last, cell(before, last)
        return self.head(last)
