"""A supernet cell whose edges are computed together: few wide kernels in place of thousands of small ones.

The function is that of PC-DARTS (Xu et al., ICLR 2020, eq. 1-3; K = 1 is DARTS, Liu et al., ICLR 2019,
eq. 2): on edge (i, j) the first C/K channels of node i go through the mixed operation
sum_o softmax(alpha)_o o(x), the other channels bypass it (a 2x2 max pool where the edge is strided), the
two are concatenated and shuffled over K groups, and node j is the sum of its edges weighted by
softmax(beta). Batch norms are not affine. The tests hold this module against one that spells the same
function out edge by edge.

How the same function is had for less, with S sources, T target nodes and c = C/K partial channels:

- All edges that leave the sources of one *fan* (a cell's two inputs, then each intermediate node in turn)
  are computed at once.
- Depthwise and pointwise convolution without anything between them are one dense c -> c convolution. Where
  channels are few (`mixes.DENSE_UP_TO`) the first half of all S*T separable convolutions of a kernel size is
  one such convolution; where they are many it is one depthwise and one grouped pointwise convolution.
- What follows the last depthwise convolution is linear: pointwise convolution, batch norm, softmax
  weights and the sum over edges fold into one matrix product. The statistics of the batch norm follow
  from mean and covariance of the product's input, so the pointwise results never exist.
- Batch norms of pooled features do not depend on the edge: one pool and one norm serve all T edges.
- The bypass and the sum over it are one matrix product too. The shuffle is never carried out: nodes keep
  the order [mixed c | bypassed C - c], and the next fan picks the channels that the shuffle would have
  put first (`shuffled_order`).

Images are (B, C, H, W) in channels_last format, so `rows` (B*H*W, C) of the same memory are free.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import Candidate, Zero
from autofas.models.folded_sum import folded_sum
from autofas.models.kernels.candidate import CellPlan
from autofas.models.mixes import Mix, Norm, build_mix, image, kernel_parameter, rows


class Fan(nn.Module):
    """All edges from some source nodes, known at the same time, to all later nodes of the cell.

    `order` (C,) lists a source's channels as they stand in memory: the first C/K are mixed, the rest bypass.
    """

    picks: Tensor
    bypass: Tensor
    columns: Tensor

    def __init__(
        self,
        candidates: tuple[Candidate, ...],
        order: Tensor,
        partial: int,
        sources: int,
        targets: int,
        stride: int,
    ) -> None:
        super().__init__()
        self.stride, self.targets = stride, targets
        channels, width = len(order), len(order) // partial
        picks = torch.arange(sources * channels).view(sources, channels)[:, order[:width]]
        self.register_buffer("picks", picks.flatten(), persistent=False)  # (S*c,)
        bypass = torch.zeros(channels, channels - width)
        bypass[order[width:], torch.arange(channels - width)] = 1
        self.register_buffer("bypass", bypass, persistent=False)  # (C, C - c)
        columns = [i for i, one in enumerate(candidates) if not isinstance(one, Zero)]
        self.register_buffer("columns", torch.tensor(columns), persistent=False)  # (terms,)
        self.mixes = nn.ModuleList(build_mix(candidates[i], sources, targets, width, stride) for i in columns)

    def forward(
        self, x: Tensor, weights: Tensor, betas: Tensor, mixed: Tensor | None, bypassed: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Sources (B, S*C, H, W), operation weights (S, T, O) and edge weights (S, T) -> the sums of the
        targets' mixed channels (N, T*c) and bypassed channels (N, T*(C-c)), begun by earlier fans.
        """
        matrix = rows(x)  # (N, S*C)
        partial, skips_channels = x, self.bypass.shape[1] > 0
        if skips_channels:
            partial = image(matrix.index_select(1, self.picks), x)  # (B, S*c, H, W)
        rectified = F.relu(partial) if any(mix.rectified for mix in self.mixes) else partial
        terms = [mix(rectified if mix.rectified else partial) for mix in self.mixes]
        chosen = weights.index_select(2, self.columns) * betas[:, :, None]  # (S, T, terms)
        mixed = folded_sum(terms, chosen.permute(2, 0, 1), mixed)
        if skips_channels:
            if self.stride == 2:
                matrix = rows(F.max_pool2d(x, 2, 2, ceil_mode=True))
            spread = (betas[:, None, :, None] * self.bypass[:, None, :]).flatten(2).flatten(0, 1)
            # (N, S*C) x (S*C, T*(C-c))
            bypassed = matrix @ spread if bypassed is None else torch.addmm(bypassed, matrix, spread)
        return mixed, bypassed


