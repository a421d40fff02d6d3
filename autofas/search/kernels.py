"""Whether a search computes with the compiled kernels, and why not where it does not."""

from dataclasses import dataclass
from typing import Literal

import torch

from autofas.errors import ConfigError
from autofas.models.kernels import library
from autofas.models.space import Space
from autofas.models.supernet import unknown_to_kernels

Wanted = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Choice:
    """`used`, and what env.json and the log say of it."""

    used: bool
    name: str


def choose(wanted: Wanted, space: Space, device: torch.device, precision: str, order: str) -> Choice:
    """The kernels where they serve; raises ConfigError with the reason if they were asked for and do not."""
    if wanted == "off":
        return Choice(False, "off")
    why = _obstacle(space, device, precision, order)
    if why is None:
        return Choice(True, library.instructions())
    if wanted == "on":
        raise ConfigError(f"kernels: on, but {why}; use kernels: auto to search in torch instead")
    return Choice(False, f"off: {why}")


def _obstacle(space: Space, device: torch.device, precision: str, order: str) -> str | None:
    """Why this search has to be computed in torch, or None."""
    if device.type != "cpu":
        return f"the device is {device.type} and the kernels are for the CPU"
    if precision != "float32":
        return f"the precision is {precision} and the kernels know float32"
    if order == "second-exact":
        return "order second-exact differentiates twice and the kernels once"
    unknown = unknown_to_kernels(space)
    if unknown:
        return f"the kernels do not know {', '.join(unknown)} of space {space.name}"
    missing = library.reason()
    return None if missing is None else f"the compiled kernels are not available ({missing})"
