"""A plan serves many passes, and none whose tensors are others."""

import copy
import pickle

import pytest
import torch
from torch import nn

from autofas.models.kernels.plan import LastPlan
from autofas.models.supernet import Supernet
from tests.models.test_supernet import backward, pair, space


def a_step(network, images):
    """Loss, gradients and statistics of a pass."""
    _, loss = backward(network, images)
    found = [loss.detach(), *(each.grad for each in network.parameters() if each.grad is not None)]
    return [*found, *(buffer.clone() for buffer in network.buffers())]


def same(network, images):
    """True if a pass equals the one of a network that has the same state and no plan."""
    fresh = copy.deepcopy(network)
    assert fresh._last_plan.get() is None
    return all(
        torch.equal(left, right)
        for left, right in zip(a_step(network, images), a_step(fresh, images), strict=True)
    )


@pytest.fixture
def after_a_pass():
    _, network = pair(4, dtype=torch.float32, kernels=True)
    images = torch.randn(4, 3, 16, 16)
    backward(network, images)
    network.zero_grad()
    assert network._last_plan.get() is not None
    return network, images


def test_a_plan_is_kept_while_the_weights_move(after_a_pass):
    network, images = after_a_pass
    plan = network._last_plan.get()
    with torch.no_grad():
        for weight in network.weight_parameters():
            weight.mul_(1.1)
    assert same(network, images)
    assert network._last_plan.get() is plan


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.double().float(),
        lambda net: net.load_state_dict({k: v + 0.01 for k, v in net.state_dict().items()}, assign=True),
        lambda net: setattr(
            net.cells[0].preprocess, "last", nn.Parameter(net.cells[0].preprocess.last + 0.1)
        ),
        lambda net: setattr(net.cells[1].preprocess.norm, "running_mean", torch.ones(2, 16)),
    ],
    ids=["another type and back", "a state's own tensors", "another weight", "other statistics"],
)
def test_other_tensors_are_seen(after_a_pass, change):
    network, images = after_a_pass
    change(network)
    assert same(network, images)


def test_tensors_that_move_in_memory_are_seen(after_a_pass):
    network, images = after_a_pass
    for weight in network.weight_parameters():
        weight.data = weight.data.clone()
    assert same(network, images)


def test_a_copy_leaves_the_first_ones_statistics_alone(after_a_pass):
    network, images = after_a_pass
    before = [buffer.clone() for buffer in network.buffers()]
    copy.deepcopy(network)(images)
    assert all(torch.equal(left, right) for left, right in zip(before, network.buffers(), strict=True))
    assert pickle.loads(pickle.dumps(network._last_plan)).get() is None


def test_weights_that_are_functions_of_parameters_are_asked_for_in_every_pass():
    network = Supernet(space(operations=("none", "skip_connect", "cd_sep_conv_3x3")), 4, kernels=True)
    network(torch.randn(2, 3, 16, 16))
    assert network._last_plan.get() is None
    assert LastPlan().get() is None
