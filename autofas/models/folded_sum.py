"""A weighted sum of normalised linear maps, as one matrix product a term.

For terms p with features X_p (N, F_p), maps K_p, batch norms BN (not affine) and weights w_p this is

    Y = sum_p w_p * BN(X_p K_p)

without any of the X_p K_p: mean and variance of X_p K_p follow from mean and covariance of X_p,

    mean(X K) = mean(X) K,     var(X K)_o = K_o^T cov(X) K_o,

so that scaling, weighting and summing fold into one small matrix, Y = sum_p X_p M_p + offset. Its
derivative is written out below: with D = dL/dM it needs two products of X and one of dL/dY a term. It is
the last, linear part of every edge of the fused supernet, where S sources go to T targets of c channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

EPSILON = 1e-5
MOMENTUM = 0.1


class RunningStatistics(nn.Module):
    """Running mean and variance of a batch norm without affine parameters, of `shape` channels.

    `track` is switched off while an architecture step or a second-order probe looks at the network, so
    that neither leaves a trace in the buffers.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.track = True
        self.register_buffer("running_mean", torch.zeros(shape))
        self.register_buffer("running_var", torch.ones(shape))

    @torch.no_grad()
    def update(self, mean: Tensor, var: Tensor, count: int) -> None:
        """Move towards a batch's mean and biased variance over `count` values, as nn.BatchNorm2d does."""
        if self.training and self.track:
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), MOMENTUM)
            unbiased = var * (count / max(count - 1, 1))
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), MOMENTUM)


@dataclass(frozen=True)
class Term:
    """Features (N, F) with the map and the norm that make them part of the targets.

    `kernel` is (S, T, c, f), or None for the identity (f = c). Where `shared`, the features of a source
    serve all its edges, F = S*f; otherwise each edge has its own, F = S*T*f. `norm` holds (S, T, c)
    statistics, (S, c) where there is no kernel, or is None for no normalisation.
    """

    features: Tensor
    kernel: Tensor | None
    norm: RunningStatistics | None
    shared: bool


def folded_sum(terms: Sequence[Term], weights: Tensor, begun: Tensor | None) -> Tensor:
    """begun + sum over terms and sources of weights * norm(features kernel): (N, T*c).

    `weights` is (terms, S, T); `begun` (N, T*c) is the sum so far, or None.
    """
    plan = tuple((term.norm, term.shared) for term in terms)
    tensors = [term.features for term in terms]
    kernels = [term.kernel for term in terms]
    return _FoldedSum.apply(plan, weights, begun, *tensors, *kernels)


class _FoldedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Any, weights: Tensor, begun: Tensor | None, *tensors: Any) -> Tensor:
        count = len(plan)
        features, kernels = tensors[:count], tensors[count:]  # the latter may hold None
        folds = [
            Fold(x, kernel, weight, norm, shared)
            for (norm, shared), x, kernel, weight in zip(plan, features, kernels, weights, strict=True)
        ]
        offsets = [fold.offset for fold in folds if fold.offset is not None]
        rows, columns = features[0].shape[0], folds[0].matrix.shape[1]
        total = weights.new_zeros(rows, columns) if begun is None else begun.clone()
        if offsets:
            total += torch.stack(offsets).sum(0)
        for x, fold in zip(features, folds, strict=True):
            total.addmm_(x, fold.matrix)
        ctx.plan, ctx.folds, ctx.has_begun = plan, folds, begun is not None
        ctx.save_for_backward(weights, *tensors)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        gradient = gradients[0]
        weights, *tensors = ctx.saved_tensors
        count = len(ctx.plan)
        if torch.is_grad_enabled():
            return (None, *_differentiable_backward(ctx, gradient, weights, tensors))
        targets = weights.shape[2]
        column_sums = gradient.sum(0).view(targets, -1)  # (T, c)
        d_features, d_kernels, d_weights = [], [], []
        for x, kernel, weight, fold in zip(tensors[:count], tensors[count:], weights, ctx.folds, strict=True):
            d_matrix = x.t() @ gradient  # (F, T*c)
            slope = fold.backward(kernel, weight, d_matrix, column_sums, x.shape[0])
            if slope.quadratic is None:
                d_x = gradient @ fold.matrix.t()
            else:
                d_x = torch.addmm(slope.row, x, slope.quadratic)
                d_x.addmm_(gradient, fold.matrix.t())
            d_features.append(d_x)
            d_kernels.append(slope.kernel)
            d_weights.append(slope.weight)
        begun = gradient if ctx.has_begun else None
        return (None, torch.stack(d_weights), begun, *d_features, *d_kernels)


