"""The fused supernet is the function that the papers' equations spell out edge by edge."""

import pytest
import torch
import torch.nn.functional as F

from autofas.errors import GenotypeError
from autofas.models.candidates import CANDIDATES
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from tests.models.reference_supernet import ReferenceSupernet
from tests.models.reference_weights import parameter_pairs, share_weights, statistic_pairs

PLAIN = tuple(name for name in CANDIDATES if not name.startswith("cd_"))
DIFFERENCES = tuple(name for name in CANDIDATES if name.startswith("cd_"))


def space(
    channels=8,
    factor=2,
    cells=("normal", "reduction", "normal", "reduction"),
    stem=({"channels": 12},),
    operations=PLAIN,
    **extra,
):
    """A space with every candidate operation."""
    values = load_space("darts").model_dump()
    values["operations"] = operations
    values["layout"].update(channels=channels, channel_factor=factor, cells=cells, stem=stem, **extra)
    return Space.model_validate(values)


def pair(partial, normalise=True, dtype=torch.float64, seed=0, kernels=False, **layout):
    """A reference and a fused supernet with the same weights and well spread alphas and betas."""
    torch.manual_seed(seed)
    chosen = space(**layout)
    fused = Supernet(chosen, partial, normalise, kernels=kernels)
    with torch.no_grad():
        for parameter in fused.arch_parameters():
            parameter.normal_()
    reference = ReferenceSupernet(chosen, partial, normalise)
    share_weights(reference, fused, partial)
    return reference.to(dtype), fused.to(dtype)


def relative(left, right):
    """|left - right| / |left| in the Euclidean norm."""
    return float((left - right).norm() / left.norm().clamp_min(1e-12))


def backward(network, images):
    target = (torch.arange(images.shape[0]) % 2).to(images.dtype)[:, None, None, None]
    output = network(images)
    loss = F.binary_cross_entropy_with_logits(output, target.expand_as(output))
    network.zero_grad()
    loss.backward()
    return output.detach(), loss.detach()


CASES = [
    pytest.param(
        partial,
        size,
        factor,
        normalise,
        id=f"K{partial}-{size}px-x{factor}-{'beta' if normalise else 'plain'}",
    )
    for partial, size, factor, normalise in [
        (1, 16, 1, False),
        (1, 13, 2, True),
        (2, 16, 2, True),
        (2, 27, 1, True),
        (4, 16, 2, True),
        (4, 27, 1, True),
        (4, 11, 2, False),
    ]
]


# In float32 the derivative jumps where a ReLU or a maximum is within rounding of its kink, in about one draw
# of eight and not the same ones on every processor: so one clear draw of these has to agree. A wrong function
# agrees in none.
SEEDS = (8, 0, 1, 2)


@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), CASES)
def test_outputs_gradients_and_statistics_equal_the_reference(partial, size, factor, normalise):
    assert largest_error(torch.float64, SEEDS[0], partial, size, factor, normalise)[0] < 1e-10


@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), CASES[1:5:3])
def test_they_do_where_channels_are_many(partial, size, factor, normalise, monkeypatch):
    monkeypatch.setattr("autofas.models.mixes.DENSE_UP_TO", 0)
    assert largest_error(torch.float64, SEEDS[0], partial, size, factor, normalise)[0] < 1e-10


@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), CASES)
def test_they_do_in_float32(partial, size, factor, normalise):
    found = []
    for seed in SEEDS:
        found.append(largest_error(torch.float32, seed, partial, size, factor, normalise))
        if found[-1][0] < 1e-5:
            return
    raise AssertionError(f"no draw agrees: {found}")


@pytest.mark.parametrize("learned", [False, True], ids=["fixed", "learned"])
@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), [CASES[0], CASES[3], CASES[5]])
@pytest.mark.parametrize("dense", [400, 0], ids=["dense", "depthwise"])
def test_central_differences_equal_the_reference(
    partial, size, factor, normalise, learned, dense, monkeypatch
):
    monkeypatch.setattr("autofas.models.mixes.DENSE_UP_TO", dense)
    differences = {
        "operations": ("none", "skip_connect", "sep_conv_3x3", *DIFFERENCES),
        "stem": [{"channels": 6, "theta": 0.7}],
        "theta": 0.4,
        "learn_theta": learned,
    }
    error = largest_error(torch.float64, SEEDS[0], partial, size, factor, normalise, **differences)
    assert error[0] < 1e-10, error


def largest_error(dtype, seed, partial, size, factor, normalise, batch=4, **layout):
    """The largest relative error of output, loss, gradients, statistics and evaluation, and where it is.

    A gradient that is nearly zero is compared on a hundredth of the largest one's scale (each on its own,
    K = 4 reaches 2e-5 and 7e-5 in float32), a mean on the scale of the deviation.
    """
    layout = {"cells": ("normal", "reduction", "normal"), **layout}
    reference, fused = pair(partial, normalise, torch.float32, seed, factor=factor, **layout)
    images = torch.randn(batch, 3, size, size).to(dtype)
    reference, fused = reference.to(dtype), fused.to(dtype)
    left, right = backward(reference, images), backward(fused, images)
    errors = {"output": relative(left[0], right[0]), "loss": relative(left[1], right[1])}
    # alphas of a kind of cell that is not there have no gradient
    gradients = list(
        parameter_pairs(
            reference, fused, partial, lambda p: torch.zeros_like(p) if p.grad is None else p.grad
        )
    )
    largest = max(float(grad.norm()) for _, grad, _ in gradients)
    for name, expected, got in gradients:
        errors[name] = float((expected - got).norm() / expected.norm().clamp_min(1e-2 * largest))
    pairs = list(statistic_pairs(reference, fused))
    for (name, expected, got), (_, variance, _) in zip(pairs, pairs_of_variances(pairs), strict=True):
        scale = variance.sqrt().norm() if "running_mean" in name else expected.double().norm()
        errors[name] = float((expected - got).double().norm() / scale.double().clamp_min(1e-12))
    reference.eval(), fused.eval()
    with torch.no_grad():
        errors["evaluation"] = relative(reference(images), fused(images))
    return max((error, name) for name, error in errors.items())


