"""Hand-designed networks scaled to a size: within a tenth of it, as near as widths come, or told."""

import pytest

from autofas.errors import ConfigError
from autofas.models.build import build
from benchmarks.scaled_baselines import options_of_width, scaled_to


def size(name, options):
    network = build(name, input_size=64, options=options)
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize("name", ["feathernet_a", "feathernet_b", "mobilenet_v2"])
def test_a_network_is_scaled_to_a_size(name):
    options = scaled_to(name, 24_000, 64)
    assert abs(size(name, options) / 24_000 - 1) < 0.1
    step = round(1000 * options["width"])
    others = [size(name, options_of_width(name, one / 1000)) for one in (step - 1, step + 1)]
    assert abs(size(name, options) - 24_000) <= min(abs(other - 24_000) for other in others)


def test_the_last_convolution_of_mobilenet_is_scaled_with_the_others():
    assert scaled_to("mobilenet_v2", 24_000, 64)["last_channels"] < 128
    assert set(scaled_to("feathernet_a", 24_000, 64)) == {"width"}


def test_a_size_that_no_width_has_is_told():
    with pytest.raises(ConfigError, match="feathernet_a has no width with 20 parameters; the nearest has"):
        scaled_to("feathernet_a", 20, 64)
