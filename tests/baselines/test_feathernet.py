"""FeatherNet: where a block keeps its residual, how streaming flattens, the heads of table 4."""

import math
from collections.abc import Iterator

import pytest
import torch
from autofas.baselines import build_baseline
from autofas.baselines.feathernet import FeatherBlock, FeatherNet
from torch import nn

from tests.baselines.baseline_counters import count_parameters


def test_feather_block_keeps_a_residual_only_at_stride_1_and_equal_channels():
    x = torch.randn(1, 8, 4, 4)
    for stride, out_channels, pooled, expected in (
        (1, 8, False, x),  # block A: the identity
        (1, 16, False, torch.zeros(1, 16, 4, 4)),
        (2, 8, False, torch.zeros(1, 8, 2, 2)),  # block C: one branch
    ):
        block = FeatherBlock(8, out_channels, stride, 6, pooled).eval()
        nn.init.zeros_(block.main[-2].weight)
        torch.testing.assert_close(block(x), expected)
    block = FeatherBlock(8, 8, 2, 6, True).eval()  # block B: mean of 2x2, normalised, mixed
    nn.init.zeros_(block.main[-2].weight)
    with torch.no_grad():
        block.second[2].weight[:] = torch.eye(8).view(8, 8, 1, 1)
    mean = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    torch.testing.assert_close(block(x), mean / math.sqrt(1 + 1e-5))


def test_streaming_flattens_channel_by_channel():
    # equation 2: feature m*H'*W' + y*W' + x is pixel (y, x) of channel m
    network = FeatherNet(average_pool_branch=False, input_size=128).eval()
    kept = []
    network.streaming.register_forward_hook(lambda module, inputs, output: kept.append(output))
    with torch.no_grad():
        features = network(torch.randn(1, 3, 128, 128))
    assert features.shape == (1, 64 * 2 * 2)
    for m, y, x in ((0, 0, 1), (5, 1, 0), (63, 1, 1)):
        assert features[0, m * 4 + y * 2 + x] == kept[0][0, m, y, x]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_width_scales_every_layer():
    with torch.device("meta"):
        for name in ("feathernet_a", "feathernet_b"):
            half = build_baseline(name, width=0.5)
            kernels = [module for module in half.modules() if isinstance(module, nn.Conv2d)]
            published = [module for module in build_baseline(name).modules() if isinstance(module, nn.Conv2d)]
            # the image alone keeps its channels
            assert kernels[0].in_channels == 3
            assert [2 * one.out_channels for one in kernels] == [one.out_channels for one in published]
            assert half(torch.empty(2, 3, 224, 224)).shape == (2, 512)
            narrow = build_baseline(name, width=0.05)
            assert narrow(torch.empty(2, 3, 64, 64)).shape == (2, 3)
            squeezed = [module.out_features for module in narrow.modules() if isinstance(module, nn.Linear)]
            assert squeezed[::2] == [1, 1, 1, 1]  # not to none
    for width in (0, -1, math.nan, math.inf, "wide"):
        with pytest.raises(ValueError, match="no multiplier of channels"):
            build_baseline("feathernet_a", width=width)


def test_feathernet_has_1024_features_at_224_and_the_heads_of_table_4():
    with torch.device("meta"):
        images = torch.empty(2, 3, 224, 224)
        plain = build_baseline("feathernet_a")
        assert plain(images).shape == (2, 1024)
        model3 = build_baseline("feathernet_a", head="streaming_fc")
        assert model3(images).shape == (2, 2)
        assert count_parameters(model3) == count_parameters(plain) + 1024 * 2 + 2
        model4 = build_baseline("feathernet_a", head="gap_fc")
        assert model4(images).shape == (2, 2)
        assert count_parameters(model4) == count_parameters(plain) - 64 * 9 + 64 * 2 + 2
    with pytest.raises(ValueError, match="choose streaming, streaming_fc or gap_fc"):
        build_baseline("feathernet_a", head="pool")
