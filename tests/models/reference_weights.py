"""Which number of the reference supernet is which number of the fused one.

The generators walk both networks and yield (name, reference tensor, fused tensor)
where the second is taken out of the fused supernet and laid out as the first. With it tests and
benchmarks give both the same weights and compare gradients and statistics.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from autofas.models.fused_cell import Fan, FusedCell, fans_of, shuffled_order
from autofas.models.mixes import FactorizedReduceMix, IdentityMix, PoolMix, SeparableMix
from autofas.models.supernet import Supernet
from tests.models.reference_supernet import Halve, ReferenceCell, ReferenceSupernet

Select = Callable[[nn.Parameter], Tensor]
Pair = tuple[str, Tensor, Tensor]


def stored_order(nodes: int, channels: int, groups: int) -> Tensor:
    """Place in a fused cell's output of every channel of the reference cell's output."""
    stored = shuffled_order(channels, groups)
    return torch.cat([stored + node * channels for node in range(nodes)])


def parameter_pairs(
    reference: ReferenceSupernet, fused: Supernet, partial: int, select: Select = lambda p: p.detach()
) -> Iterator[Pair]:
    """(name, reference, fused) for every parameter, or for what `select` makes of one (its gradient)."""
    for (name, left), right in zip(reference.stem.named_parameters(), fused.stem.parameters(), strict=True):
        yield f"stem.{name}", select(left), select(right)
    layout = fused.space.layout
    stem = torch.arange(layout.stem[-1].channels)
    orders = [stem, stem]
    channels = layout.channels
    for number, kind in enumerate(layout.cells):
        channels *= layout.channel_factor if kind == "reduction" else 1
        left, right = reference.cells[number], fused.cells[number]
        assert isinstance(left, ReferenceCell)
        assert isinstance(right, FusedCell)
        yield from _preprocess(f"cells.{number}", left, right, orders[-2], orders[-1], select)
        for fan, rows in zip(right.fans, fans_of(fused.space.edges, layout.intermediate_nodes), strict=True):
            yield from _fan(f"cells.{number}", left, fan, rows, fused.space.operations, select)
        orders.append(stored_order(layout.intermediate_nodes, channels, partial))
    yield "head.weight", select(reference.head.weight), select(fused.head.weight)[:, orders[-1]]
    assert reference.head.bias is not None
    assert fused.head.bias is not None
    yield "head.bias", select(reference.head.bias), select(fused.head.bias)
    for kind in ("normal", "reduction"):
        yield f"alphas.{kind}", select(reference.alphas[kind]), select(fused.alphas[kind])
        if kind in fused.betas:
            yield f"betas.{kind}", select(reference.betas[kind]), select(fused.betas[kind])


def _preprocess(
    name: str, left: ReferenceCell, right: FusedCell, before: Tensor, last: Tensor, select: Select
) -> Iterator[Pair]:
    fused = select(right.preprocess.before)[:, before, None, None]
    if isinstance(left.before, Halve):
        half = left.before.even.out_channels
        yield f"{name}.before.even", select(left.before.even.weight), fused[:half]
        yield f"{name}.before.odd", select(left.before.odd.weight), fused[half:]
    else:
        yield f"{name}.before", select(left.before.conv.weight), fused
    yield f"{name}.last", select(left.last.conv.weight), select(right.preprocess.last)[:, last, None, None]


def _fan(
    name: str,
    left: ReferenceCell,
    fan: Fan,
    rows: list[list[int]],
    operations: tuple[str, ...],
    select: Select,
) -> Iterator[Pair]:
    for column, mix in zip(fan.columns, fan.mixes, strict=True):
        for s, row in enumerate(rows):
            for t, edge in enumerate(row):
                op = left.edges[edge].operations[operations[column]]
                label = f"{name}.edge{edge}.{operations[column]}"
                if isinstance(mix, FactorizedReduceMix):
                    yield f"{label}.even", select(op.even.weight), select(mix.even)[s, t, :, :, None, None]
                    yield f"{label}.odd", select(op.odd.weight), select(mix.odd)[s, t, :, :, None, None]
                elif isinstance(mix, SeparableMix):
                    for i, (depthwise, pointwise) in enumerate(zip(op.depthwise, op.pointwise, strict=True)):
                        fused = select(mix.depthwise[i])[s, t, :, None]
                        yield f"{label}.depthwise{i}", select(depthwise.conv.weight), fused
                        if mix.theta_logits is not None:
                            theta = select(mix.theta_logits)[i, s, t]
                            yield f"{label}.theta{i}", select(depthwise.logit), theta
                        fused = select(mix.pointwise[i])[s, t, :, :, None, None]
                        yield f"{label}.pointwise{i}", select(pointwise.weight), fused


def statistic_pairs(reference: ReferenceSupernet, fused: Supernet) -> Iterator[Pair]:
    """(name, reference, fused) for every running mean and variance."""
    layout = fused.space.layout
    for (name, left), right in zip(reference.stem.named_buffers(), fused.stem.buffers(), strict=True):
        yield f"stem.{name}", left, right
    for number in range(len(layout.cells)):
        left, right = reference.cells[number], fused.cells[number]
        assert isinstance(left, ReferenceCell)
        assert isinstance(right, FusedCell)
        for statistic in ("running_mean", "running_var"):
            for s, module in enumerate((left.before, left.last)):
                label = f"cells.{number}.preprocess{s}.{statistic}"
                yield label, getattr(module.norm, statistic), getattr(right.preprocess.norm, statistic)[s]
            for fan, rows in zip(
                right.fans, fans_of(fused.space.edges, layout.intermediate_nodes), strict=True
            ):
                yield from _fan_statistics(
                    f"cells.{number}", left, fan, rows, fused.space.operations, statistic
                )


def _fan_statistics(
    name: str,
    left: ReferenceCell,
    fan: Fan,
    rows: list[list[int]],
    operations: tuple[str, ...],
    statistic: str,
) -> Iterator[Pair]:
    for column, mix in zip(fan.columns, fan.mixes, strict=True):
        if isinstance(mix, IdentityMix):
            continue
        for s, row in enumerate(rows):
            for t, edge in enumerate(row):
                op = left.edges[edge].operations[operations[column]]
                label = f"{name}.edge{edge}.{operations[column]}.{statistic}"
                if isinstance(mix, SeparableMix):
                    norms = [mix.norm] if mix.first_norm is None else [mix.first_norm, mix.norm]
                    for i, (norm, fused) in enumerate(zip(op.norms, norms, strict=True)):
                        yield f"{label}{i}", getattr(norm, statistic), getattr(fused, statistic)[s, t]
                elif isinstance(mix, PoolMix):
                    yield label, getattr(op.norm, statistic), getattr(mix.norm, statistic)[s]
                else:
                    yield label, getattr(op.norm, statistic), getattr(mix.norm, statistic)[s, t]


@torch.no_grad()
def share_weights(reference: ReferenceSupernet, fused: Supernet, partial: int) -> None:
    """Give the reference the fused supernet's parameters, so that both are the same function."""
    for name, target, source in parameter_pairs(reference, fused, partial):
        assert source.shape == target.shape, name
        target.copy_(source)
