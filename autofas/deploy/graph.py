"""The graph that is exported: stored crops in, score and live map out, every linear rewrite done before.

A network is copied, its central differences are folded into plain convolutions and its factorised reductions
become one convolution each, so that a converter meets convolutions, pooling, sums and little else. Batch
norms are folded by the exporter. The outputs stay the network's own, to rounding.
"""

import copy
from collections.abc import Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.central_difference import CentralDifferencePool2d
from autofas.models.network import Network
from autofas.models.operations import FactorizedReduce


class ExportForm(nn.Module):
    """Normalised crops (B, 3, C, C) a modality, C = view.crop_size -> score (B,) and, if there is one, map.

    Scores are in [0, 1], higher = bona fide, the mean over the view's inputs; the live map (B, m, m) in
    [0, 1] is the first input's. A view of several inputs runs them as one batch. Without `rewrite` the
    network stays as it was trained.
    """

    def __init__(self, network: Network, *, rewrite: bool = True) -> None:
        super().__init__()
        own = copy.deepcopy(network).cpu().float().eval()
        own.body = rewritten(own.body) if rewrite else own.body
        self.network = own
        self.names = own.modalities

    def forward(self, *crops: Tensor) -> tuple[Tensor, ...]:
        inputs = list(self.network.view.evaluation(dict(zip(self.names, crops, strict=True))))
        views = len(inputs)
        batch = {
            name: torch.cat([one[name] for one in inputs]) if views > 1 else inputs[0][name]
            for name in self.names
        }
        outputs = self.network(batch)
        score = self.network.supervision.score(outputs)
        live_map = self.network.supervision.live_map(outputs)
        if views > 1:
            score = score.reshape(views, -1).mean(dim=0)
            live_map = None if live_map is None else live_map[: crops[0].shape[0]]
        return (score,) if live_map is None else (score, live_map)

    @property
    def output_names(self) -> list[str]:
        """`score`, and `map` where the supervision has one."""
        size = self.network.view.crop_size
        with torch.no_grad():
            found = self(*(torch.zeros(2, 3, size, size) for _ in self.names))
        return ["score", "map"][: len(found)]


class PixelForm(nn.Module):
    """`ExportForm` for pixels: float (B, 3, C, C) from 0 to 255 a modality, in the colour order `channels`.

    Colour order, mean and deviation are one 1x1 convolution, which every runtime has.
    """

    def __init__(self, form: ExportForm, channels: Literal["RGB", "BGR"]) -> None:
        super().__init__()
        self.form = form
        order = [0, 1, 2] if channels == "RGB" else [2, 1, 0]
        self.prepare = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.prepare.weight.copy_((torch.eye(3)[order] / 127.5)[:, :, None, None])
            self.prepare.bias.fill_(-1.0)  # type: ignore[union-attr]

    def forward(self, *crops: Tensor) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = self.form(*(self.prepare(crop) for crop in crops))
        return found

    @property
    def network(self) -> Network:
        """The network inside."""
        return self.form.network

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities, in the order of the inputs."""
        return self.form.names

    @property
    def output_names(self) -> list[str]:
        """As those of the form inside."""
        return self.form.output_names


class StridedConv(nn.Module):
    """A factorised reduction as ReLU, one 2x2 convolution of stride 2 and its batch norm.

    The even grid is the kernel's first tap, the odd grid its last: no slice with a step is left, which
    several runtimes load wrongly or not at all.
    """

    def __init__(self, source: FactorizedReduce) -> None:
        super().__init__()
        even, odd = source.even.weight.detach(), source.odd.weight.detach()  # (Cout/2, Cin, 1, 1)
        split = even.shape[0]
        self.conv = nn.Conv2d(even.shape[1], split + odd.shape[0], 2, stride=2, bias=False)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[:split, :, 0, 0] = even[:, :, 0, 0]
            self.conv.weight[split:, :, 1, 1] = odd[:, :, 0, 0]
        self.norm = source.norm

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded = F.pad(F.relu(x), (0, width % 2, 0, height % 2))  # 27 -> 14, as the network's own
        return self.norm(self.conv(padded))


class StridedPool(nn.Module):
    """A pool of central differences whose middle pixels are taken by a 1x1 maximum, not by a slice."""

    def __init__(self, source: CentralDifferencePool2d) -> None:
        super().__init__()
        self.stride, self.theta = source.stride, source.theta

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.avg_pool2d(x, 3, self.stride, 1, count_include_pad=False)
        return pooled - self.theta * F.max_pool2d(x, 1, self.stride)


def rewritten(body: nn.Module) -> nn.Module:
    """`body`, changed in place: what folds is folded, no slice with a step is left.

    A module folds if it has a method `fold()` that gives a module of the same outputs.
    """
    for parent, name, child in list(_children(body)):
        if isinstance(child, FactorizedReduce):
            setattr(parent, name, StridedConv(child))
        elif isinstance(child, CentralDifferencePool2d) and child.stride > 1:
            setattr(parent, name, StridedPool(child))
        elif callable(fold := getattr(child, "fold", None)):
            setattr(parent, name, fold())
    return body


def _children(body: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    for parent in body.modules():
        for name, child in parent.named_children():
            yield parent, name, child
