"""Blocks by hand: squeeze and excitation, a residual of zero, initialisation."""

import math

import pytest
import torch
from autofas.baselines.blocks import BasicBlock, SqueezeExcitation, init_fan_out
from autofas.baselines.feathernet import LinearSqueezeExcitation
from autofas.baselines.visionlabs import ChannelAttention as PeakAndMeanAttention
from torch import nn


def zero(module: nn.Module) -> None:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)


@pytest.mark.parametrize(
    "attention", [SqueezeExcitation(16), LinearSqueezeExcitation(16), PeakAndMeanAttention(16)]
)
def test_attention_with_zero_weights_halves(attention):
    zero(attention)
    x = torch.randn(2, 16, 5, 5)
    torch.testing.assert_close(attention(x), x / 2)  # sigmoid(0) = 1/2


def test_squeeze_excitation_by_hand():
    attention = SqueezeExcitation(2, reduction=2)  # two channels, one squeezed
    zero(attention)
    with torch.no_grad():
        attention.squeeze.weight[:] = torch.tensor([1.0, 1.0]).view(1, 2, 1, 1)
        attention.excite.weight[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
    x = torch.tensor([[[[0.0, 2.0]], [[1.0, 3.0]]]])  # means 1 and 2, so 3 is squeezed out
    up, down = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(3))
    expected = torch.tensor([[[[0.0, 2 * up]], [[1 * down, 3 * down]]]])
    torch.testing.assert_close(attention(x), expected)


def test_basic_block_with_zero_residual_branch_is_relu_of_the_input():
    block = BasicBlock(4, 4).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(block(x), x.relu())


def test_fan_out_initialisation():
    conv = nn.Conv2d(64, 128, 3)
    torch.manual_seed(0)
    init_fan_out(conv)
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 128)), rel=0.01)
    assert conv.bias.abs().max() == 0
