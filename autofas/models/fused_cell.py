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
  channels are few (`DENSE_UP_TO`) the first half of all S*T separable convolutions of a kernel size is one
  such convolution; where they are many it is one depthwise and one grouped pointwise convolution.
- What follows the last depthwise convolution is linear: pointwise convolution, batch norm, softmax
  weights and the sum over edges fold into one matrix product. The statistics of the batch norm follow
  from mean and covariance of the product's input, so the pointwise results never exist.
- Batch norms of pooled features do not depend on the edge: one pool and one norm serve all T edges.
- The bypass and the sum over it are one matrix product too. The shuffle is never carried out: nodes keep
  the order [mixed c | bypassed C - c], and the next fan picks the channels that the shuffle would have
  put first (`shuffled_order`).

Images are (B, C, H, W) in channels_last format, so `rows` (B*H*W, C) of the same memory are free.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import Candidate, Pool, Separable, Skip, Zero
from autofas.models.central_difference import difference_pool, fold_kernel, theta_logit
from autofas.models.folded_sum import EPSILON, MOMENTUM, RunningStatistics, Term, folded_sum
from autofas.models.kernels.candidate import MOST_KERNEL, CellPlan, Compiled, Kind
from autofas.models.operations import even_and_odd_pixels

DENSE_UP_TO = 400
"""Products c*k*k an output pixel up to which a dense convolution costs less than the k*k + c of the two it
stands for, by measurement on a CPU: a depthwise kernel computes slowly and needs a copy an edge."""


def rows(image: Tensor) -> Tensor:
    """(B, C, H, W) in channels_last format -> (B*H*W, C), a view where the format allows it."""
    return image.permute(0, 2, 3, 1).reshape(-1, image.shape[1])


def image(matrix: Tensor, like: Tensor) -> Tensor:
    """(B*H*W, C) -> (B, C, H, W) in channels_last format, batch and sides taken from `like`."""
    batch, _, height, width = like.shape
    return matrix.view(batch, height, width, -1).permute(0, 3, 1, 2)


def kernel_parameter(*shape: int, fan_in: int) -> nn.Parameter:
    """A weight drawn as nn.Conv2d draws its kernel: uniform in +-1/sqrt(fan in)."""
    bound = 1.0 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class Norm(RunningStatistics):
    """Batch norm without affine parameters on images (B, C, H, W), C the product of `shape`."""

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self.running_mean.view(-1), self.running_var.view(-1)
        momentum = MOMENTUM if self.track else 0.0
        return F.batch_norm(x, mean, var, training=self.training, momentum=momentum, eps=EPSILON)


class Mix(nn.Module):
    """One candidate on all edges of a fan: the sources' partial channels (B, S*c, H, W) -> its Term."""

    rectified = False
    """True if the candidate begins with a ReLU, which its fan then computes once for all."""

    def compiled(self) -> Compiled | None:
        """What the compiled kernels have to compute, or None if they cannot: the search is then in torch."""
        return None


class PoolMix(Mix):
    """One pooling of the partial channels for all edges of a fan, with its batch norm."""

    def __init__(self, candidate: Pool, sources: int, channels: int, stride: int) -> None:
        super().__init__()
        self.kind, self.stride, self.theta = candidate.kind, stride, candidate.theta
        self.norm = RunningStatistics(sources, channels)

    def forward(self, x: Tensor) -> Term:
        if self.kind == "max":
            pooled = F.max_pool2d(x, 3, self.stride, 1)
        else:
            pooled = difference_pool(x, self.stride, self.theta)
        return Term(rows(pooled), None, self.norm, shared=True)

    def compiled(self) -> Compiled:
        if self.kind == "max":
            return Compiled(Kind.MAX_POOL, norms=(self.norm,))
        return Compiled(Kind.AVERAGE_POOL, norms=(self.norm,), theta=self.theta)


class IdentityMix(Mix):
    """The skip connection at stride 1: the partial channels as they are."""

    def forward(self, x: Tensor) -> Term:
        return Term(rows(x), None, None, shared=True)

    def compiled(self) -> Compiled:
        return Compiled(Kind.SKIP)


class FactorizedReduceMix(Mix):
    """The skip connection at stride 2: ReLU, two offset 1x1 convolutions, batch norm."""

    rectified = True

    def __init__(self, sources: int, targets: int, channels: int) -> None:
        super().__init__()
        even = channels // 2
        self.even = kernel_parameter(sources, targets, even, channels, fan_in=channels)
        self.odd = kernel_parameter(sources, targets, channels - even, channels, fan_in=channels)
        self.norm = RunningStatistics(sources, targets, channels)

    def forward(self, relu_x: Tensor) -> Term:
        sources, _, _, channels = self.even.shape
        grids = [rows(grid).view(-1, sources, channels) for grid in even_and_odd_pixels(relu_x)]
        features = torch.stack(grids, 2).flatten(1)  # (N, S*2*c)
        # one map of both grids: the first output channels see the even one, the others the odd one
        kernel = torch.cat([F.pad(self.even, (0, channels)), F.pad(self.odd, (channels, 0))], dim=2)
        return Term(features, kernel, self.norm, shared=True)

    def compiled(self) -> Compiled:
        return Compiled(Kind.SKIP, (self.even, self.odd), (self.norm,))


