"""Supervisions: what a network's outputs are taught, and how they become a score.

A supervision owns both `loss(outputs, targets)` and `score(outputs)`, so training, evaluation, profiling
and export never ask which network they hold. `targets` is a dict of tensors with at least `label` (B,),
1 = bona fide. Scores are (B,) in [0, 1], higher = bona fide.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from autofas.errors import ConfigError, RunError
from autofas.schema import nearest

Targets = Mapping[str, Tensor]


class Supervision(Protocol):
    """What training and evaluation ask of a supervision."""

    def loss(self, outputs: Any, targets: Targets) -> Tensor:
        """Mean loss over the batch, a scalar; lower is better."""
        ...

    def score(self, outputs: Any) -> Tensor:
        """(B,) in [0, 1], higher = bona fide."""
        ...


class PixelwiseBCE:
    """Binary cross-entropy at every pixel of the live map (Auto-FAS, Yu et al., ICASSP 2020, eq. 6).

    Outputs are logits (B, 1, m, n); a bona fide face's map is one everywhere, an attack's zero. The score
    is the mean of the sigmoid map (the paper does not say how a map becomes a score).
    """

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        label = targets["label"][:, None, None, None].to(outputs.dtype).expand_as(outputs)
        return F.binary_cross_entropy_with_logits(outputs, label)

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid().mean(dim=(1, 2, 3))


class BCE:
    """Binary cross-entropy of one logit a face: the map's mean logit, the other row of Auto-FAS table 3."""

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        logit = outputs.flatten(1).mean(1)
        return F.binary_cross_entropy_with_logits(logit, targets["label"].to(logit.dtype))

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.flatten(1).mean(1).sigmoid()


class CrossEntropy:
    """Softmax cross-entropy of logits (B, n); class 1 is bona fide."""

    def loss(self, outputs: Tensor, targets: Targets) -> Tensor:
        return F.cross_entropy(outputs, targets["label"].long())

    def score(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)[:, 1]


class Focal:
    """Focal loss with targets {0, 1} (FeatherNets, Zhang et al., CVPRW 2019: gamma 3, alpha 1, mean).

    FeatherNet's streaming head gives (B, 1024) features and the softmax runs over all of them, as it was
    trained; `score_form` "all" scores with that softmax's column 1, "first-two" with a softmax over the
    first two features alone, as its authors later told users.
    """

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


SUPERVISIONS: dict[str, Callable[[], Supervision]] = {
    "pixelwise_bce": PixelwiseBCE,
    "bce": BCE,
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "focal_first_two": lambda: Focal(score_form="first-two"),
}


def build_supervision(name: str) -> Supervision:
    """The supervision of that name; raises ConfigError that names the near ones."""
    if name not in SUPERVISIONS:
        choices = ", ".join(SUPERVISIONS)
        raise ConfigError(f"supervision {name} does not exist{nearest(name, SUPERVISIONS)} Choose {choices}")
    return SUPERVISIONS[name]()


def ensure_finite(loss: Tensor, where: str) -> Tensor:
    """`loss` itself; raises RunError naming `where` if it is NaN or infinite."""
    if not bool(torch.isfinite(loss)):
        raise RunError(f"the loss is {loss.item()} at {where}; lower the learning rate or set grad_clip")
    return loss
