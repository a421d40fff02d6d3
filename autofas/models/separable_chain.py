"""Convolution - batch norm - ReLU - depthwise convolution, keeping its input and its output alone.

The middle of every separable convolution of the fused supernet. Autograd would keep the convolution's
result and the rectified image for the backward pass; here both are computed again from the input, in one
convolution, since mean and variance of the batch norm are known by then: kernel / std and -mean / std are
the kernel and bias that give the normalised image.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autofas.models.folded_sum import EPSILON, MOMENTUM, RunningStatistics

aten = torch.ops.aten


@dataclass(frozen=True)
class Geometry:
    """Stride of the first convolution and its groups; kernels of both are `dilation` apart."""

    stride: int
    dilation: int
    groups: int

    def first(self, kernel: Tensor) -> tuple[int, int, int, int]:
        """Stride, padding, dilation and groups of the first convolution."""
        return self.stride, self.dilation * (kernel.shape[-1] // 2), self.dilation, self.groups

    def second(self, kernel: Tensor) -> tuple[int, int, int, int]:
        """Stride, padding, dilation and groups of the depthwise convolution."""
        return 1, self.dilation * (kernel.shape[-1] // 2), self.dilation, kernel.shape[0]


def separable_chain(
    x: Tensor, dense: Tensor, depthwise: Tensor, norm: RunningStatistics, geometry: Geometry
) -> Tensor:
    """depthwise(relu(norm(dense(x)))): (B, Cin, H, W) -> (B, Cout, ceil(H/stride), ceil(W/stride)).

    `dense` is (Cout, Cin/groups, k, k), `depthwise` (Cout, 1, k, k), `norm` holds Cout statistics.
    """
    return _SeparableChain.apply(norm, geometry, x, dense, depthwise)


def plain_separable_chain(
    norm: RunningStatistics, geometry: Geometry, x: Tensor, dense: Tensor, depthwise: Tensor
) -> Tensor:
    """The same by differentiable operations alone, running statistics left as they are."""
    y = F.conv2d(x, dense, None, *geometry.first(dense))
    if norm.training:
        y = F.batch_norm(y, None, None, training=True, eps=EPSILON)
    else:
        y = F.batch_norm(y, norm.running_mean.view(-1), norm.running_var.view(-1), eps=EPSILON)
    return F.conv2d(F.relu(y), depthwise, None, *geometry.second(depthwise))


class _SeparableChain(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, norm: RunningStatistics, geometry: Geometry, x: Tensor, dense: Tensor, depthwise: Tensor
    ) -> Tensor:
        y = F.conv2d(x, dense, None, *geometry.first(dense))
        running = (norm.running_mean.view(-1), norm.running_var.view(-1))
        tracked = running if norm.track or not norm.training else (None, None)
        y, mean, inverse = torch.native_batch_norm(y, None, None, *tracked, norm.training, MOMENTUM, EPSILON)
        if not norm.training:
            mean, inverse = running[0].clone(), torch.rsqrt(running[1] + EPSILON)
        ctx.norm, ctx.geometry, ctx.batch_statistics = norm, geometry, norm.training
        ctx.save_for_backward(x, dense, depthwise, mean, inverse)
        return F.conv2d(y.relu_(), depthwise, None, *geometry.second(depthwise))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        x, dense, depthwise, mean, inverse = ctx.saved_tensors
        gradient = gradients[0]
        if torch.is_grad_enabled():
            inputs = (x, dense, depthwise)
            wanted = [value for value in inputs if value.requires_grad]
            output = plain_separable_chain(ctx.norm, ctx.geometry, *inputs)
            found = iter(torch.autograd.grad(output, wanted, gradient, create_graph=True))
            return (None, None, *(next(found) if value.requires_grad else None for value in inputs))
        _, _, needs_x, needs_dense, needs_depthwise = ctx.needs_input_grad
        scaled = dense * inverse[:, None, None, None]
        normalised = F.conv2d(x, scaled, -mean * inverse, *ctx.geometry.first(dense))
        rectified = F.relu(normalised)
        d_image, d_depthwise, _ = _convolution_backward(
            gradient, rectified, depthwise, ctx.geometry.second(depthwise), (True, needs_depthwise)
        )
        d_image = aten.threshold_backward(d_image, rectified, 0)
        if ctx.batch_statistics:
            # of the normalised image: mean 0 and standard deviation 1, the true one is in `scaled`
            d_image = aten.native_batch_norm_backward(
                d_image,
                normalised,
                None,
                None,
                None,
                torch.zeros_like(mean),
                torch.ones_like(inverse),
                True,
                EPSILON,
                [True, False, False],
            )[0]
        d_x, d_scaled, _ = _convolution_backward(
            d_image, x, scaled, ctx.geometry.first(dense), (needs_x, needs_dense)
        )
        d_dense = d_scaled * inverse[:, None, None, None] if needs_dense else None
        return None, None, d_x, d_dense, d_depthwise


def _convolution_backward(
    gradient: Tensor, x: Tensor, kernel: Tensor, setting: tuple[int, int, int, int], wanted: tuple[bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    stride, padding, dilation, groups = setting
    return aten.convolution_backward(
        gradient,
        x,
        kernel,
        None,
        [stride, stride],
        [padding, padding],
        [dilation, dilation],
        False,
        [0, 0],
        groups,
        [*wanted, False],
    )
