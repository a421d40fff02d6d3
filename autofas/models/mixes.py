"""What a candidate is on all edges of a fan at once: a `Mix`, images in, a term of the folded sum out.

The fused forms of `candidates.py`; `fused_cell.py` has the cell and the reasons. Images are (B, C, H, W) in
channels_last format, so `rows` (B*H*W, C) of the same memory are free. S sources, T targets, c = C/K.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import Candidate, Pool, Separable, Skip
from autofas.models.central_difference import difference_pool, fold_kernel, theta_logit
from autofas.models.folded_sum import EPSILON, MOMENTUM, RunningStatistics, Term
from autofas.models.kernels.candidate import MOST_KERNEL, Compiled, Kind
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
