"""A weighted sum of normalised linear maps, as one matrix product a term.

For terms p with features X_p (N, F_p), maps K_p, batch norms BN (not affine) and weights w_p this is

    Y = sum_p w_p * BN(X_p K_p)

without any of the X_p K_p: mean and variance of X_p K_p follow from mean and covariance of X_p,

    mean(X K) = mean(X) K,     var(X K)_o = K_o^T cov(X) K_o,

so that scaling, weighting and summing fold into one small matrix, Y = sum_p X_p M_p + offset. Its
derivative is written out below: with D = dL/dM it needs two products of X and one of dL/dY a term. It is
the last, linear part of every edge of the fused supernet, where S sources go to T targets of c channels.

Features may be of lower precision than the weights (autocast): they are kept as they came and read in the
weights' precision, and the sum has theirs again.

Per term there are only the products with N rows. Everything small (maps, statistics, scales and their
derivatives) is computed for all P terms of a fan at once, as (P, S, T, ...); `Places` says where these
numbers stand in the matrices that are multiplied with the features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from autofas.models.places import Places, identity_of, places_of, split_squares, summed

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
    sources, targets = weights.shape[1:]
    widths = [term.features.shape[1] // (sources if term.shared else sources * targets) for term in terms]
    for width in dict.fromkeys(widths):  # the small numbers of terms of one width f are stacked
        chosen = [number for number, own in enumerate(widths) if own == width]
        alike = [terms[number] for number in chosen]
        plan = tuple((term.norm, term.shared) for term in alike)
        tensors = [term.features for term in alike] + [term.kernel for term in alike]
        own = weights if len(alike) == len(terms) else torch.stack([weights[number] for number in chosen])
        with torch.autocast(weights.device.type, enabled=False):
            begun = _FoldedSum.apply(plan, own, begun, *tensors)
    assert begun is not None
    return begun


class _FoldedSum(torch.autograd.Function):
    """P terms of one width: what has N rows a term at a time, all else as (P, S, T, c[, f])."""

    @staticmethod
    def forward(ctx: Any, plan: Any, weights: Tensor, begun: Tensor | None, *tensors: Any) -> Tensor:
        features, kernels = _wide(tensors[: len(plan)], weights), tensors[len(plan) :]  # may hold None
        count, (sources, targets) = features[0].shape[0], weights.shape[1:]
        width = features[0].shape[1] // (sources if plan[0][1] else sources * targets)
        shape = next((kernel.shape for kernel in kernels if kernel is not None), None)
        channels = width if shape is None else shape[2]
        shared = tuple(one for _, one in plan)
        places = places_of(shared, sources, targets, channels, width, weights.device)
        identity = identity_of(width, weights.dtype, weights.device).expand(sources, targets, width, width)
        maps = torch.stack([identity if kernel is None else kernel for kernel in kernels])  # (P, S, T, c, f)
        training = any(norm is not None and norm.training for norm, _ in plan)
        if training:
            feature_mean, covariance = _statistics(features, places, maps)
            projected = torch.matmul(maps, covariance)
            mean = torch.matmul(maps, feature_mean[..., None])[..., 0]  # (P, S, T, c)
            var = (projected * maps).sum(4)
            ctx.extra = feature_mean, projected
            _update(plan, mean, var, count)
        else:
            mean, var = _running(plan, maps)
        inverse = torch.rsqrt(var + EPSILON)
        for number, (norm, _) in enumerate(plan):
            if norm is None:
                mean[number], inverse[number] = 0.0, 1.0
        scale = weights[..., None] * inverse
        matrix = maps.new_zeros(sum(places.columns) * targets * channels)
        matrix.index_copy_(0, places.matrix, (maps * scale[..., None]).flatten())
        matrix = matrix.view(-1, targets * channels)
        offset = (scale * mean).sum((0, 1)).neg_().flatten()  # (T*c,)
        parts = matrix.split(places.columns)
        if begun is None:
            total = torch.addmm(offset, features[0], parts[0])
        else:
            total = (begun.to(weights.dtype) + offset).addmm_(features[0], parts[0])
        for x, part in zip(features[1:], parts[1:], strict=True):
            total.addmm_(x, part)
        ctx.plan, ctx.places, ctx.training, ctx.has_begun = plan, places, training, begun is not None
        ctx.small = maps, mean, inverse, scale, parts
        ctx.save_for_backward(weights, *tensors)
        return total.to(tensors[0].dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        weights, *tensors = ctx.saved_tensors
        with torch.autocast(weights.device.type, enabled=False):
            if torch.is_grad_enabled():
                return (None, *_differentiable_backward(ctx, gradients[0], weights, tensors))
            return (None, *_backward(ctx, gradients[0].to(weights.dtype), weights, tensors))


def _wide(tensors: Sequence[Tensor], weights: Tensor) -> list[Tensor]:
    """Tensors in the precision of the weights."""
    return [tensor.to(weights.dtype) for tensor in tensors]


def _backward(ctx: Any, gradient: Tensor, weights: Tensor, tensors: Sequence[Any]) -> list[Any]:
    """Gradients of weights, begun, features and kernels, from dL/dY (N, T*c)."""
    features, kernels = _wide(tensors[: len(ctx.plan)], weights), tensors[len(ctx.plan) :]
    places, (maps, mean, inverse, scale, _) = ctx.places, ctx.small
    column_sums = gradient.sum(0).view(weights.shape[2], -1)  # (T, c)
    d_matrix = gradient.new_empty(sum(places.columns), gradient.shape[1])
    for x, part in zip(features, d_matrix.split(places.columns), strict=True):
        torch.mm(x.t(), gradient, out=part)
    d_scaled = d_matrix.flatten().index_select(0, places.matrix).view_as(maps)
    d_scale = (d_scaled * maps).sum(4).sub_(column_sums * mean)  # (P, S, T, c)
    d_maps = d_scaled.mul_(scale[..., None])
    d_weights = (d_scale * inverse).sum(3)
    d_features = _feature_gradients(ctx, weights, features, gradient, column_sums, d_scale, d_maps)
    narrow = [slope.to(x.dtype) for slope, x in zip(d_features, tensors, strict=False)]
    d_kernels = [None if kernel is None else part for kernel, part in zip(kernels, d_maps, strict=True)]
    return [d_weights, gradient.to(narrow[0].dtype) if ctx.has_begun else None, *narrow, *d_kernels]


def _statistics(features: Sequence[Tensor], places: Places, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (P, S, T, f) and biased covariance (P, S, T, f, f) of every edge's features."""
    count, shape = features[0].shape[0], (*maps.shape[:3], maps.shape[4])
    mean = torch.cat([x.mean(0) for x in features]).index_select(0, places.mean).view(shape)
    squares = maps.new_empty(sum((last - first) ** 2 for _, first, last in places.chunks))
    for (term, first, last), square in zip(places.chunks, split_squares(squares, places), strict=True):
        x = features[term][:, first:last]
        torch.mm(x.t(), x, out=square)
    products = squares.index_select(0, places.covariance).view(*shape, shape[3])
    return mean, products.div_(count).sub_(mean[..., None] * mean[..., None, :])


