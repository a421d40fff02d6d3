"""PC-DARTS spelled out edge by edge: the plain function that the fused supernet has to equal.

One module an operation, one an edge, loops over nodes and edges, the channel shuffle carried out, batch
norms that write their results: equations 1-3 of PC-DARTS (Xu et al., ICLR 2020) and 1-3 of Auto-FAS (Yu
et al., ICASSP 2020) as they stand. Slow on purpose; tests and benchmarks use it, the product does not.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import Candidate, Pool, Separable, Skip
from autofas.models.operations import build_stem
from autofas.models.space import Space


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=False)


class ReluConv(nn.Module):
    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self.norm = norm(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(F.relu(x)))


class Halve(nn.Module):
    """Factorised reduction with the odd grid padded where the side is odd."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(channels_in, channels_out // 2, 1, bias=False)
        self.odd = nn.Conv2d(channels_in, channels_out - channels_out // 2, 1, bias=False)
        self.norm = norm(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        height, width = x.shape[-2:]
        shifted = F.pad(x, (0, width % 2, 0, height % 2))[:, :, 1::2, 1::2]
        return self.norm(torch.cat([self.even(x[:, :, ::2, ::2]), self.odd(shifted)], dim=1))


class Depthwise(nn.Module):
    """A depthwise convolution, less theta times the middle pixel times the kernel's sum (CDC, eq. 4)."""

    def __init__(self, channels: int, kernel: int, stride: int, dilation: int, candidate: Separable) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv2d(
            channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False
        )
        self.stride, self.theta = stride, candidate.theta
        self.logit = nn.Parameter(torch.zeros(())) if candidate.learn_theta else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv(x)
        theta = self.theta if self.logit is None else self.logit.sigmoid()
        total = self.conv.weight.sum((2, 3))[:, 0, None, None]  # (C, 1, 1)
        return out - theta * total * x[:, :, :: self.stride, :: self.stride]


class SeparableChain(nn.Module):
    def __init__(self, channels: int, stride: int, candidate: Separable) -> None:
        super().__init__()
        k, dilation = candidate.kernel, candidate.dilation
        strides = [stride] + [1] * (candidate.repeats - 1)
        self.depthwise = nn.ModuleList(Depthwise(channels, k, s, dilation, candidate) for s in strides)
        self.pointwise = nn.ModuleList(nn.Conv2d(channels, channels, 1, bias=False) for _ in strides)
        self.norms = nn.ModuleList(norm(channels) for _ in strides)

    def forward(self, x: Tensor) -> Tensor:
        for depthwise, pointwise, normalise in zip(self.depthwise, self.pointwise, self.norms, strict=True):
            x = normalise(pointwise(depthwise(F.relu(x))))
        return x


class PoolNorm(nn.Module):
    def __init__(self, channels: int, stride: int, candidate: Pool) -> None:
        super().__init__()
        self.stride, self.theta = stride, candidate.theta
        self.pool = (
            nn.MaxPool2d(3, stride, 1)
            if candidate.kind == "max"
            else nn.AvgPool2d(3, stride, 1, count_include_pad=False)
        )
        self.norm = norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        middle = x[:, :, :: self.stride, :: self.stride]
        return self.norm(self.pool(x) - self.theta * middle)


def operation(candidate: Candidate, channels: int, stride: int) -> nn.Module | None:
    if isinstance(candidate, Pool):
        return PoolNorm(channels, stride, candidate)
    if isinstance(candidate, Skip):
        return nn.Identity() if stride == 1 else Halve(channels, channels)
    if isinstance(candidate, Separable):
        return SeparableChain(channels, stride, candidate)
    return None


class MixedEdge(nn.Module):
    """All candidates on the first C/K channels of one edge, the rest bypassed, then the shuffle."""

    def __init__(self, space: Space, channels: int, stride: int, partial: int) -> None:
        super().__init__()
        self.stride, self.partial, self.width = stride, partial, channels // partial
        self.operations = nn.ModuleDict(
            {
                name: module
                for name, candidate in zip(space.operations, space.candidates, strict=True)
                if (module := operation(candidate, self.width, stride))
            }
        )
        self.columns = {name: column for column, name in enumerate(space.operations)}

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        chosen, rest = x[:, : self.width], x[:, self.width :]
        total = sum(weights[self.columns[name]] * op(chosen) for name, op in self.operations.items())
        if self.partial == 1:
            return total
        if self.stride == 2:
            rest = F.max_pool2d(rest, 2, 2, ceil_mode=True)
        return shuffle(torch.cat([total, rest], dim=1), self.partial)


def shuffle(x: Tensor, groups: int) -> Tensor:
    batch, channels, height, width = x.shape
    x = x.view(batch, groups, channels // groups, height, width).transpose(1, 2)
    return x.reshape(batch, channels, height, width)


class ReferenceCell(nn.Module):
    def __init__(
        self,
        space: Space,
        channels_in: tuple[int, int],
        channels: int,
        partial: int,
        reduces: tuple[bool, bool],
    ) -> None:
        super().__init__()
        reduction_before, reduction = reduces
        first = Halve if reduction_before else ReluConv
        self.before = first(channels_in[0], channels)
        self.last = ReluConv(channels_in[1], channels)
        self.pairs = space.edges
        self.edges = nn.ModuleList(
            MixedEdge(space, channels, 2 if reduction and source < 2 else 1, partial)
            for _, source in self.pairs
        )

    def forward(self, before: Tensor, last: Tensor, weights: Tensor, betas: Tensor) -> Tensor:
        states = {0: self.before(before), 1: self.last(last)}
        for number, (node, source) in enumerate(self.pairs):
            part = betas[number] * self.edges[number](states[source], weights[number])
            states[node] = states[node] + part if node in states else part
        return torch.cat([states[node] for node in sorted(states) if node >= 2], dim=1)


class ReferenceSupernet(nn.Module):
    """Images (B, 3, S, S) -> live-map logits (B, 1, M, M), as autofas.models.supernet.Supernet."""

    def __init__(self, space: Space, partial_channels: int = 4, edge_normalization: bool = True) -> None:
        super().__init__()
        self.space, self.edge_normalization = space, edge_normalization
        layout = space.layout
        self.stem = build_stem(layout.stem, learn_theta=layout.learn_theta, normalise=layout.normalise)
        channels = layout.channels
        before = last = layout.stem[-1].channels
        reduction_before = False
        cells = []
        for kind in layout.cells:
            reduction = kind == "reduction"
            channels *= layout.channel_factor if reduction else 1
            cells.append(
                ReferenceCell(
                    space, (before, last), channels, partial_channels, (reduction_before, reduction)
                )
            )
            before, last, reduction_before = last, layout.intermediate_nodes * channels, reduction
        self.cells = nn.ModuleList(cells)
        self.head = nn.Conv2d(last, 1, 1)
        kinds, edges = ("normal", "reduction"), len(space.edges)
        self.alphas = nn.ParameterDict(
            {kind: nn.Parameter(1e-3 * torch.randn(edges, len(space.operations))) for kind in kinds}
        )
        self.betas = nn.ParameterDict({kind: nn.Parameter(1e-3 * torch.randn(edges)) for kind in kinds})

    def arch_parameters(self) -> list[nn.Parameter]:
        return [*self.alphas.values(), *(self.betas.values() if self.edge_normalization else ())]

    def forward(self, images: Tensor) -> Tensor:
        weights = {kind: self.alphas[kind].softmax(1) for kind in self.alphas}
        betas = {}
        for kind in self.betas:
            if self.edge_normalization:
                nodes = sorted({node for node, _ in self.space.edges})
                rows = [[i for i, (n, _) in enumerate(self.space.edges) if n == node] for node in nodes]
                betas[kind] = torch.cat([self.betas[kind][row].softmax(0) for row in rows])
            else:
                betas[kind] = torch.ones_like(self.betas[kind])
        before = last = self.stem(images)
        for kind, cell in zip(self.space.layout.cells, self.cells, strict=True):
            before, last = last, cell(before, last, weights[kind], betas[kind])
        return self.head(F.relu(last))
