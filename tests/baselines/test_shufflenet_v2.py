"""ShuffleNetV2: interleaved halves, and the pooling that its printed figure counts."""

import torch
from autofas.baselines.shufflenet_v2 import channel_shuffle
from torch import nn

from tests.baselines.baseline_counters import feathernets_count, meta_network


def test_shufflenet_with_a_mean_in_place_of_its_pooling_misses_the_printed_figure():
    network, images = meta_network("shufflenet_v2", {}, 224)
    network.pool = nn.AdaptiveAvgPool2d(1)
    assert f"{feathernets_count(network, images) / 1e6:.2f}" == "148.00"


def test_channel_shuffle_interleaves_the_halves():
    x = torch.arange(6.0).view(1, 6, 1, 1)
    assert channel_shuffle(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]