def _update(plan: Any, mean: Tensor, var: Tensor, count: int) -> None:
    """Running statistics of the norms that track; those of a shared kernelless term serve all targets."""
    unbiased = var * (count / max(count - 1, 1))
    running, found = [], []
    for (norm, _), one, other in zip(plan, mean, unbiased, strict=True):
        if norm is not None and norm.training and norm.track:
            if norm.running_mean.dim() == 2:
                one, other = one[:, 0], other[:, 0]
            running += [norm.running_mean, norm.running_var]
            found += [one.to(norm.running_mean.dtype), other.to(norm.running_var.dtype)]
    if running:
        with torch.no_grad():
            torch._foreach_lerp_(running, found, MOMENTUM)  # one call a fan


def _running(plan: Any, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (P, S, T, c) as the norms remember them."""
    mean, var = maps.new_zeros(maps.shape[:4]), maps.new_ones(maps.shape[:4])
    for number, (norm, _) in enumerate(plan):
        if norm is not None:
            one, other = norm.running_mean, norm.running_var
            if one.dim() == 2:
                one, other = one[:, None], other[:, None]
            mean[number], var[number] = one, other
    return mean, var


def _feature_gradients(
    ctx: Any,
    weights: Tensor,
    features: Sequence[Tensor],
    gradient: Tensor,
    column_sums: Tensor,
    d_scale: Tensor,
    d_maps: Tensor,
) -> list[Tensor]:
    """dL/dX_p of every term; adds what passes through the batch statistics to `d_maps`."""
    maps, _, inverse, scale, parts = ctx.small
    places, count = ctx.places, features[0].shape[0]
    if not ctx.training:
        return [gradient @ part.t() for part in parts]
    feature_mean, projected = ctx.extra
    d_var = d_scale * weights[..., None] * inverse.pow(3).mul_(-0.5)
    d_mean = scale * -column_sums
    for number, (norm, _) in enumerate(ctx.plan):
        if norm is None:
            d_var[number], d_mean[number] = 0.0, 0.0
    d_maps.addcmul_(projected, d_var[..., None], value=2.0).addcmul_(
        d_mean[..., None], feature_mean[..., None, :]
    )
    inner = torch.matmul((maps * d_var[..., None]).transpose(3, 4), maps).mul_(2.0 / count)  # (..., f, f)
    row = torch.matmul(d_mean[..., None, :], maps).div_(count)  # (P, S, T, 1, f)
    row -= torch.matmul(feature_mean[..., None, :], inner)
    quadratic = maps.new_zeros(sum((last - first) ** 2 for _, first, last in places.chunks))
    shared = [one for _, one in ctx.plan]
    quadratic.index_copy_(0, places.own_covariance, summed(inner, shared))
    rows = maps.new_zeros(sum(places.columns)).index_copy_(0, places.own_mean, summed(row[..., 0, :], shared))
    found = [
        torch.addmm(row, gradient, part.t())
        for row, part in zip(rows.split(places.columns), parts, strict=True)
    ]
    for (term, first, last), square in zip(places.chunks, split_squares(quadratic, places), strict=True):
        if ctx.plan[term][0] is not None:
            found[term][:, first:last].addmm_(features[term][:, first:last], square)
    return found


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
