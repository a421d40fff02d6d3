"""An epoch of a discrete network on the weight half, as finalists and the trials of a tuner take it."""

from autofas.data.batches.loader import Loader
from autofas.models.network import Network
from autofas.models.supervisions import ensure_finite
from autofas.runs.resume import first_rows
from autofas.runtime import ranks
from autofas.training.optimizers import Optimizer, clip_gradients


def train_epoch(
    network: Network, loader: Loader, optimizer: Optimizer, grad_clip: float | None, what: str
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
