"""Three streams: each modality by its name, side by side, and weighed by squeeze-and-excitation."""

import torch
from autofas.baselines.blocks import SqueezeExcitation
from autofas.baselines.three_stream_resnet18 import Stream, resnet18_se_three_stream, resnet18_three_stream

FACES = ("color", "depth", "ir")


def test_a_stream_ends_in_128_channels_at_an_eighth_of_the_side():
    with torch.no_grad():
        assert Stream(None).eval()(torch.zeros(1, 3, 112, 112)).shape == (1, 128, 14, 14)


def test_each_modality_reaches_the_output_and_only_by_its_name():
    torch.manual_seed(0)
    network = resnet18_three_stream(input_size=64).eval()
    images = {name: torch.rand(1, 3, 64, 64) for name in FACES}
    with torch.no_grad():
        plain = network(images)
        assert torch.equal(network(dict(reversed(images.items()))), plain)
        swapped = {**images, "depth": images["ir"], "ir": images["depth"]}
        assert not torch.allclose(network(swapped), plain)


def test_fusion_with_squeeze_and_excitation_has_one_gate_a_stream():
    fused, plain = resnet18_se_three_stream(), resnet18_three_stream()
    gates = [module for module in fused.modules() if isinstance(module, SqueezeExcitation)]
    assert len(gates) == 3
    assert not [module for module in plain.modules() if isinstance(module, SqueezeExcitation)]
