"""What a network costs: parameters and multiply-adds, by four counters that disagree, each named.

`autofas`       the project's own (autofas.analysis.macs): convolutions and all matrix products.
`thop`          thop as published, the figure many papers print; it counts by exact module type, gives
                BatchNorm 4 MACs an element, and does not see functional calls.
`torch`         torch.utils.flop_counter, FLOPs / 2: the independent check of `autofas`.
`feathernets`   the counter behind Table 2 of FeatherNets (Zhang et al., CVPRW 2019), which adds biases,
                BatchNorm, ReLU and pooling windows.

One sample, eval mode, no gradients. The passes run on a copy, on the meta device (shapes without memory)
wherever the network allows it, so the model itself is never touched. Left out: memory and energy.
"""

import contextlib
import copy
import io
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from autofas.analysis.macs import LayerMacs, MacCounter, held_tensors, tensors_in
from autofas.errors import ConfigError
from autofas.models.central_difference import can_fold, fold
from autofas.models.derived_network import DerivedNetwork

Batch = Tensor | Mapping[str, Tensor]
"""A batch of images (B, 3, H, W), or one such tensor by modality."""

Inputs = Batch | tuple[Tensor, ...]
"""A batch, or the arguments of a module that takes several; each is (B, ...), of whatever shape."""

Device = Literal["auto", "meta", "real"]

Counted = TypeVar("Counted")

COUNTERS: dict[str, str] = {
    "autofas": "conv, linear and matrix-product MACs (aten operations)",
    "autofas-layers": "conv and linear MACs only (aten operations)",
    "thop": "thop: module types, BatchNorm 4 an element",
    "torch": "torch.utils.flop_counter, FLOPs / 2",
    "feathernets": "FeatherNets Table 2: conv and linear with bias, BatchNorm, ReLU, pooling windows",
}
"""Every counter whose figure a Profile holds, with what it counts."""

_FORWARD_ERRORS = (RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError)


@dataclass(frozen=True)
class LayerCost:
    """One module's own share: parameters it holds itself, MACs made while it was the innermost module."""

    name: str
    kind: str
    params: int
    macs_layers: int
    macs_products: int
    calls: int
    output: str

    @property
    def macs(self) -> int:
        return self.macs_layers + self.macs_products


@dataclass(frozen=True)
class Cost:
    """Parameters and multiply-adds of one forward pass of one sample, by the project's own counter."""

    params: int
    macs: int
    input: str


@dataclass(frozen=True, repr=False)
class Profile:
    """Parameters and multiply-adds of one forward pass of one sample; absolute numbers, not millions."""

    params: int
    params_used: int
    macs_layers: int
    macs_products: int
    macs_thop: int | None
    macs_torch: int
    macs_feathernets: int
    input: str
    device: str
    by_layer: tuple[LayerCost, ...]
    counter: str = "autofas"

    def __repr__(self) -> str:
        return f"<Profile of one {self.input}: {self.params:,} parameters, {self.macs:,} MACs>"

    @property
    def macs(self) -> int:
        """Convolution, linear and matrix-product MACs by the project's own counter."""
        return self.macs_layers + self.macs_products

    def figures(self) -> dict[str, int | None]:
        """The MACs by the name of their counter, see COUNTERS; None where that counter failed."""
        return {
            "autofas": self.macs,
            "autofas-layers": self.macs_layers,
            "thop": self.macs_thop,
            "torch": self.macs_torch,
            "feathernets": self.macs_feathernets,
        }


def profile(model: nn.Module, inputs: Inputs, *, device: Device = "auto") -> Profile:
    """Parameters and MACs of `model` for one sample of the shape in `inputs` (B, ...), one or several.

    `device`: `meta` runs on shapes alone; `real` on a full copy beside the model; `auto` tries meta first.
    Raises ConfigError if the network does not take such an input, or is none.
    """
    if not isinstance(model, nn.Module):
        raise ConfigError(f"{type(model).__name__} is not an nn.Module, which is what has a profile")
    if not isinstance(inputs, Tensor | Mapping | tuple) or not all(
        isinstance(value, Tensor) for value in (inputs if isinstance(inputs, tuple) else ())
    ):
        raise ConfigError("inputs are a tensor, a tuple of tensors (several arguments) or tensors by name")
    return _on_a_device(lambda meta: _profile_on(model, inputs, meta), device, model, inputs)


