"""ResNet-18: eight blocks of two convolutions, maps halved four times; the SE form ends each with a gate."""

import pytest
import torch
from autofas.baselines.blocks import SqueezeExcitation
from autofas.baselines.resnet18 import resnet18, resnet18_se


def convolutions(network, kernel):
    found = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    return sum(module.kernel_size == (kernel, kernel) for module in found)


def test_twenty_convolutions_of_which_three_are_shortcuts():
    network = resnet18()
    assert [convolutions(network, kernel) for kernel in (7, 3, 1)] == [1, 16, 3]


def test_every_block_of_the_se_form_ends_in_a_gate():
    network = resnet18_se(reduction=8)
    assert sum(isinstance(module, SqueezeExcitation) for module in network.modules()) == 8
    more = sum(p.numel() for p in network.parameters()) - sum(p.numel() for p in resnet18().parameters())
    # C*C/8 + C/8 + C*C/8 + C, twice a width
    assert more == 2 * sum(2 * width * width // 8 + width // 8 + width for width in (64, 128, 256, 512))


@pytest.mark.parametrize("outputs", [2, 1000])
def test_outputs(outputs):
    network = resnet18(num_outputs=outputs).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 33, 40)).shape == (2, outputs)
