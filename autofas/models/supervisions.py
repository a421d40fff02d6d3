"""Supervisions: what a network's outputs are taught, and how they become a score.

A supervision owns both `loss(outputs, targets)` and `score(outputs)`, so training, evaluation, profiling
and export never ask which network they hold. `targets` is a dict of tensors with at least `label` (B,),
1 = bona fide; `needs` names the further ones a loss wants, which `autofas.training.targets` makes from a
batch. Scores are (B,) in [0, 1], higher = bona fide.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from autofas.errors import ConfigError, RunError
from autofas.storage.schema import nearest

if TYPE_CHECKING:
    from autofas.baselines.afa import AFAOutput
    from autofas.baselines.deeppixbis import DeepPixBiSOutput

Targets = Mapping[str, Tensor]


class Supervision(Protocol):
    """What training and evaluation ask of a supervision.

    `outputs` names the kind of output it teaches. `needs` lists the targets it wants beside `label`:
    `depth_map` (B, 1, H, W) in [0, 1], zero for attacks; `clear`, which stands for an image (B, 3, 2S, 2S) in
    [-1, 1] a modality under the keys `clear_color`, `clear_depth`, `clear_ir`.
    """

    outputs: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def loss(self, outputs: Any, targets: Targets) -> Tensor:
        """Mean loss over the batch, a scalar; lower is better."""
        ...

    def score(self, outputs: Any) -> Tensor:
        """(B,) in [0, 1], higher = bona fide."""
        ...

    def live_map(self, outputs: Any) -> Tensor | None:
        """(B, m, n) in [0, 1], higher = bona fide at that place; None for a network without a map."""
        ...


class PixelwiseBCE:
    """Binary cross-entropy at every pixel of the live map (Auto-FAS, Yu et al., ICASSP 2020, eq. 6).

    Outputs are logits (B, 1, m, n); a bona fide face's map is one everywhere, an attack's zero. The score
    is the mean of the sigmoid map (the paper does not say how a map becomes a score).
    """

    outputs: ClassVar[str] = "live map logits"
    needs: ClassVar[tuple[str, ...]] = ()

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        label = targets["label"][:, None, None, None].to(outputs.dtype).expand_as(outputs)
        return F.binary_cross_entropy_with_logits(outputs, label)

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid().mean(dim=(1, 2, 3))

    def live_map(self, outputs: Tensor) -> Tensor | None:
        return outputs.sigmoid().squeeze(1)


class BCE:
    """Binary cross-entropy of one logit a face: the map's mean logit, the other row of Auto-FAS table 3."""

    outputs: ClassVar[str] = "live map logits"
    needs: ClassVar[tuple[str, ...]] = ()

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        logit = outputs.flatten(1).mean(1)
        return F.binary_cross_entropy_with_logits(logit, targets["label"].to(logit.dtype))

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.flatten(1).mean(1).sigmoid()

    def live_map(self, outputs: Tensor) -> Tensor | None:
        return outputs.sigmoid().squeeze(1)


class CrossEntropy:
    """Softmax cross-entropy of logits (B, n); class 1 is bona fide."""

    outputs: ClassVar[str] = "class logits"
    needs: ClassVar[tuple[str, ...]] = ()

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        return F.cross_entropy(outputs, targets["label"].long())

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)[:, 1]

    def live_map(self, outputs: Any) -> None:
        return None


class Focal:
    """Focal loss with targets {0, 1} (FeatherNets, Zhang et al., CVPRW 2019: gamma 3, alpha 1, mean).

    FeatherNet's streaming head gives (B, 1024) features and the softmax runs over all of them, as it was
    trained; `score_form` "all" scores with that softmax's column 1, "first-two" with a softmax over the
    first two features alone, as its authors later told users.
    """

    outputs: ClassVar[str] = "class logits"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, gamma: float = 3.0, alpha: float = 1.0, score_form: str = "all") -> None:
        if score_form not in ("all", "first-two"):
            raise ConfigError(f"score form {score_form} does not exist; choose all or first-two")
        self.gamma, self.alpha, self.score_form = gamma, alpha, score_form

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        log_p = outputs.log_softmax(1).gather(1, targets["label"].long()[:, None])[:, 0]
        return (-self.alpha * (1 - log_p.exp()) ** self.gamma * log_p).mean()

    def score(self, outputs: Tensor) -> Tensor:
        if self.score_form == "first-two":
            outputs = outputs[:, :2]
        return outputs.softmax(1)[:, 1]

    def live_map(self, outputs: Any) -> None:
        return None


class HalfPixelHalfBinary:
    """DeepPixBiS: w * BCE at every pixel of the map + (1 - w) * BCE of the global logit, w = 0.5.

    George and Marcel, ICB 2019. The score is the mean of the sigmoid map, as published.
    """

    outputs: ClassVar[str] = "DeepPixBiS' map and logit"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, pixel_weight: float = 0.5) -> None:
        self.pixel_weight = pixel_weight

    def loss(self, outputs: "DeepPixBiSOutput", targets: Targets) -> Tensor:
        label = targets["label"].to(outputs.logit.dtype)[:, None]  # (B, 1)
        truth = label[:, :, None, None].expand_as(outputs.map_logits)
        pixels = F.binary_cross_entropy_with_logits(outputs.map_logits, truth)
        binary = F.binary_cross_entropy_with_logits(outputs.logit, label)
        return self.pixel_weight * pixels + (1 - self.pixel_weight) * binary

    def score(self, outputs: "DeepPixBiSOutput") -> Tensor:
        return outputs.map_logits.sigmoid().mean(dim=(1, 2, 3))

    def live_map(self, outputs: "DeepPixBiSOutput") -> Tensor:
        return outputs.map_logits.sigmoid().squeeze(1)


