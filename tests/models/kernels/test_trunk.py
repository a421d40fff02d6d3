"""The compiled kernels compute what the papers' equations spell out: every cell, candidate and gradient."""

import copy

import pytest
import torch

from autofas.models.kernels import library
from autofas.models.supernet import Supernet
from tests.models.test_supernet import CASES, DIFFERENCES, SEEDS, backward, largest_error, pair, space

EXACT = 1e-10


@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), CASES)
def test_outputs_gradients_and_statistics_equal_the_reference(partial, size, factor, normalise):
    error = largest_error(torch.float64, SEEDS[0], partial, size, factor, normalise, kernels=True)
    assert error[0] < EXACT, error


@pytest.mark.parametrize("kind", ["normal", "reduction"])
@pytest.mark.parametrize(("nodes", "size"), [(1, 9), (2, 1), (2, 2), (2, 9)])
def test_a_single_cell_equals_the_reference(kind, nodes, size):
    layout = {"cells": (kind,), "intermediate_nodes": nodes, "kernels": True, "batch": 6}
    error = largest_error(torch.float64, SEEDS[0], 4, size, 2, True, **layout)
    assert error[0] < EXACT, error


@pytest.mark.parametrize(("batch", "threads"), [(2, 1), (17, 2), (33, 3)])
def test_batches_of_any_size_and_threads_of_any_number(batch, threads, monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)  # which the kernels ask
    layout = {"cells": ("reduction",), "intermediate_nodes": 2, "kernels": True, "batch": batch}
    error = largest_error(torch.float64, SEEDS[0], 4, 11, 2, True, **layout)
    assert error[0] < EXACT, error


@pytest.mark.parametrize("learned", [False, True], ids=["fixed", "learned"])
def test_central_differences_equal_the_reference(learned):
    differences = {
        "operations": ("none", "skip_connect", "sep_conv_3x3", *DIFFERENCES),
        "stem": [{"channels": 6, "theta": 0.7}],
        "theta": 0.4,
        "learn_theta": learned,
    }
    error = largest_error(torch.float64, SEEDS[0], 2, 13, 2, True, kernels=True, **differences)
    assert error[0] < EXACT, error


@pytest.mark.parametrize("instructions", library.SETS)
@pytest.mark.parametrize(("partial", "size", "factor", "normalise"), [CASES[0], CASES[5]])
def test_every_instruction_set_agrees_in_float32(instructions, partial, size, factor, normalise, monkeypatch):
    """In float32 a ReLU or maximum may stand at its kink: one clear draw has to agree (see SEEDS)."""
    monkeypatch.setenv(library.INSTRUCTIONS, instructions)
    found = []
    for seed in SEEDS:
        found.append(largest_error(torch.float32, seed, partial, size, factor, normalise, kernels=True))
        if found[-1][0] < 1e-5:
            return
    raise AssertionError(f"no draw agrees: {found}")


def step(network, images):
    """Output, loss, gradients and running statistics of one pass."""
    output, loss = backward(network, images)
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    return [output, loss, *gradients, *(buffer.clone() for buffer in network.buffers())]


def test_the_same_pass_has_the_same_bits_whatever_ran_before():
    _, network = pair(4, dtype=torch.float32, kernels=True)
    images, others = torch.randn(5, 3, 24, 24), torch.randn(3, 3, 31, 31)
    first = step(copy.deepcopy(network), images)
    twin = copy.deepcopy(network)
    with twin.frozen_statistics():
        step(twin, others)  # other planes in the same scratch memory
    again = step(twin, images)
    counted = [name for name, _ in network.named_buffers() if "num_batches" in name]
    assert len(counted) == 1  # the stem's, which counts every pass
    different = sum(not torch.equal(left, right) for left, right in zip(first, again, strict=True))
    assert different == 1


def test_architecture_gradients_alone_equal_those_of_the_full_backward():
    _, network = pair(4, kernels=True)
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    backward(network, images)
    full = [parameter.grad.clone() for parameter in network.arch_parameters()]
    with network.frozen_weights():
        _, _ = backward(network, images)
    for left, right in zip(full, network.arch_parameters(), strict=True):
        torch.testing.assert_close(left, right.grad)
    assert all(parameter.grad is None for parameter in network.weight_parameters())


def test_frozen_statistics_leave_no_trace():
    _, network = pair(4, kernels=True)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    with network.frozen_statistics():
        network(images)
    for name, buffer in network.named_buffers():
        assert "num_batches" in name or torch.equal(before[name], buffer), name
    network(images)
    changed = [name for name, buffer in network.named_buffers() if not torch.equal(before[name], buffer)]
    assert len(changed) > len(before) // 2


def test_a_nan_in_one_image_is_seen_in_the_loss():
    network = Supernet(space(), 4, kernels=True)
    images = torch.randn(4, 3, 16, 16)
    images[1, 0, 3, 3] = torch.nan
    _, loss = backward(network, images)
    assert torch.isnan(loss)


def test_state_and_evaluation_are_those_of_the_torch_path():
    torch.manual_seed(0)
    plain, compiled = Supernet(space(), 4), Supernet(space(), 4, kernels=True)
    assert list(plain.state_dict()) == list(compiled.state_dict())
    compiled.load_state_dict(plain.state_dict())
    images = torch.randn(4, 3, 16, 16)
    for network in (plain, compiled):
        network.eval()
    assert torch.equal(plain(images), compiled(images))


def test_weights_changed_between_the_passes_are_refused():
    network = Supernet(space(), 4, kernels=True)
    loss = network(torch.randn(4, 3, 16, 16)).sum()
    with torch.no_grad():
        network.cells[0].preprocess.before.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
