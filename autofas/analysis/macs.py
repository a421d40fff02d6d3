"""The project's own MAC counter: every multiply-add of a convolution or matrix product, by shape alone.

It watches the aten operations that a forward pass consists of, so it sees functional calls, subclasses
and attention, which a counter by module type (thop) does not. One MAC is one multiply-add.

Two sums are kept apart. `layers`: convolutions, and matrix products of a weight with data, i.e. Conv and
Linear however they are spelt; comparable with the Conv/Linear figures of the literature. `products`:
matrix products of data with data (attention) or of weights with weights.

Left out: biases, element-wise arithmetic, normalisation, activations, pooling, interpolation, FFTs and
nn.Bilinear.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

Origin = Literal["data", "weight", "neutral"]
"""Where a tensor comes from: the network's input, its weights alone, or neither (made on the way)."""


@dataclass
class LayerMacs:
    """The MACs of the calls made while one module was the innermost active one."""

    layers: int = 0
    products: int = 0


def _conv(args: Sequence[Any], out: Tensor) -> int:
    """Each output (transposed: input) element meets weight.shape[1:] = (C/groups, k, k) once."""
    source, weight, transposed = args[0], args[1], args[6]
    return (source if transposed else out).numel() * math.prod(weight.shape[1:])


def _product(first: int) -> Callable[[Sequence[Any], Tensor], int]:
    """MACs of the product of operands `first` and `first + 1`, shapes (..., n, k) and (..., k, m)."""

    def macs(args: Sequence[Any], out: Tensor) -> int:
        a, b = args[first], args[first + 1]
        return a.numel() * (b.shape[-1] if b.dim() > 1 else 1)

    return macs


def _attention(args: Sequence[Any], out: Tensor) -> int:
    """Q K^T and S V: q (B, H, L, E), k (B, H, S, E), v (B, H, S, Ev)."""
    query, key, value = args[0], args[1], args[2]
    batch, heads, length, width = query.shape
    return batch * heads * length * key.shape[2] * (width + value.shape[3])


# The second entry is the position of the first of the two operands; None: always counted as a layer.
RULES: dict[Any, tuple[Callable[[Sequence[Any], Tensor], int], int | None]] = {
    aten.convolution: (_conv, None),
    aten._convolution: (_conv, None),
    aten.convolution_overrideable: (_conv, None),
    aten.mm: (_product(0), 0),
    aten.bmm: (_product(0), 0),
    aten.mv: (_product(0), 0),
    aten.dot: (_product(0), 0),
    aten.vdot: (_product(0), 0),
    aten.addmm: (_product(1), 1),
    aten.addmv: (_product(1), 1),
    aten.addbmm: (_product(1), 1),
    aten.baddbmm: (_product(1), 1),
    aten._scaled_dot_product_flash_attention_for_cpu: (_attention, 0),
    aten._scaled_dot_product_flash_attention: (_attention, 0),
    aten._scaled_dot_product_efficient_attention: (_attention, 0),
    aten._scaled_dot_product_cudnn_attention: (_attention, 0),
    aten._scaled_dot_product_fused_attention_overrideable: (_attention, 0),
}


_SAME_SHAPE = {aten.relu, aten.hardtanh, aten.sigmoid}
_IN_PLACE = {aten.relu_, aten.hardtanh_, aten.sigmoid_}


def _by_shape_alone(kind: Any, args: Sequence[Any]) -> Any:
    """What an operation that keeps its operand's shape returns on the meta device; None for all others.

    Torch computes such shapes by decompositions in Python, which would take most of the time of a count.
    """
    source = args[0] if args else None
    if not isinstance(source, Tensor) or not source.is_meta:
        return None
    if kind in _IN_PLACE:
        return source
    if kind in _SAME_SHAPE:
        return torch.empty_like(source)
    if kind is aten.native_batch_norm and not args[5]:  # evaluation: there are no statistics of the batch
        return torch.empty_like(source), source.new_empty(0), source.new_empty(0)
    return None


def tensors_in(values: Any) -> Iterator[Tensor]:
    """Every tensor in nested tuples, lists and dicts."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from tensors_in(value)
    elif isinstance(values, dict):
        for value in values.values():
            yield from tensors_in(value)


def held_tensors(module: nn.Module) -> Iterator[Tensor]:
    """Parameters, buffers and tensors kept as plain attributes of this module itself."""
    yield from module.parameters(recurse=False)
    yield from module.buffers(recurse=False)
    yield from (value for value in vars(module).values() if isinstance(value, Tensor))


@dataclass
class _Ledger:
    """Origin of every storage that is not data; the tensors are kept so that no address is used twice."""

    entries: dict[int, tuple[Origin, Tensor]] = field(default_factory=dict)

    @staticmethod
    def _key(tensor: Tensor) -> int:
        return tensor.untyped_storage()._cdata

    def set(self, tensor: Tensor, origin: Origin) -> None:
        if origin == "data":
            self.entries.pop(self._key(tensor), None)
        else:
            self.entries[self._key(tensor)] = (origin, tensor)

    def of(self, tensor: Tensor) -> Origin:
        entry = self.entries.get(self._key(tensor))
        return entry[0] if entry else "data"


class MacCounter(TorchDispatchMode):
    """Counts the MACs of what runs inside `with MacCounter(model) as counter: model(x)`.

    `layers` and `products` are the sums defined above, `by_module` splits them by the innermost module named
    in `scope` (the caller keeps that list), and `used` holds the id() of every parameter that took part.
    Gradients must be off: a recording tape would keep constants alive under other names.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.layers = 0
        self.products = 0
        self.by_module: dict[str, LayerMacs] = {}
        self.scope: list[str] = [""]
        self.used: set[int] = set()
        self._ledger = _Ledger()
        self._parameters = {id(parameter) for parameter in model.parameters()}
        for module in model.modules():
            for tensor in held_tensors(module):
                self._ledger.set(tensor, "weight")

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = _by_shape_alone(func.overloadpacket, args)
        if out is None:
            out = func(*args, **(kwargs or {}))
        given = [*tensors_in(args), *tensors_in(kwargs or {})]
        self.used.update(id(tensor) for tensor in given if id(tensor) in self._parameters)
        rule = RULES.get(func.overloadpacket)
        if rule:
            self._count(*rule, args, next(tensors_in(out)))
        origins = {self._ledger.of(tensor) for tensor in given}
        origin: Origin = "data" if "data" in origins else "weight" if "weight" in origins else "neutral"
        for tensor in tensors_in(out):
            self._ledger.set(tensor, origin)
        return out

    def _count(
        self,
        macs_of: Callable[[Sequence[Any], Tensor], int],
        first: int | None,
        args: Sequence[Any],
        out: Tensor,
    ) -> None:
        macs = macs_of(args, out)
        entry = self.by_module.setdefault(self.scope[-1], LayerMacs())
        if first is None or self._ledger.of(args[first]) != self._ledger.of(args[first + 1]):
            self.layers += macs
            entry.layers += macs
        else:
            self.products += macs
            entry.products += macs
