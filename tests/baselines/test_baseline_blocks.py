"""Blocks of the hand-designed networks on numbers that can be checked on paper."""

import math

import pytest
import torch
from autofas.baselines import build_baseline
from autofas.baselines.afa_attention import DAM, ChannelAttention, SpatialAttention
from autofas.baselines.blocks import BasicBlock, SqueezeExcitation, init_fan_out
from autofas.baselines.cdcn import CentralDifferenceConv2d
from autofas.baselines.feathernet import FeatherBlock, FeatherNet, LinearSqueezeExcitation
from autofas.baselines.fishnet import Unit
from autofas.baselines.resnet_gc import GlobalContext
from autofas.baselines.shufflenet_v2 import channel_shuffle
from autofas.baselines.visionlabs import ChannelAttention as PeakAndMeanAttention
from autofas.baselines.visionlabs import resnet34_layer, resnet34_stem
from autofas.baselines.visionlabs_ir50 import ImprovedResidualUnit
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


def test_fan_out_initialisation():
    conv = nn.Conv2d(64, 128, 3)
    torch.manual_seed(0)
    init_fan_out(conv)
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 128)), rel=0.01)
    assert conv.bias.abs().max() == 0


def test_channel_shuffle_interleaves_the_halves():
    x = torch.arange(6.0).view(1, 6, 1, 1)
    assert channel_shuffle(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_fishnet_up_unit_sums_runs_of_channels():
    unit = Unit(8, 4, sum_groups=True).eval()
    nn.init.zeros_(unit.conv3.weight)
    x = torch.arange(8.0).view(1, 8, 1, 1)
    assert unit(x).flatten().tolist() == [1, 5, 9, 13]


def test_central_difference_vanishes_on_a_flat_image():
    conv = CentralDifferenceConv2d(2, 3, theta=1.0)
    flat = torch.full((1, 2, 5, 5), 7.0)
    torch.testing.assert_close(conv(flat)[..., 1:-1, 1:-1], torch.zeros(1, 3, 3, 3), rtol=0, atol=1e-5)
    x = torch.randn(2, 2, 5, 5)
    for theta in (0.0, 0.7, 1.0):
        conv.theta = theta
        torch.testing.assert_close(conv.fold()(x), conv(x), rtol=1e-5, atol=1e-5)


def test_central_difference_by_hand():
    conv = CentralDifferenceConv2d(1, 1, theta=0.5)
    nn.init.ones_(conv.conv.weight)
    x = torch.zeros(1, 1, 3, 3)
    x[0, 0, 1, 1] = 4.0
    # every tap sees the 4 once: 4 everywhere, less 0.5 * 9 * 4 = 18 at the centre
    expected = torch.full((1, 1, 3, 3), 4.0)
    expected[0, 0, 1, 1] = -14.0
    torch.testing.assert_close(conv(x), expected)


def test_global_context_without_preference_adds_a_function_of_the_mean():
    context = GlobalContext(32).eval()
    nn.init.zeros_(context.attend.weight)  # a uniform softmax
    x = torch.randn(2, 32, 3, 3)
    with torch.no_grad():
        expected = x + context.transform(x.mean(dim=(2, 3)))[:, :, None, None]
        torch.testing.assert_close(context(x), expected)


def test_visionlabs_maps_are_54_26_12_5():
    with torch.device("meta"):
        x = resnet34_stem()(torch.empty(1, 3, 112, 112))
        sides = []
        for level, channels in enumerate((32, 64, 128, 256)):
            x = resnet34_layer(level, channels)(x)
            sides.append(x.shape[-1])
    assert sides == [54, 26, 12, 5]


def test_ir_unit_shortcut_takes_every_second_pixel():
    unit = ImprovedResidualUnit(4, 4, 2).eval()
    nn.init.zeros_(unit.main[3].weight)
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(unit(x), x[..., ::2, ::2])


def test_spatial_attention_against_loops():
    torch.manual_seed(0)
    attention = SpatialAttention(4, 6, 2)  # gcd 2: two groups of three channels
    nn.init.constant_(attention.gamma, 0.5)
    x = torch.randn(1, 4, 4, 4)
    with torch.no_grad():
        query, key, value = (
            projection(x)[0].flatten(1) for projection in (attention.query, attention.key, attention.value)
        )  # (6, 4)
        expected = torch.zeros(6, 4)
        for group in (range(3), range(3, 6)):
            for pixel in range(4):
                scores = [
                    sum(query[c, pixel].item() * key[c, other].item() for c in group) / math.sqrt(3)
                    for other in range(4)
                ]
                total = sum(math.exp(score) for score in scores)
                for c in group:
                    mixed = sum(value[c, other].item() * math.exp(scores[other]) for other in range(4))
                    expected[c, pixel] = 0.5 * mixed / total
        torch.testing.assert_close(attention(x)[0].flatten(1), expected, rtol=1e-4, atol=1e-5)


def test_spatial_attention_teaches_query_key_and_value():
    torch.manual_seed(0)
    attention = SpatialAttention(256, 512, 2)
    nn.init.constant_(attention.gamma, 0.1)
    attention(torch.randn(1, 256, 4, 4)).square().sum().backward()
    for projection in (attention.query, attention.key, attention.value):
        assert projection.weight.grad.abs().max() > 1e-6


def test_channel_attention_against_loops():
    attention = ChannelAttention()
    nn.init.ones_(attention.gamma)
    x = torch.tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])  # two channels, two pixels: E = diag(1, 4)
    # rows of rowmax(E) - E: (0, 1) and (4, 0)
    one, four = math.e / (1 + math.e), math.exp(4) / (1 + math.exp(4))
    expected = torch.tensor([[[[1 - one, 2 * one]], [[four, 2 * (1 - four)]]]])
    torch.testing.assert_close(attention(x), expected)


def test_dam_starts_as_its_residual_blocks():
    torch.manual_seed(0)
    full = DAM(4, 8, stride=2).eval()
    bare = DAM(4, 8, stride=2, attention="none").eval()
    bare.load_state_dict({key: value for key, value in full.state_dict().items() if key in bare.state_dict()})
    x = torch.randn(2, 4, 4, 4)
    with torch.no_grad():
        torch.testing.assert_close(full(x), bare(x))  # both gammas are 0
        for gamma in (full.spatial.gamma, full.channel.gamma):
            before = full(x)
            nn.init.ones_(gamma)
            assert not torch.allclose(full(x), before)
    with pytest.raises(ValueError, match="choose full, channel or none"):
        DAM(4, 4, attention="spatial")


@pytest.mark.parametrize("name", ["auxiliary_depth", "cdcn"])
def test_a_depth_map_begins_near_zero_and_alive(name):
    torch.manual_seed(0)
    network = build_baseline(name, input_size=64)
    depth = network(torch.randn(4, 3, 64, 64)).detach()
    assert 0 < float(depth.mean()) < 0.1
    assert 0.2 < float((depth > 0).float().mean()) < 0.8
