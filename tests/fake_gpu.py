"""A GPU without numbers: torch knows shapes and devices of its tensors, and computes none of their values.

    python -m tests.fake_gpu

takes steps of the bi-level engine there and prints a line each. What would hold a real GPU up fails: reading
a number, and copying one from the processor's memory, which hides in an index that is a list. So does mixing
devices. Torch is changed for the whole process, which is why the test starts one.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

import autofas.models.folded_sum
from autofas.config.optimizer import OptimizerConfig
from autofas.data.batches.loader import Batch
from autofas.models.places import identity_of
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.search.engine import BilevelEngine

DEVICE = "fakegpu"
WEIGHTS = OptimizerConfig(lr=0.05, grad_clip=5.0)
ARCH = OptimizerConfig(name="adam", lr=0.01, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3)


def empty_like(tensor: Tensor) -> Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=DEVICE)


def moved(net: nn.Module) -> nn.Module:
    """The network on the device; `Module.to` cannot swap tensors without values."""
    for module in net.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(empty_like(parameter))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = empty_like(buffer)
    return net


def moved_places(make: Callable[..., Any], *kind: Any) -> Any:
    """The places of small numbers, which a real search copies to its device at its first step alone."""
    with _disable_current_modes():
        places = make(*kind[:-1], torch.device("cpu"))
    names = ("covariance", "mean", "matrix", "own_covariance", "own_mean")
    return dataclasses.replace(places, **{name: empty_like(getattr(places, name)) for name in names})


def batch() -> Batch:
    images = torch.empty(4, 3, 16, 16, device=DEVICE)
    return Batch({"color": images}, {"label": torch.empty(4, device=DEVICE)}, torch.arange(4))


def steps(order: str, partial_channels: int, recompute: bool = False) -> None:
    """A step of the weights, then one of the architecture, on both kinds of cell and all operations."""
    values = load_space("darts").model_dump()
    own = {"channels": 8, "stem": [{"channels": 8}], "cells": ["normal", "reduction"]}
    values["layout"].update(own, intermediate_nodes=2)
    net = moved(Supernet(Space.model_validate(values), partial_channels, recompute=recompute))
    engine = BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH, order, unread=True)
    losses = engine.weight_step(batch()), engine.arch_step(batch(), batch())
    assert all(loss.device.type == DEVICE for loss in losses)


CHECKS: dict[str, Callable[[], Any]] = {
    "first order": partial(steps, "first", 4),
    "first order, K = 1": partial(steps, "first", 1),
    "recomputed": partial(steps, "first", 4, recompute=True),
    "second order": partial(steps, "second", 4),
    "second order, exact": partial(steps, "second-exact", 4),
    "reading a number": lambda: float(torch.empty((), device=DEVICE)),
    "an index that is a list": lambda: torch.empty(3, device=DEVICE)[[0, 1]],
    "two devices": lambda: torch.empty(3, device=DEVICE) + torch.empty(3),
}


def main() -> None:
    """Print every check's name and how it ended."""
    _setup_privateuseone_for_python_backend(DEVICE)
    torch.fakegpu.get_amp_supported_dtype = list  # asked for where autocast is switched off
    torch.fakegpu.is_autocast_enabled = lambda: False
    torch._fused_sgd_ = torch._fused_adam_ = lambda *_, **__: None  # kernels that torch cannot fake
    autofas.models.folded_sum.places_of = partial(moved_places, autofas.models.folded_sum.places_of)
    for name, check in CHECKS.items():
        identity_of.cache_clear()  # what one mode made is of no use to the next
        with FakeTensorMode():
            try:
                check()
                print(f"{name}: done")
            except (RuntimeError, NotImplementedError) as error:
                print(f"{name}: {type(error).__name__} {str(error)[:100]}")


if __name__ == "__main__":
    main()
