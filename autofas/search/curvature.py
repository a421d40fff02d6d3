"""How sharply the architecture's loss bends, and when that says that a search has gone on for too long.

RobustDARTS (Zela et al., ICLR 2020): derived cells do worse the more the largest eigenvalue of the Hessian of
the validation loss by alpha has grown. Its early stopping ends a search once that eigenvalue, averaged over a
window of epochs, has grown by a factor within a window, and takes the cells of a window before.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autofas.config.search import SearchConfig
from autofas.models.supernet import Supernet
from autofas.search.restored import restored

STEPS = 8
"""Lanczos steps: each is two gradients."""
LENGTH = 1e-5
"""How far from alpha gradients are compared. Farther off a difference is that of the ReLUs, whose kinks it
crosses and a derivative does not see; so near, float32 has no digits left."""


def sharpness(
    supernet: Supernet, loss: Callable[[Tensor], Tensor], images: Tensor, steps: int = STEPS
) -> float:
    """Largest eigenvalue of the Hessian by alpha of the loss of the supernet's outputs for images.

    Computed in float64 on a copy, which normalises by the batch; with the compiled kernels where the supernet
    has them.
    """
    twin = copy.deepcopy(supernet).double().train()
    alphas, images = [twin.alphas[kind] for kind in sorted(set(twin.kinds))], images.double()

    def gradient() -> Sequence[Tensor]:
        with twin.frozen_statistics(), twin.frozen_weights():
            return torch.autograd.grad(loss(twin(images)), alphas)

    return largest_eigenvalue(gradient, alphas, steps)


def largest_eigenvalue(
    gradient: Callable[[], Sequence[Tensor]], parameters: Sequence[Tensor], steps: int = STEPS
) -> float:
    """The largest eigenvalue of a loss' Hessian by `parameters`, which are left as they were.

    `gradient` returns the loss' gradient by them at the values they have. Lanczos' method, in float64, on
    central differences of gradients along unit directions; exact, but for the differences, with as many
    steps as there are parameters, and below the truth with fewer. The first direction is that of the
    gradient, so nothing is drawn.
    """
    sizes = [parameter.numel() for parameter in parameters]
    basis: list[NDArray[np.float64]] = []
    diagonal: list[float] = []
    beside: list[float] = []
    with restored(parameters) as kept:

        def at(offset: NDArray[np.float64]) -> NDArray[np.float64]:
            with torch.no_grad():
                parts = torch.from_numpy(offset).split(sizes)
                for parameter, value, part in zip(parameters, kept, parts, strict=True):
                    parameter.copy_(value + part.view_as(value).to(value))
            return np.concatenate([part.detach().double().cpu().numpy().ravel() for part in gradient()])

        direction = at(np.zeros(sum(sizes)))
        while len(basis) < min(steps, sum(sizes)) and (length := float(np.linalg.norm(direction))) > 1e-12:
            if basis:
                beside.append(length)
            basis.append(direction / length)
            product = (at(LENGTH * basis[-1]) - at(-LENGTH * basis[-1])) / (2 * LENGTH)
            diagonal.append(float(basis[-1] @ product))
            direction = product
            for _ in range(2):  # once leaves rounding that grows into copies of what was found
                for vector in basis:
                    direction = direction - (vector @ direction) * vector
    if not diagonal:
        return 0.0
    tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return float(np.linalg.eigvalsh(tridiagonal)[-1])


def overshot(eigenvalues: Sequence[float], window: int, factor: float) -> bool:
    """Whether the mean of the last `window` eigenvalues exceeds `factor` times that of the window before."""
    if len(eigenvalues) < 2 * window:
        return False
    before, now = fmean(eigenvalues[-2 * window : -window]), fmean(eigenvalues[-window:])
    return now > factor * before > 0


def overshoot(config: SearchConfig, results: Sequence[Mapping[str, Any]]) -> int:
    """How many epochs at the end of a search with these rows of results do not count.

    A window where it has ended by `eigenvalue_stop`, else 0; values may be text, as in results.csv.
    """
    if config.eigenvalue_stop is None:
        return 0
    eigenvalues = [float(row["eigenvalue"]) for row in results if row.get("eigenvalue", "") != ""]
    window = config.eigenvalue_window
    return window if overshot(eigenvalues, window, config.eigenvalue_stop) else 0