def cost(model: nn.Module, inputs: Inputs) -> Cost:
    """The two figures of `profile` that most readers want, without the passes of the other counters.

    Raises ConfigError if the network does not take such an input.
    """
    return _on_a_device(lambda meta: _cost_on(model, inputs, meta), "auto", model, inputs)


def costs_by_layer(model: nn.Module, inputs: Inputs) -> tuple[LayerCost, ...]:
    """What each module of `model` costs, by the own counter alone: `params` and `macs` add up to a profile's.

    On shapes alone, so the model must run on the meta device, as every derived network does.
    """
    with torch.no_grad(), _slow_attention():
        return _own_pass(_copy(_deployed(model), True), _one_sample(inputs, True))[2]


def describe(inputs: Inputs) -> str:
    """`3x224x224`, or `color 3x112x112 + depth 3x112x112` by modality: one sample's shape."""
    if isinstance(inputs, Tensor):
        return "x".join(str(size) for size in inputs.shape[1:])
    if isinstance(inputs, tuple):
        return " + ".join(map(describe, inputs))
    return " + ".join(f"{name} {describe(value)}" for name, value in inputs.items())


def _on_a_device(
    count: Callable[[bool], Counted], device: Device, model: nn.Module, inputs: Inputs
) -> Counted:
    """What `count(meta)` says on the first device on which the model runs; ConfigError where none does."""
    attempts: list[bool] = {"auto": [True, False], "meta": [True], "real": [False]}[device]
    for meta in attempts:
        try:
            return count(meta)
        except _FORWARD_ERRORS as exc:
            if meta == attempts[-1]:
                reason = str(exc).strip().splitlines() or [type(exc).__name__]
                raise ConfigError(
                    f"{type(model).__name__} cannot run on an input of {describe(inputs)}: {reason[0]}; "
                    "give the size it was built for"
                ) from exc
    raise AssertionError("unreachable: the last attempt returns or raises")


def _cost_on(model: nn.Module, inputs: Inputs, meta: bool) -> Cost:
    with torch.no_grad(), _slow_attention():
        network = _copy(_deployed(model), meta)
        with MacCounter(network) as counter:
            _run(network, _one_sample(inputs, meta))
    params = sum(parameter.numel() for parameter in network.parameters())
    return Cost(params, counter.layers + counter.products, describe(inputs))


def _profile_on(model: nn.Module, inputs: Inputs, meta: bool) -> Profile:
    model = _deployed(model)
    sample = _one_sample(inputs, meta)
    with torch.no_grad(), _slow_attention():
        network = _copy(model, meta)
        counter, feathernets, by_layer = _own_pass(network, sample)
        with FlopCounterMode(display=False) as flops:
            _run(_copy(model, meta), sample)
        thop_macs = _thop(_copy(model, meta), sample)
    return Profile(
        params=sum(p.numel() for p in network.parameters()),
        params_used=sum(p.numel() for p in network.parameters() if id(p) in counter.used),
        macs_layers=counter.layers,
        macs_products=counter.products,
        macs_thop=thop_macs,
        macs_torch=flops.get_total_flops() // 2,
        macs_feathernets=feathernets,
        input=describe(inputs),
        device="meta" if meta else str(next(iter(tensors_in(sample))).device),
        by_layer=by_layer,
    )


def _deployed(model: nn.Module) -> nn.Module:
    """The network with central differences as plain convolutions, a copy; itself if it has none."""
    return fold(model) if isinstance(model, DerivedNetwork) and can_fold(model) else model


def _arguments(sample: Any) -> tuple[Any, ...]:
    return sample if isinstance(sample, tuple) else (sample,)


def _run(network: nn.Module, sample: Any) -> None:
    network(*_arguments(sample))


def _one_sample(inputs: Inputs, meta: bool) -> Any:
    if isinstance(inputs, tuple):
        return tuple(_one_sample(value, meta) for value in inputs)
    if not isinstance(inputs, Tensor):
        return {name: _one_sample(value, meta) for name, value in inputs.items()}
    if meta:
        return torch.empty(1, *inputs.shape[1:], dtype=inputs.dtype, device="meta")
    return torch.zeros(1, *inputs.shape[1:], dtype=inputs.dtype) if inputs.is_meta else inputs[:1].clone()


