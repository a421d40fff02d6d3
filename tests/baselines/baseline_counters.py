"""Independent counters for the tests: FeatherNets' published rule, and plain MACs of convolutions and
linear layers.

Nothing here is shared with the product's profiler, so that each can be held against the other.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from autofas.baselines import BASELINES, build_baseline
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

PLAIN_CONVS = (nn.Conv1d, nn.Conv2d)


def count_parameters(network: nn.Module) -> int:
    """All parameters, each tensor once."""
    return sum(parameter.numel() for parameter in network.parameters())


def touched_parameters(network: nn.Module) -> int:
    """Parameters of modules that a forward pass has given a gradient (call after backward)."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.grad is not None)


def run_with_hooks(
    network: nn.Module, images: Any, hook_of: Callable[[nn.Module], Callable[..., None] | None], once: bool
) -> None:
    """Run one forward pass in eval mode under hooks; `once` hooks a shared module a single time."""
    handles = []

    def attach(module: nn.Module) -> None:
        children = list(module.children())
        if children:
            for child in children:
                attach(child)
        else:
            hook = hook_of(module)
            if hook is not None:
                handles.append(module.register_forward_hook(hook))

    if once:
        for module in network.modules():
            hook = hook_of(module)
            if hook is not None:
                handles.append(module.register_forward_hook(hook))
    else:
        attach(network)
    network.eval()
    with torch.no_grad():
        network(images)
    for handle in handles:
        handle.remove()


def hook_macs(network: nn.Module, images: Any) -> int:
    """Multiply-accumulates of Conv2d, ConvTranspose2d and Linear modules in one pass, biases left out."""
    total = 0

    def conv(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        total += output.numel() * math.prod(module.kernel_size) * module.in_channels // module.groups

    def transposed(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.ConvTranspose2d)
        total += inputs[0].numel() * math.prod(module.kernel_size) * module.out_channels // module.groups

    def linear(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Linear)
        total += output.numel() * module.in_features

    def hook_of(module: nn.Module) -> Callable[..., None] | None:
        if isinstance(module, nn.ConvTranspose2d):
            return transposed
        if isinstance(module, nn.Conv2d):
            return conv
        return linear if isinstance(module, nn.Linear) else None

    run_with_hooks(network, images, hook_of, once=True)
    return total


def dispatcher_macs(network: nn.Module, images: Any) -> int:
    """torch.utils.flop_counter's FLOPs halved: every convolution and matrix product, functional ones too."""
    network.eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(images)
    return counter.get_total_flops() // 2


def feathernets_count(network: nn.Module, images: Any) -> int:
    """The figure that FeatherNets table 2 prints as FLOPS, batch 1.

    Convolutions Cout*H*W*(k*k*Cin/groups + [bias]); linear layers in*out + out; BatchNorm and nn.ReLU
    numel(out); MaxPool2d and AvgPool2d k*k*numel(out). ReLU6, PReLU, Sigmoid, adaptive pooling and
    upsampling count nothing. A module registered under two parents is hooked under both, so each of its
    calls counts twice.
    """
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        out = output.numel()
        if isinstance(module, nn.Conv2d):
            per_output = math.prod(module.kernel_size) * module.in_channels // module.groups
            total += out * (per_output + (module.bias is not None))
        elif isinstance(module, nn.Linear):
            total += module.in_features * module.out_features + module.out_features
        elif isinstance(module, nn.BatchNorm2d | nn.ReLU):
            total += out
        elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            kernel = module.kernel_size
            side = kernel if isinstance(kernel, int) else kernel[0]
            total += side * side * out

    def hook_of(module: nn.Module) -> Callable[..., None] | None:
        counted = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d)
        return count if isinstance(module, counted) else None

    run_with_hooks(network, images, hook_of, once=False)
    return total


MODALITIES = ("color", "depth", "ir")


def meta_network(name: str, kwargs: dict, side: int) -> tuple[nn.Module, Tensor | dict[str, Tensor]]:
    """The network and an input without storage, so that the large ones are counted in no time."""
    with torch.device("meta"):
        network = build_baseline(name, **kwargs)
        if len(BASELINES[name].modalities) == 1:
            return network, torch.empty(1, 3, side, side)
        return network, {modality: torch.empty(1, 3, side, side) for modality in MODALITIES}
