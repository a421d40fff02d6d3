"""The average of several checkpoints of one network as one weights file (Izmailov et al., UAI 2018).

Only weights of the same network, supervision and preprocessing are averaged. BatchNorm's running statistics
are averaged too, which is not what the averaged network would measure; weights from one trajectory are close
enough, weights from different seeds are not.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from autofas.errors import RunError
from autofas.models.network import Network
from autofas.models.weights import WeightsInfo, load_network, read_weights


def average_weights(paths: Sequence[Path]) -> tuple[Network, WeightsInfo]:
    """The network with the mean of the files' floating-point tensors, whole numbers from the last file.

    Sums are taken in float64. Raises RunError for fewer than two files, another network, or a weight that is
    not finite.
    """
    if len(paths) < 2:
        raise RunError(f"{len(paths)} weights file cannot be averaged; give two or more")
    first, info = read_weights(paths[0])
    sums = {name: tensor.double() for name, tensor in first.items() if tensor.is_floating_point()}
    last = first
    for path in paths[1:]:
        last, other = read_weights(path)
        for what in ("baseline", "genotype", "supervision", "modalities", "preprocessing"):
            if getattr(info, what) != getattr(other, what):
                raise RunError(
                    f"{path} and {paths[0]} differ in {what}; only weights of one network are averaged"
                )
        if {name: tensor.shape for name, tensor in last.items()} != {
            name: tensor.shape for name, tensor in first.items()
        }:
            raise RunError(f"{path} and {paths[0]} hold tensors of different names or shapes")
        for name, total in sums.items():
            total += last[name].double()
    mean = {
        name: (sums[name] / len(paths)).to(tensor.dtype) if name in sums else tensor
        for name, tensor in last.items()
    }
    for name, tensor in mean.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise RunError(f"the average of {name} is not finite; leave the damaged file out")
    network = load_network(paths[0]).network
    network.body.load_state_dict(mean)
    return network, info