def _copy(model: nn.Module, meta: bool) -> nn.Module:
    """The model in eval mode with its tensors replaced: by shapes on meta, or by detached clones."""
    memo: dict[int, Any] = {}
    for module in model.modules():
        for tensor in held_tensors(module):
            if id(tensor) not in memo:
                twin = torch.empty_like(tensor, device="meta") if meta else tensor.detach().clone()
                is_parameter = isinstance(tensor, nn.Parameter)
                memo[id(tensor)] = nn.Parameter(twin, tensor.requires_grad) if is_parameter else twin
    return copy.deepcopy(model, memo).eval()


@contextlib.contextmanager
def _slow_attention() -> Iterator[None]:
    """Keeps nn.MultiheadAttention off its fused kernel, in which no product can be seen."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _own_pass(network: nn.Module, sample: Any) -> tuple[MacCounter, int, tuple[LayerCost, ...]]:
    """One pass under the own counter; hooks on the copy note which module is active and the Table 2 rule."""
    counter = MacCounter(network)
    registered = _registrations(network)
    calls: Counter[str] = Counter()
    outputs: dict[str, str] = {}
    feathernets = 0

    def enter(name: str) -> Any:
        def hook(module: nn.Module, args: Any) -> None:
            counter.scope.append(name)
            calls[name] += 1

        return hook

    def leave(name: str) -> Any:
        def hook(module: nn.Module, args: Any, out: Any) -> None:
            nonlocal feathernets
            counter.scope.pop()
            if isinstance(out, Tensor):
                outputs[name] = describe(out)
                feathernets += registered[module] * feathernets_rule(module, out)

        return hook

    for name, module in network.named_modules():
        module.register_forward_pre_hook(enter(name))
        module.register_forward_hook(leave(name))
    with counter:
        _run(network, sample)
    modules = dict(network.named_modules())
    layers = []
    for name in calls:  # in the order of the first call
        macs = counter.by_module.get(name, LayerMacs())
        params = sum(p.numel() for p in modules[name].parameters(recurse=False))
        if params or macs.layers or macs.products:
            kind = type(modules[name]).__name__
            layers.append(
                LayerCost(name, kind, params, macs.layers, macs.products, calls[name], outputs.get(name, ""))
            )
    return counter, feathernets, tuple(layers)


def _registrations(network: nn.Module) -> Counter[nn.Module]:
    """How often each leaf is reached when the tree is walked by parents: 2 for a module under two parents."""
    found: Counter[nn.Module] = Counter()
    stack = [network]
    while stack:
        module = stack.pop()
        children = list(module.children())
        stack.extend(children)
        if not children:
            found[module] += 1
    return found


def feathernets_rule(module: nn.Module, out: Tensor) -> int:
    """What FeatherNets' Table 2 charges for one call of a leaf module that put out `out` (B, ...).

    Conv2d: outputs x (k*k*Cin/groups + bias); Linear: outputs x (in + bias); BatchNorm and ReLU: outputs;
    MaxPool2d and AvgPool2d: outputs x k*k; everything else, ReLU6 and adaptive pooling included: 0.
    """
    if isinstance(module, nn.Conv2d):
        return out.numel() * (math.prod(module.weight.shape[1:]) + (module.bias is not None))
    if isinstance(module, nn.Linear):
        return out.numel() * (module.in_features + (module.bias is not None))
    if isinstance(module, nn.modules.batchnorm._BatchNorm | nn.ReLU):
        return out.numel()
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kernel = module.kernel_size
        return out.numel() * (kernel * kernel if isinstance(kernel, int) else math.prod(kernel))
    return 0


def _thop(network: nn.Module, sample: Any) -> int | None:
    """thop's figure on a copy that is thrown away, because thop leaves buffers behind; None if thop fails."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import thop

        try:
            macs, _ = thop.profile(network, inputs=_arguments(sample), verbose=False)
        except _FORWARD_ERRORS:
            return None
    return round(float(macs))
