"""AFA: its parts and ablations cost what the paper's table says."""

import pytest
import torch
from autofas.baselines.afa import Branch, FeatureAugment, input_block
from autofas.baselines.afa_attention import DAM, DAMSE

from tests.baselines.baseline_counters import (
    count_parameters,
    meta_network,
)


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (input_block, 75_840),
        (lambda: DAM(64, 64), 148_354),
        (lambda: DAM(192, 192), 1_329_794),
        (lambda: DAM(192, 256, stride=2), 2_266_626),
        (lambda: DAM(256, 512, stride=2), 8_396_802),
        (lambda: DAMSE(64), 185_926),
        (lambda: FeatureAugment(3, "nearest", "full"), 2_012_375),
        (lambda: Branch("mfam", "nearest", "full"), 2_358_301),
    ],
)
def test_afa_parts(build, parameters):
    with torch.device("meta"):
        assert count_parameters(build()) == parameters


@pytest.mark.parametrize(
    ("kwargs", "parameters"),
    [
        ({"augment": "sfam"}, 12_928_953),
        ({"upsampling": "transposed"}, 18_284_445),
        # table 11: no augmentation saves MFAM, the second input block and the 1x1 fusion of each branch
        ({"augment": "none"}, 17_841_501 - 3 * (2_012_375 + 75_840 + 8_320)),
        # query, key, value and gamma of spatial attention: four at 64, one at 192 a branch, two in the trunk
        ({"attention": "channel"}, 17_841_501 - 3 * (4 * 385 + 1153) - 2 * 3073),
        ({"attention": "none"}, 17_841_501 - 3 * (4 * 386 + 1154) - 2 * 3074),
    ],
)
def test_afa_ablations(kwargs, parameters):
    network, images = meta_network("afa", kwargs, 8)
    assert count_parameters(network) == parameters
    output = network(images)
    assert len(output.super_resolved) == (0 if kwargs.get("augment") == "none" else 3)
