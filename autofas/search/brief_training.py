"""An epoch of a discrete network on the weight half, and what it comes to on the architecture half.

Finalists and trials share both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from autofas.data.batches.batch import Batch
from autofas.metrics import BONA_FIDE, roc_auc
from autofas.models.network import Network
from autofas.models.supervisions import ensure_finite
from autofas.runs.resume import first_rows
from autofas.runtime import ranks
from autofas.training.optimizers import Optimizer, clip_gradients


@dataclass(frozen=True)
class Judgement:
    """Mean loss over batches and AUC in [0, 1] over all their samples."""

    loss: float
    auc: float


def train_epoch(
    network: Network, loader: Iterable[Batch], optimizer: Optimizer, grad_clip: float | None, what: str
) -> None:
    """Take a step a batch, gradients clipped to a norm of `grad_clip`; the network is left in train mode.

    Raises RunError that names `what` and the batch's first rows where a loss or gradient is not finite.
    """
    network.train()
    parameters = list(network.parameters())
    for batch in loader:
        loss = network.supervision.loss(network(batch.images), batch.targets)
        where = f"{what} (rows {first_rows(batch)})"
        ensure_finite(loss, where)
        optimizer.zero_grad()
        loss.backward()
        clip_gradients(parameters, grad_clip, where)
        optimizer.step()
        ranks.check()


def judge(network: Network, loader: Iterable[Batch]) -> Judgement:
    """Loss and AUC over an epoch of a loader, in eval mode, in which the network is left.

    Raises RunError where a loss is not finite.
    """
    losses, scores, labels = [], [], []
    network.eval()
    with torch.no_grad():
        for batch in loader:
            outputs = network(batch.images)
            losses.append(network.supervision.loss(outputs, batch.targets))
            scores.append(network.supervision.score(outputs).double().cpu())
            labels.append(batch.targets["label"].cpu())
    loss = torch.stack(losses).double().mean()
    ensure_finite(loss, "the architecture half")
    pais = [BONA_FIDE if label else "attack" for label in torch.cat(labels).tolist()]
    return Judgement(float(loss), float(roc_auc(torch.cat(scores).numpy(), pais)))