def pairs_of_variances(pairs):
    """For every running mean its running variance: a mean is compared on the scale of the deviation."""
    variances = {name: values for name, *values in pairs if "running_var" in name}
    for name, *values in pairs:
        twin = name.replace("running_mean", "running_var")
        yield (twin, *variances.get(twin, values))


def test_the_comparison_sees_every_parameter():
    reference, fused = pair(2)
    seen = sum(got.numel() for _, _, got in parameter_pairs(reference, fused, 2))
    assert (
        seen == sum(p.numel() for p in reference.parameters()) == sum(p.numel() for p in fused.parameters())
    )


def test_architecture_gradients_alone_equal_those_of_the_full_backward():
    _, fused = pair(4)
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    backward(fused, images)
    full = [p.grad.clone() for p in fused.arch_parameters()]
    target = (torch.arange(4) % 2).double()[:, None, None, None]
    output = fused(images)
    loss = F.binary_cross_entropy_with_logits(output, target.expand_as(output))
    alone = torch.autograd.grad(loss, fused.arch_parameters())
    for left, right in zip(full, alone, strict=True):
        torch.testing.assert_close(left, right)


def test_recomputed_cells_are_the_same_bits():
    _, fused = pair(4, dtype=torch.float32)
    images = torch.randn(4, 3, 16, 16)
    found = []
    for recompute in (False, True):
        fused.recompute = recompute
        before = {name: buffer.clone() for name, buffer in fused.named_buffers()}
        outputs, loss = backward(fused, images)
        statistics = [buffer.clone() for buffer in fused.buffers()]
        found.append([outputs, loss, *(p.grad.clone() for p in fused.parameters()), *statistics])
        for name, buffer in fused.named_buffers():
            buffer.copy_(before[name])
    assert all(torch.equal(left, right) for left, right in zip(*found, strict=True))


def test_bfloat16_is_as_close_as_the_reference_in_bfloat16():
    reference, fused = pair(4, dtype=torch.float32)
    images = torch.randn(8, 3, 32, 32)
    errors = []
    for network in (reference, fused):
        network.train()
        exact, _ = backward(network, images)
        exact_gradient = torch.cat([p.grad.flatten() for p in network.parameters()])
        with torch.autocast("cpu", torch.bfloat16):
            outputs, _ = backward(network, images)
        gradient = torch.cat([p.grad.flatten() for p in network.parameters()])
        errors.append((relative(exact, outputs.float()), relative(exact_gradient, gradient)))
    (reference_output, reference_gradient), (output, gradient) = errors
    assert 1e-3 < output < 1.5 * reference_output
    assert 1e-2 < gradient < 1.5 * reference_gradient


def test_frozen_statistics_leave_no_trace():
    _, fused = pair(4)
    before = {name: buffer.clone() for name, buffer in fused.named_buffers()}
    with fused.frozen_statistics():
        fused(torch.randn(4, 3, 16, 16, dtype=torch.float64))
    for name, buffer in fused.named_buffers():
        if "num_batches" not in name:
            assert torch.equal(before[name], buffer), name
    fused(torch.randn(4, 3, 16, 16, dtype=torch.float64))
    changed = [name for name, buffer in fused.named_buffers() if not torch.equal(before[name], buffer)]
    assert changed


@pytest.mark.parametrize("size", [16, 27, 108])
def test_sides_halve_rounding_up(size):
    fused = Supernet(space(), 4)
    expected = ((size + 1) // 2 + 1) // 2
    assert fused(torch.randn(2, 3, size, size)).shape == (2, 1, expected, expected)


def test_arch_parameters_are_in_the_state_dict():
    names = set(Supernet(space(), 4).state_dict())
    assert {"alphas.normal", "alphas.reduction", "betas.normal", "betas.reduction"} <= names


def test_partial_channels_must_divide_the_channels():
    with pytest.raises(GenotypeError, match="partial_channels 3 does not fit the 8 channels of space darts"):
        Supernet(space(), 3)


def test_a_space_without_reduction_cells_has_their_alphas_and_learns_none():
    network = Supernet(space(cells=("normal",)), 2)
    assert set(network.alphas) == {"normal", "reduction"}
    assert [parameter.shape for parameter in network.arch_parameters()] == [(14, 8), (14,)]
    known = {id(parameter) for parameter in network.weight_parameters()}
    assert not known & {id(parameter) for parameter in network.alphas.values()}
    assert all(
        g is not None
        for g in torch.autograd.grad(network(torch.randn(2, 3, 16, 16)).sum(), network.arch_parameters())
    )


def test_an_auxiliary_skip_strengthens_skips_alone():
    space = load_space("small")
    net = Supernet(space, 4)
    net.add_auxiliary_skip()
    net.set_auxiliary_skip(0.7)
    added = (net.mixing_weights("normal") - net.operation_weights("normal")).detach()
    skips = [0.7 if name == "skip_connect" else 0.0 for name in space.operations]
    torch.testing.assert_close(added, torch.tensor(skips).expand_as(added))
