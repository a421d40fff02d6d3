"""AFA's attention against loops, and its operations by formula."""

import math

import pytest
import torch
from autofas.baselines.afa_attention import DAM, ChannelAttention, SpatialAttention
from torch import nn

from tests.baselines.baseline_counters import dispatcher_macs


def test_afa_attention_operations_by_formula():
    with torch.device("meta"):
        x = torch.empty(1, 192, 16, 16)
        pixels = 256
        spatial = 2 * 192 * pixels**2 + 3 * 192 * 192 // 192 * pixels  # products, then the three projections
        assert dispatcher_macs(SpatialAttention(192, 192, 1), x) == spatial
        assert dispatcher_macs(ChannelAttention(), x) == 2 * 192**2 * pixels
        strided = SpatialAttention(192, 256, 2)  # gcd 64: four channels a group, 64 pixels
        assert dispatcher_macs(strided, x) == 2 * 256 * 64**2 + 3 * 192 * 256 // 64 * 64


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