class AttentionFeatureAugment:
    """AFA: cross entropy + 0.001 * squared error of the super-resolved images (Chen et al., eq. 1 to 3).

    The squared error of a face is the sum over pixels and modalities, images in [-1, 1], and the batch's is
    the mean over faces; the paper does not say which is summed, and with a mean over pixels the second term
    would be a ten-thousandth of the first. A network without augmentation has the cross entropy alone.
    """

    outputs: ClassVar[str] = "AFA's logits and super-resolved images"
    needs: ClassVar[tuple[str, ...]] = ("clear",)

    def __init__(self, image_weight: float = 0.001) -> None:
        self.image_weight = image_weight

    def loss(self, outputs: "AFAOutput", targets: Targets) -> Tensor:
        loss = F.cross_entropy(outputs.logits, targets["label"].long())
        for name, image in outputs.super_resolved.items():
            error = (image - targets[f"clear_{name}"]).square().sum(dim=(1, 2, 3))  # (B,)
            loss = loss + self.image_weight * error.mean()
        return loss

    def score(self, outputs: "AFAOutput") -> Tensor:
        return outputs.logits.softmax(1)[:, 1]

    def live_map(self, outputs: Any) -> None:
        return None


class DepthMap:
    """Depth regression: mean squared error of the map + contrastive depth loss, equally weighted.

    Wang et al., "Deep Spatial Gradient and Temporal Depth Learning", CVPR 2020 (contrastive depth loss);
    Yu et al., CDCN, CVPR 2020 (the sum). The target, (B, 1, H, W) in [0, 1] of any size, is
    averaged down to the output's. The score is the map's mean after clipping to [0, 1].
    """

    outputs: ClassVar[str] = "depth map"
    needs: ClassVar[tuple[str, ...]] = ("depth_map",)

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        height, width = outputs.shape[-2:]
        truth = F.adaptive_avg_pool2d(targets["depth_map"].to(outputs.dtype), (height, width))
        return F.mse_loss(outputs, truth) + contrastive_depth_loss(outputs, truth)

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.clamp(0, 1).mean(dim=(1, 2, 3))

    def live_map(self, outputs: Tensor) -> Tensor:
        return outputs.clamp(0, 1).squeeze(1)


def contrastive_depth_loss(found: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error of the eight differences neighbour - centre, maps (B, 1, m, m) -> scalar.

    Wang et al., CVPR 2020: eight 3x3 kernels, no padding. Maps under 3x3 have no such pixel: zero.
    """
    if min(found.shape[-2:]) < 3:
        return found.new_zeros(())
    kernels = _neighbour_kernels().to(device=found.device, dtype=found.dtype)
    return F.mse_loss(F.conv2d(found, kernels), F.conv2d(truth, kernels))  # (B, 8, m - 2, m - 2)


@lru_cache(maxsize=1)
def _neighbour_kernels() -> Tensor:
    """(8, 1, 3, 3): +1 at one neighbour, -1 at the centre."""
    kernels = torch.zeros(8, 9)
    for row, place in enumerate((0, 1, 2, 3, 5, 6, 7, 8)):
        kernels[row, place], kernels[row, 4] = 1.0, -1.0
    return kernels.view(8, 1, 3, 3)


SUPERVISIONS: dict[str, Callable[[], Supervision]] = {
    "pixelwise_bce": PixelwiseBCE,
    "bce": BCE,
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "focal_first_two": lambda: Focal(score_form="first-two"),
    "deeppixbis": HalfPixelHalfBinary,
    "afa": AttentionFeatureAugment,
    "depth_map": DepthMap,
}


def build_supervision(name: str, *, instead_of: str | None = None) -> Supervision:
    """The supervision of that name; raises ConfigError that names the near ones.

    With `instead_of`, the name a network comes with, it must teach the same kind of output.
    """
    if name not in SUPERVISIONS:
        choices = ", ".join(SUPERVISIONS)
        raise ConfigError(
            f"supervision {name} does not exist{nearest(name, SUPERVISIONS) or '.'} Choose {choices}"
        )
    supervision = SUPERVISIONS[name]()
    if instead_of is not None:
        kind = SUPERVISIONS[instead_of]().outputs
        if supervision.outputs != kind:
            fitting = [known for known, make in SUPERVISIONS.items() if make().outputs == kind]
            raise ConfigError(
                f"supervision {name} teaches {supervision.outputs}, the network gives {kind}; "
                f"choose {' or '.join(fitting)}"
            )
    return supervision


def ensure_finite(value: Tensor, where: str, what: str = "loss") -> Tensor:
    """`value`, a scalar, itself; raises RunError naming `what` and `where` if it is NaN or infinite."""
    if not bool(torch.isfinite(value)):
        raise RunError(f"the {what} is {value.item()} at {where}; lower the learning rate or set grad_clip")
    return value