class SeparableMix(Mix):
    """The separable convolutions of one kind on all edges of a fan."""

    rectified = True

    def __init__(self, candidate: Separable, sources: int, targets: int, channels: int, stride: int) -> None:
        super().__init__()
        if candidate.repeats not in (1, 2):
            raise ValueError(f"a separable candidate has 1 or 2 repeats, not {candidate.repeats}")
        self.stride, self.dilation = stride, candidate.dilation
        self.sources, self.targets = sources, targets
        edges, k = (sources, targets), candidate.kernel
        repeats = range(candidate.repeats)
        self.depthwise = nn.ParameterList(
            kernel_parameter(*edges, channels, k, k, fan_in=k * k) for _ in repeats
        )
        self.pointwise = nn.ParameterList(
            kernel_parameter(*edges, channels, channels, fan_in=channels) for _ in repeats
        )
        self.theta = candidate.theta
        learned = torch.full((candidate.repeats, *edges), theta_logit(candidate.theta))
        self.theta_logits = nn.Parameter(learned) if candidate.learn_theta else None
        self.first_norm = Norm(*edges, channels) if candidate.repeats == 2 else None
        self.norm = RunningStatistics(*edges, channels)

    def forward(self, relu_x: Tensor) -> Term:
        if self.first_norm is None:
            x = self._depthwise(0, self._copies(relu_x), self.stride)
        else:
            x = F.relu(self.first_norm(self._first(relu_x)), inplace=True)
            x = self._depthwise(1, x, 1)
        return Term(rows(x), self.pointwise[-1], self.norm, shared=False)

    def folded_depthwise(self, repeat: int) -> Tensor:
        """The depthwise kernels of a repeat as plain ones: (S, T, c, k, k), central differences folded in."""
        weight = self.depthwise[repeat]
        if self.theta_logits is not None:
            return fold_kernel(weight, self.theta_logits[repeat].sigmoid()[..., None])
        return fold_kernel(weight, self.theta) if self.theta > 0 else weight

    def compiled(self) -> Compiled | None:
        kernel, repeats = self.depthwise[0].shape[-1], len(self.depthwise)
        if kernel % 2 == 0 or kernel > MOST_KERNEL:
            return None
        pairs = ((self.folded_depthwise(repeat), self.pointwise[repeat]) for repeat in range(repeats))
        weights = [part for pair in pairs for part in pair]
        norms = (self.norm,) if self.first_norm is None else (self.first_norm, self.norm)
        return Compiled(Kind.SEPARABLE, tuple(weights), norms, kernel, self.dilation, repeats)

    def _first(self, relu_x: Tensor) -> Tensor:
        """Depthwise and pointwise convolution of the first repeat: (B, S*c, H, W) -> (B, S*T*c, H', W')."""
        depthwise, pointwise = self.folded_depthwise(0), self.pointwise[0]
        if depthwise[0, 0].numel() > DENSE_UP_TO:
            x = self._depthwise(0, self._copies(relu_x), self.stride)
            kernel = pointwise.flatten(0, 2)[..., None, None]  # (S*T*c, c, 1, 1)
            return F.conv2d(x, kernel, groups=self.sources * self.targets)
        dense = pointwise[..., None, None] * depthwise[:, :, None]  # (S, T, out, in, k, k)
        return self._convolution(relu_x, dense.flatten(0, 2), self.stride, self.sources)

    def _copies(self, x: Tensor) -> Tensor:
        """A copy of a source's channels for each of its targets: (B, S*c, H, W) -> (B, S*T*c, H, W)."""
        copies = rows(x).unflatten(1, (self.sources, 1, -1)).expand(-1, -1, self.targets, -1)
        return image(copies.flatten(1), x)

    def _depthwise(self, repeat: int, x: Tensor, stride: int) -> Tensor:
        kernel = self.folded_depthwise(repeat).flatten(0, 2).unsqueeze(1)  # (S*T*c, 1, k, k)
        return self._convolution(x, kernel, stride, kernel.shape[0])

    def _convolution(self, x: Tensor, kernel: Tensor, stride: int, groups: int) -> Tensor:
        padding = self.dilation * (kernel.shape[-1] // 2)
        if self.dilation > 1 and x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            # in bfloat16 and channels_last, oneDNN's (torch 2.13) weight gradient here holds NaNs at random
            x = x.contiguous()
        return F.conv2d(x, kernel, None, stride, padding, self.dilation, groups)


def build_mix(candidate: Candidate, sources: int, targets: int, channels: int, stride: int) -> Mix:
    """The fused form of one candidate on all edges of a fan."""
    if isinstance(candidate, Pool):
        return PoolMix(candidate, sources, channels, stride)
    if isinstance(candidate, Skip):
        if stride == 1:
            return IdentityMix()
        return FactorizedReduceMix(sources, targets, channels)
    if isinstance(candidate, Separable):
        return SeparableMix(candidate, sources, targets, channels, stride)
    raise ValueError(f"{candidate} has no fused form")


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
