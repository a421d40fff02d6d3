"""MobileNetV2: an inverted residual adds its input only at stride 1 and equal widths; pooling is a mean."""

import torch
from autofas.baselines.mobilenet_v2 import InvertedResidual, mobilenet_v2
from torch import nn


def zeroed(block):
    """The block with its last norm at zero, so that only a shortcut is left."""
    last = [module for module in block.modules() if isinstance(module, torch.nn.BatchNorm2d)][-1]
    torch.nn.init.zeros_(last.weight)
    return block.eval()


def test_the_shortcut():
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(zeroed(InvertedResidual(8, 8, 1, 6))(x), x)
    assert (zeroed(InvertedResidual(8, 12, 1, 6))(x) == 0).all()
    down = zeroed(InvertedResidual(8, 8, 2, 6))(x)
    assert down.shape == (2, 8, 3, 3)
    assert (down == 0).all()


def test_seventeen_blocks_and_a_mean_over_whatever_map_is_left():
    network = mobilenet_v2(input_size=64).eval()
    assert sum(isinstance(module, InvertedResidual) for module in network.modules()) == 17
    with torch.no_grad():
        small, large = network(torch.zeros(1, 3, 64, 64)), network(torch.zeros(1, 3, 96, 96))
    assert small.shape == large.shape == (1, 2)


def test_a_width_scales_every_layer_but_the_last_and_that_only_upwards():
    with torch.device("meta"):
        widths = {
            width: [
                it.out_channels for it in mobilenet_v2(width=width).modules() if isinstance(it, nn.Conv2d)
            ]
            for width in (0.25, 1, 1.5)
        }
        assert [4 * channels for channels in widths[0.25][:-1]] == widths[1][:-1]
        assert [channels / 1.5 for channels in widths[1.5]] == widths[1]
        assert (widths[0.25][-1], widths[1][-1]) == (1280, 1280)
        assert mobilenet_v2(width=0.1, last_channels=128).classifier.in_features == 128
