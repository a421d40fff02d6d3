"""Terms that keep the alphas from collapsing into operations without weights, each with its paper.

What changes the supernet's forward pass instead is in autofas.models.supernet (the auxiliary skip of DARTS-),
what holds at the derivation in autofas.search.limits (a cap on skips).
"""

import torch
from torch import Tensor

from autofas.models.supernet import Supernet


def beta_decay(supernet: Supernet) -> Tensor:
    """Mean over the edges of both cells of logsumexp(alpha), a scalar to be made small.

    Beta-DARTS (Ye et al., CVPR 2022): its gradient is softmax(alpha), so the largest alpha of an edge decays
    most and the operations stay close for longer. The paper weighs it from 0 to 50, linearly over the epochs.
    """
    kinds = sorted(set(supernet.kinds))
    return torch.cat([supernet.alphas[kind].logsumexp(dim=1) for kind in kinds]).mean()


def rising(most: float, epoch: int, epochs: int) -> float:
    """A weight that grows linearly over the epochs, counted from 0: most * epoch / epochs."""
    return most * epoch / epochs


def falling(first: float, epoch: int, epochs: int) -> float:
    """A strength that falls linearly from `first` in the first epoch to 0 in the last."""
    return first * (1 - epoch / max(epochs - 1, 1))
