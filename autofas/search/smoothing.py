"""Weights that learn under noise on the alphas, so that a cell near the mixture loses little.

SDARTS-RS (Chen and Hsieh, ICML 2020): an alpha step may move where the loss is sharp, and the
discrete cell then lies off the valley in which the weights were learnt. A weight step under uniform noise on
the shares of the operations smooths the loss as a function of them, and so bounds its Hessian.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from autofas.models.supernet import Supernet
from autofas.search.restored import restored

LEAST = 1e-6
"""Share below which noise takes no operation: its logarithm has to be finite."""


@contextmanager
def smoothed(supernet: Supernet, radius: float) -> Iterator[None]:
    """Within it, operations are mixed by softmax(alpha) + noise, drawn uniformly from [-radius, radius].

    The noise is drawn once, from torch's generator; shares are kept positive and brought back to a sum of 1
    over an edge's operations. Betas are as they were, and so are the alphas afterwards. A radius of 0 draws
    nothing.
    """
    tables = [supernet.alphas[kind] for kind in sorted(set(supernet.kinds))] if radius else []
    with restored(tables):
        with torch.no_grad():
            for table in tables:
                noisy = table.softmax(1) + torch.empty_like(table).uniform_(-radius, radius)
                table.copy_(noisy.clamp_min(LEAST).log())  # a softmax over these divides by their sum
        yield


def radius_at(most: float, epoch: int, epochs: int) -> float:
    """The noise of an epoch, counted from 0: linearly from a tenth of `most` to all of it (0.03 to 0.3)."""
    return most * (0.1 + 0.9 * epoch / max(epochs - 1, 1))
