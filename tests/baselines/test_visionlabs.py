"""VisionLabs' ResNet-34: the sides of its maps."""

import torch
from autofas.baselines.visionlabs import resnet34_layer, resnet34_stem


def test_visionlabs_maps_are_54_26_12_5():
    with torch.device("meta"):
        x = resnet34_stem()(torch.empty(1, 3, 112, 112))
        sides = []
        for level, channels in enumerate((32, 64, 128, 256)):
            x = resnet34_layer(level, channels)(x)
            sides.append(x.shape[-1])
    assert sides == [54, 26, 12, 5]
