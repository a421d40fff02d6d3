"""Zero-cost proxies: what an untrained network tells of the trained one. Higher is taken to be better.

params, macs   learnable parameters and multiply-adds: larger networks are often better.
synflow        Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic
               flow", NeurIPS 2020: the sum over parameters of parameter times gradient of the summed output,
               all parameters made positive and every input one. Its logarithm, since it spans decades.
grad_norm      Abdelfattah et al., "Zero-cost proxies for lightweight NAS", ICLR 2021: the Euclidean norm of
               the gradient of a batch's loss. One norm of all parameters; the paper adds the layers' norms.
naswot         Mellor et al., "Neural architecture search without training", ICML 2021: log |det K|, where
               K_ij counts the rectifiers that samples i and j of a batch switch alike.

All work on copies: a network comes out as it went in.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from autofas.analysis.records import network_cost, sample_input
from autofas.data.batches.batch import Batch
from autofas.models.network import Network

RECTIFIERS = (F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)


def proxies(network: Network, batch: Batch, names: Sequence[str]) -> dict[str, float]:
    """The named proxies of a network; all but the counts and synflow look at the batch."""
    cost = network_cost(network)
    found = {}
    for name in names:
        if name in ("params", "macs"):
            found[name] = float(getattr(cost, name))
        elif name == "synflow":
            found[name] = synflow(network.body, sample_input(network))
        elif name == "grad_norm":
            found[name] = grad_norm(network, batch)
        else:
            found[name] = naswot(network, batch.images)
    return found


def synflow(body: nn.Module, sample: Any) -> float:
    """Natural logarithm of the synaptic flow of a module for inputs of the sample's shape.

    In eval mode, so that a fresh batch norm passes on what it is given; in float64, since values multiply
    from layer to layer. Minus infinity where nothing flows.
    """
    module = copy.deepcopy(body).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    ones = _ones(sample, next(module.parameters()).device)
    output = module(ones)
    total = output.sum() if isinstance(output, Tensor) else torch.stack([one.sum() for one in output]).sum()
    used = [parameter for parameter in module.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(total, used, allow_unused=True)
    pairs = zip(used, gradients, strict=True)
    flow = sum(float((p.detach() * g).sum()) for p, g in pairs if g is not None)
    return math.log(flow) if flow > 0 else -math.inf


def grad_norm(network: Network, batch: Batch) -> float:
    """Euclidean norm of the gradient of the batch's loss, with statistics of the batch as in training."""
    trial = copy.deepcopy(network).train()
    loss = trial.supervision.loss(trial(batch.images), batch.targets)
    used = [parameter for parameter in trial.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(loss, used, allow_unused=True)
    return math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients if g is not None))


def naswot(network: nn.Module, images: Any) -> float:
    """Logarithm of the determinant of the kernel of equal rectifier states over a batch (B, ...).

    Minus infinity where two samples switch every rectifier alike.
    """
    module = copy.deepcopy(network).train()
    with torch.no_grad(), _Codes() as codes:
        module(images)
    if codes.kernel is None:
        return -math.inf
    sign, value = torch.linalg.slogdet(codes.kernel)
    return float(value) if float(sign) > 0 else -math.inf


class _Codes(TorchFunctionMode):
    """Adds up, over every rectifier called within it, how many units two samples switch alike: (B, B)."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in RECTIFIERS:
            on = (output.flatten(1) > 0).double()  # (B, units)
            off = 1 - on
            alike = on @ on.T + off @ off.T
            self.kernel = alike if self.kernel is None else self.kernel + alike
        return output


def _ones(sample: Any, device: torch.device) -> Any:
    if isinstance(sample, Mapping):
        return {name: _ones(one, device) for name, one in sample.items()}
    return torch.ones_like(sample, dtype=torch.float64, device=device)
