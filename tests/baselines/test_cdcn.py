"""CDCN: the central difference by hand, and folded into plain convolutions."""

from collections.abc import Iterator

import pytest
import torch
from autofas.baselines import build_baseline
from autofas.baselines.cdcn import CentralDifferenceConv2d
from torch import nn

from tests.baselines.baseline_counters import count_parameters, dispatcher_macs


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


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_cdcn_folds_into_plain_convolutions():
    torch.manual_seed(0)
    network = build_baseline("cdcn", input_size=32).eval()
    folded = network.fold()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = network(images)
        assert expected.abs().max() > 0
        torch.testing.assert_close(folded(images), expected, rtol=1e-4, atol=1e-5)
    assert count_parameters(folded) == count_parameters(network)
    assert dispatcher_macs(network, images) == pytest.approx(
        dispatcher_macs(folded, images) * 10 / 9, rel=1e-6
    )
    with torch.no_grad():
        assert torch.equal(network(images), expected)  # the original is left as it was


def test_cdcn_without_the_difference_is_the_depth_network():
    torch.manual_seed(0)
    plain = build_baseline("auxiliary_depth", input_size=16).eval()
    torch.manual_seed(0)
    difference = build_baseline("cdcn", theta=0.0, input_size=16).eval()
    images = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(difference(images), plain(images))
    with pytest.raises(ValueError, match="theta"):
        build_baseline("cdcn", theta=1.5)
