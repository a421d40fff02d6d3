"""The exported graph computes what the network does: rewrites by hand, then whole networks and views."""

import pytest
import torch
from autofas.baselines.cdcn import CentralDifferenceConv2d

from autofas.deploy.graph import ExportForm, PixelForm, StridedConv, StridedPool, rewritten
from autofas.models.build import build
from autofas.models.central_difference import CentralDifferencePool2d
from autofas.models.operations import FactorizedReduce


def with_statistics(network):
    """Running statistics of a trained network, not 0 and 1."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("side", [8, 7])
@pytest.mark.parametrize("channels", [4, 5])
def test_a_factorised_reduction_is_one_convolution_at_even_and_odd_sides(side, channels):
    source = with_statistics(FactorizedReduce(3, channels))
    images = torch.randn(2, 3, side, side)
    found = StridedConv(source).eval()(images)
    assert found.shape == (2, channels, -(-side // 2), -(-side // 2))
    torch.testing.assert_close(found, source(images), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("side", [8, 7])
def test_a_strided_pool_of_central_differences_takes_the_same_pixels_without_a_slice(side):
    source, images = CentralDifferencePool2d(2, 0.7), torch.randn(2, 3, side, side)
    found = StridedPool(source)(images)
    assert torch.equal(found, source(images))
    holder = torch.nn.Sequential(source, CentralDifferencePool2d(1, 0.7))
    assert [type(one) for one in rewritten(holder)] == [StridedPool, CentralDifferencePool2d]


def test_a_network_of_central_differences_has_none_left():
    body = with_statistics(build("cdcn", input_size=32)).body
    images = torch.randn(1, 3, 32, 32)
    before = body(images)
    after = rewritten(body)
    assert not any(isinstance(module, CentralDifferenceConv2d) for module in after.modules())
    torch.testing.assert_close(after(images), before, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "size", "view", "crop"),
    [
        ("feathernet_b", 32, "whole", None),
        ("mobilenet_v2", 32, "centre", 40),
        ("resnet18", 32, "patches", 48),
        ("mobilenet_v2", 32, "degraded", 64),
    ],
)
def test_every_view_scores_as_the_network_does(name, size, view, crop):
    network = with_statistics(build(name, input_size=size, view=view, crop_size=crop))
    crops = torch.rand(3, 3, network.view.crop_size, network.view.crop_size) * 2 - 1
    (score,) = ExportForm(network)(crops)
    torch.testing.assert_close(score, network.score({"color": crops}), atol=1e-6, rtol=1e-5)


def test_the_map_is_the_supervisions_and_its_mean_the_score():
    network = with_statistics(build("deeppixbis", input_size=32))
    form = ExportForm(network)
    assert form.output_names == ["score", "map"]
    score, live_map = form(torch.randn(2, 3, 32, 32))
    assert live_map.shape == (2, 2, 2)
    torch.testing.assert_close(live_map.mean(dim=(1, 2)), score)


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_pixels_become_what_the_network_reads(channels):
    form = ExportForm(with_statistics(build("feathernet_b", input_size=32)))
    pixels = torch.randint(0, 256, (2, 3, 32, 32)).float()
    given = pixels if channels == "RGB" else pixels.flip(1)
    (found,) = PixelForm(form, channels)(given)
    (wanted,) = form((pixels / 255 - 0.5) / 0.5)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-5)
    assert PixelForm(form, channels).output_names == ["score"]


def test_the_network_itself_stays_as_it_was():
    network = with_statistics(build("cdcn", input_size=32))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ExportForm(network)
    assert list(network.state_dict()) == list(before)
    assert any(isinstance(module, CentralDifferenceConv2d) for module in network.modules())