class Preprocess(nn.Module):
    """A cell's two 1x1 convolutions, factorised where a reduction came between the inputs, and their norm.

    (B, Cpp, H', W') and (B, Cp, H, W), both already rectified -> (B, 2*C, H, W).
    """

    def __init__(self, channels_in: tuple[int, int], channels: int, reduction_before: bool) -> None:
        super().__init__()
        self.before, self.last = (kernel_parameter(channels, width, fan_in=width) for width in channels_in)
        self.reduction_before = reduction_before
        self.norm = Norm(2, channels)

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        if self.reduction_before:
            # the even grid is tap (0, 0) of a 2x2 kernel of stride 2, the odd grid tap (1, 1)
            half = self.before.shape[0] // 2
            kernel = self.before.new_zeros(*self.before.shape, 2, 2)
            kernel[:half, :, 0, 0] = self.before[:half]
            kernel[half:, :, 1, 1] = self.before[half:]
            height, width = before.shape[-2:]
            padded = F.pad(before, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else before
            first = rows(F.conv2d(padded, kernel, None, 2))
        else:
            first = rows(before) @ self.before.t()
        both = torch.cat([first, rows(last) @ self.last.t()], dim=1)
        return self.norm(image(both, last))


class FusedCell(nn.Module):
    """A cell of the supernet: inputs (B, Cpp, H', W') and (B, Cp, H, W), output (B, n*C, H or H/2, ...).

    Inputs and output are rectified, since all that follows a cell or the stem begins with a ReLU. In the
    output, node by node, the mixed channels come first.
    """

    shuffled: Tensor

    def __init__(
        self,
        candidates: tuple[Candidate, ...],
        channels_in: tuple[int, int],
        channels: int,
        nodes: int,
        partial: int,
        reduces: tuple[bool, bool],
    ) -> None:
        super().__init__()
        reduction_before, reduction = reduces
        self.stride = 2 if reduction else 1
        self.channels, self.width = channels, channels // partial
        self.preprocess = Preprocess(channels_in, channels, reduction_before)
        fans = [Fan(candidates, torch.arange(channels), partial, 2, nodes, self.stride)]
        shuffled = shuffled_order(channels, partial)
        self.register_buffer("shuffled", shuffled.int(), persistent=False)
        fans += [Fan(candidates, shuffled, partial, 1, nodes - node, 1) for node in range(1, nodes)]
        self.fans = nn.ModuleList(fans)

    def compiled(self, kind: str) -> CellPlan | None:
        """What the compiled kernels compute, with the weights of this moment; None if they cannot."""
        fans = []
        for fan in self.fans:
            assert isinstance(fan, Fan)
            known = [one for mix in fan.mixes if isinstance(mix, Mix) and (one := mix.compiled()) is not None]
            if len(known) < len(fan.mixes):
                return None
            fans.append(tuple(known))
        return CellPlan(
            kind,
            self.channels,
            self.width,
            self.stride,
            self.preprocess.reduction_before,
            self.shuffled,
            (self.preprocess.before, self.preprocess.last),
            self.preprocess.norm,
            tuple(fans),
        )

    def forward(self, before: Tensor, last: Tensor, weights: list[Tensor], betas: list[Tensor]) -> Tensor:
        """`weights` (S, T, O) and `betas` (S, T) of every fan."""
        source = self.preprocess(before, last)
        like = source[:, :, ::2, ::2] if self.stride == 2 else source
        mixed: Tensor | None = None
        bypassed: Tensor | None = None
        nodes: list[Tensor] = []
        for number, fan in enumerate(self.fans):
            mixed, bypassed = fan(source, weights[number], betas[number], mixed, bypassed)
            # the first of the fan's targets has got all its edges: it is the next fan's source
            node, mixed = mixed.split([self.width, mixed.shape[1] - self.width], dim=1)
            if bypassed is not None:
                rest_width = self.channels - self.width
                rest, bypassed = bypassed.split([rest_width, bypassed.shape[1] - rest_width], dim=1)
                node = torch.cat([node, rest], dim=1)
            source = image(node.contiguous(), like)
            nodes.append(node)
        return image(torch.cat(nodes, dim=1).relu_(), like)


def shuffled_order(channels: int, groups: int) -> Tensor:
    """Where the channels that a shuffle over K groups puts first, second... stand before it: (C,).

    Shuffled channel l is channel (l mod K) * c + l // K of [mixed c | bypassed C - c] (ShuffleNet, Zhang et
    al., CVPR 2018, section 3.1).
    """
    width = channels // groups
    return torch.arange(channels).view(groups, width).T.flatten()


def fans_of(edges: tuple[tuple[int, int], ...], nodes: int) -> list[list[list[int]]]:
    """Row of the edge from source s to target t in the space's list of edges, for every fan."""
    row = {edge: number for number, edge in enumerate(edges)}
    last = nodes + 2
    fans = [[[row[node, source] for node in range(2, last)] for source in (0, 1)]]
    fans += [[[row[node, source] for node in range(source + 1, last)]] for source in range(2, last - 1)]
    return fans