def plain_folded_sum(
    plan: Any, weights: Tensor, begun: Tensor | None, tensors: Sequence[Tensor | None]
) -> Tensor:
    """The same sum by differentiable operations alone: the definition, and the way to second derivatives."""
    count = len(plan)
    targets = weights.shape[2]
    total = begun
    for (norm, shared), x, kernel, weight in zip(
        plan, tensors[:count], tensors[count:], weights, strict=True
    ):
        assert x is not None
        sources = weight.shape[0]
        edges = x.view(x.shape[0], sources, 1 if shared else targets, -1)  # (N, S, 1 or T, f)
        mapped = (
            edges
            if kernel is None
            else torch.einsum("nstf,stof->nsto", edges.expand(-1, -1, targets, -1), kernel)
        )
        if norm is not None:
            if norm.training:
                mean, var = mapped.mean(0), mapped.var(0, unbiased=False)
            else:
                mean, var = norm.running_mean, norm.running_var
                mean = mean[:, None] if kernel is None else mean
                var = var[:, None] if kernel is None else var
            mapped = (mapped - mean) * torch.rsqrt(var + EPSILON)
        part = (mapped * weight[:, :, None]).sum(1).flatten(1)  # (N, T*c)
        total = part if total is None else total + part
    assert total is not None
    return total


def _differentiable_backward(
    ctx: Any, gradient: Tensor, weights: Tensor, tensors: Sequence[Any]
) -> list[Any]:
    """Gradients whose own graph is kept, for derivatives of derivatives."""
    begun = torch.zeros_like(gradient, requires_grad=True) if ctx.has_begun else None
    output = plain_folded_sum(ctx.plan, weights, begun, tensors)
    inputs = [weights, begun, *tensors]
    wanted = [value for value in inputs if value is not None and value.requires_grad]
    found = iter(torch.autograd.grad(output, wanted, gradient, create_graph=True))
    return [next(found) if value is not None and value.requires_grad else None for value in inputs]


@dataclass
class Slope:
    """Gradients of a fold: of kernel and weight, and d_features = row + features quadratic + ..."""

    kernel: Tensor | None
    weight: Tensor
    quadratic: Tensor | None
    row: Tensor | None


