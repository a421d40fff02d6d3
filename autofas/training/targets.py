"""From a batch of stored crops to a network's input and to what its supervision wants to be told.

`depth_map`   a bona fide face's depth image in [0, 1], zero everywhere for attacks (Liu et al., CVPR 2018); a
              map of ones instead where a data set has no depth (`depth_target` ones).
`clear`       the sharp image at twice the input's side, a modality each (AFA; Chen et al., 2021, eq. 2).
"""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from autofas.config.train import TrainConfig
from autofas.data.batches.batch import Batch
from autofas.data.batches.modal_erasing import erase_modalities
from autofas.errors import ConfigError
from autofas.models.network import Network

Tensors = dict[str, Tensor]


def check_targets(config: TrainConfig, network: Network) -> None:
    """Raise ConfigError where view, erasing and supervision of a training do not go together."""
    needs, view = network.supervision.needs, network.view
    if "clear" in needs and view.kind != "degraded":
        raise ConfigError(f"supervision {network.supervision_name} needs view.kind degraded, not {view.kind}")
    if "depth_map" in needs and view.kind not in ("whole", "centre"):
        raise ConfigError(
            f"a depth map cannot be used with view {view.kind}; set view.kind to whole or centre"
        )
    if config.erase_modalities and len(network.modalities) == 1:
        raise ConfigError(
            f"erase_modalities {config.erase_modalities}: {network.name} reads a single modality; set it to 0"
        )


def prepare_batch(batch: Batch, network: Network, config: TrainConfig, epoch: int) -> tuple[Tensors, Tensors]:
    """The network's input (B, 3, S, S) by modality and the targets of one training step.

    Random numbers belong to (config.seed, epoch, row). Erasing comes last: the truth stays whole.
    """
    rows = batch.index.numpy()
    needs, view = network.supervision.needs, network.view
    crops = {name: batch.images[name] for name in network.modalities}
    images = view.training(crops, seed=config.seed, epoch=epoch, rows=rows)
    targets = dict(batch.targets)
    if "clear" in needs:
        targets |= {f"clear_{name}": image for name, image in view.clear(crops).items()}
    if "depth_map" in needs:
        targets["depth_map"] = _depth_map(batch, network, config, epoch, rows)
    images = erase_modalities(images, config.erase_modalities, seed=config.seed, epoch=epoch, rows=rows)
    return images, targets


def _depth_map(batch: Batch, network: Network, config: TrainConfig, epoch: int, rows: np.ndarray) -> Tensor:
    """(B, 1, S, S) in [0, 1], zero for attacks."""
    label = batch.targets["label"][:, None, None, None]
    if config.depth_target == "ones":
        return label.expand(-1, 1, network.input_size, network.input_size)
    depth: Mapping[str, Tensor] = {"depth": batch.images["depth"]}
    seen = network.view.training(depth, seed=config.seed, epoch=epoch, rows=rows)["depth"]
    return (seen.mean(dim=1, keepdim=True) + 1) / 2 * label  # from [-1, 1]
