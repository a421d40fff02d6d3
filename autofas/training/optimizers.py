"""Optimisers and learning-rate schedules from a configuration."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import nn

from autofas.config.optimizer import OptimizerConfig
from autofas.models.supervisions import ensure_finite


def build_optimizer(
    config: OptimizerConfig, parameters: Iterable[nn.Parameter], fused: bool | None = None
) -> torch.optim.SGD | torch.optim.Adam:
    """SGD with momentum, or Adam, both with L2 weight decay added to the gradient.

    `fused` is torch's form of one kernel, which alone can skip an update without the CPU knowing.
    """
    if config.name == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=config.lr,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            fused=fused,
        )
    return torch.optim.Adam(
        parameters, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay, fused=fused
    )


def learning_rate(config: OptimizerConfig, epoch: int, epochs: int) -> float:
    """The rate of an epoch counted from 0: linear warm-up, then constant, steps, or a cosine to `min_lr`.

    The cosine is lr(e) = min + (lr - min) * (1 + cos(pi e / E)) / 2 (SGDR, Loshchilov and Hutter, ICLR
    2017, eq. 5) over the epochs after the warm-up; with `cycles` it starts again at lr after each E epochs,
    an equal share of them.
    """
    if epoch < config.warmup_epochs:
        return config.lr * (epoch + 1) / (config.warmup_epochs + 1)
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "step":
        steps = (
            sum(epoch >= at for at in config.milestones) if config.milestones else epoch // config.step_epochs
        )
        return max(config.lr * config.step_factor**steps, config.min_lr)
    length = max(epochs - config.warmup_epochs, 1) / config.cycles
    done = ((epoch - config.warmup_epochs) % length) / length
    return config.min_lr + (config.lr - config.min_lr) * (1 + math.cos(math.pi * done)) / 2


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group the rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def clip_gradients(parameters: Sequence[nn.Parameter], most: float | None, where: str) -> None:
    """Scale the gradients to a Euclidean norm of at most `most`; None leaves them.

    Raises RunError that names `where` if a gradient is NaN or infinite, before any optimiser sees it.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = ensure_finite(nn.utils.get_total_norm(gradients), where, "gradient's norm")
    if most is not None:
        nn.utils.clip_grads_with_norm_(parameters, most, norm)