class Fold:
    """One term's matrix (F, T*c) and offset (T*c,), with what its derivative needs."""

    def __init__(
        self, x: Tensor, kernel: Tensor | None, weight: Tensor, norm: RunningStatistics | None, shared: bool
    ) -> None:
        self.shared, self.batch_statistics = shared, norm is not None and norm.training
        self.sources, self.targets = weight.shape
        self.offset: Tensor | None = None
        self.mean: Tensor | None = None
        scale = weight[:, :, None]  # (S, T, 1)
        if norm is not None:
            if self.batch_statistics:
                mean, var = self._statistics(x, kernel)
                norm.update(mean, var, x.shape[0])
            else:
                mean, var = norm.running_mean, norm.running_var
            if kernel is None:  # statistics (S, c) serve all targets
                mean, var = mean[:, None], var[:, None]
            self.mean, self.inverse = mean, torch.rsqrt(var + EPSILON)
            scale = scale * self.inverse  # (S, T, c)
            self.offset = -(scale * mean).sum(0).flatten()
        self.scale = scale
        self.matrix = self._matrix(kernel, x)

    def _statistics(self, x: Tensor, kernel: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean and biased variance of the mapped features: (S, T, c), or (S, c) without a kernel."""
        count = x.shape[0]
        feature_mean = x.mean(0)  # (F,)
        covariance = torch.addmm(feature_mean[:, None] * -feature_mean, x.t(), x, alpha=1.0 / count)  # (F, F)
        if kernel is None:
            return feature_mean.view(self.sources, -1), covariance.diagonal().view(self.sources, -1)
        width = kernel.shape[3]
        blocks = self.sources if self.shared else self.sources * self.targets
        inner = covariance.view(blocks, width, blocks, width).diagonal(dim1=0, dim2=2).permute(2, 0, 1)
        group = kernel.view(blocks, -1, width)  # (S, T*c, f) or (S*T, c, f)
        self.feature_mean = feature_mean.view(blocks, width, 1)
        self.projected = torch.bmm(group, inner)  # kernel times covariance
        var = (self.projected * group).sum(2).view(kernel.shape[:3])
        mean = torch.bmm(group, self.feature_mean).view(kernel.shape[:3])
        return mean, var

    def _matrix(self, kernel: Tensor | None, x: Tensor) -> Tensor:
        """scale * kernel^T, laid out as features by targets; zero between an edge and another's target."""
        sources, targets = self.sources, self.targets
        if kernel is None:
            width = x.shape[1] // sources
            matrix = x.new_zeros(sources, width, targets, width)
            matrix.diagonal(dim1=1, dim2=3).copy_(self.scale.expand(-1, -1, width))
            return matrix.view(sources * width, targets * width)
        scaled = kernel * self.scale[..., None]  # (S, T, c, f)
        channels, width = kernel.shape[2:]
        if self.shared:
            return scaled.permute(0, 3, 1, 2).reshape(sources * width, targets * channels)
        matrix = x.new_zeros(sources, targets, width, targets, channels)
        matrix.diagonal(dim1=1, dim2=3).copy_(scaled.permute(0, 3, 2, 1))  # (S, f, c, T)
        return matrix.view(sources * targets * width, targets * channels)

    def _scaled_gradient(self, d_matrix: Tensor, kernel: Tensor | None) -> Tensor:
        """dL/dmatrix where it is not zero by structure: (S, T, c, f), or (S, T, c) without a kernel."""
        sources, targets = self.sources, self.targets
        if kernel is None:
            width = d_matrix.shape[0] // sources
            return d_matrix.view(sources, width, targets, width).diagonal(dim1=1, dim2=3)
        channels, width = kernel.shape[2:]
        if self.shared:
            return d_matrix.view(sources, width, targets, channels).permute(0, 2, 3, 1)
        whole = d_matrix.view(sources, targets, width, targets, channels)
        return whole.diagonal(dim1=1, dim2=3).permute(0, 3, 2, 1)

    def backward(
        self, kernel: Tensor | None, weight: Tensor, d_matrix: Tensor, column_sums: Tensor, count: int
    ) -> Slope:
        """Gradients from dL/dmatrix (F, T*c) and dL/doffset = the column sums of dL/dY (T, c)."""
        d_scaled = self._scaled_gradient(d_matrix, kernel)
        d_scale = d_scaled if kernel is None else (d_scaled * kernel).sum(3)  # (S, T, c)
        d_kernel = None if kernel is None else d_scaled * self.scale[..., None]
        if self.mean is None:
            return Slope(d_kernel, d_scale.sum(2), None, None)
        d_scale = d_scale - column_sums * self.mean
        d_weight = (d_scale * self.inverse).sum(2)
        if not self.batch_statistics:
            return Slope(d_kernel, d_weight, None, None)
        d_mean = self.scale * -column_sums  # (S, T, c)
        d_var = d_scale * weight[:, :, None] * (-0.5 * self.inverse**3)
        if kernel is None:
            d_mean, d_var = d_mean.sum(1).flatten(), d_var.sum(1).flatten()  # (S*c,)
            quadratic = d_var * (2.0 / count)
            row = d_mean / count - quadratic * self.mean.flatten()
            return Slope(None, d_weight, quadratic.diag(), row)
        assert d_kernel is not None
        width = kernel.shape[3]
        blocks = self.sources if self.shared else self.sources * self.targets
        group = kernel.view(blocks, -1, width)
        group_var, group_mean = d_var.reshape(blocks, -1, 1), d_mean.reshape(blocks, -1, 1)
        weighted = group * group_var
        d_group = 2.0 * group_var * self.projected + group_mean * self.feature_mean.transpose(1, 2)
        d_kernel = d_kernel + d_group.view(kernel.shape)
        inner = torch.bmm(weighted.transpose(1, 2), group) * (2.0 / count)  # (blocks, f, f), symmetric
        row = torch.bmm(group_mean.transpose(1, 2), group)[:, 0] / count
        row = row - torch.bmm(inner, self.feature_mean)[:, :, 0]
        quadratic = inner.new_zeros(blocks, width, blocks, width)
        quadratic.diagonal(dim1=0, dim2=2).copy_(inner.permute(1, 2, 0))
        return Slope(d_kernel, d_weight, quadratic.view(blocks * width, -1), row.flatten())
