"""Checks of inputs: the right ones pass, each wrong one is told what was expected and what was given."""

import pytest
import torch
from autofas.baselines.sizes import (
    require_at_least,
    require_exactly,
    require_modalities,
    require_multiple,
    scaled,
    side_at_least,
    side_multiple,
)


def images(side, channels=3):
    return torch.zeros(2, channels, side, side)


def test_sides_of_images():
    require_multiple(images(64), 32, "Net", 224)
    require_at_least(images(32), 32, "Net", 224)
    require_exactly(images(48), 48, "Net")
    with pytest.raises(ValueError, match="Net takes inputs whose sides divide by 32, such as 224; got 48x48"):
        require_multiple(images(48), 32, "Net", 224)
    with pytest.raises(ValueError, match="Net takes inputs of at least 32x32, such as 224; got 31x31"):
        require_at_least(images(31), 32, "Net", 224)
    with pytest.raises(ValueError, match="Net was built for 48x48 inputs; got 49x49: resize the images"):
        require_exactly(images(49), 48, "Net")


def test_what_is_no_image():
    with pytest.raises(ValueError, match="Net takes one tensor of images"):
        require_at_least({"color": images(8)}, 8, "Net", 8)
    with pytest.raises(ValueError, match=r"takes images of shape \(B, 3, H, W\); got \(2, 1, 8, 8\)"):
        require_at_least(images(8, channels=1), 8, "Net", 8)


def test_sides_to_build_for():
    assert side_at_least(8, 8, "Net") == side_multiple(8, 4, "Net") == 8
    with pytest.raises(ValueError, match="input_size 7; choose 8 or more"):
        side_at_least(7, 8, "Net")
    with pytest.raises(ValueError, match="input_size 50; choose a multiple of 32, such as 32 or 64"):
        side_multiple(50, 32, "Net")
    with pytest.raises(ValueError, match="such as 32 or 64"):
        side_multiple(1, 32, "Net")


def test_modalities_come_in_the_networks_order():
    given = {name: torch.full((1, 3, 4, 4), float(at)) for at, name in enumerate(("ir", "color", "depth"))}
    chosen = require_modalities(given, ("color", "ir"), "Net")
    assert [int(image.mean()) for image in chosen] == [1, 0]
    with pytest.raises(ValueError, match="takes a dict of images by modality"):
        require_modalities(given["ir"], ("ir",), "Net")
    with pytest.raises(ValueError, match="missing: depth"):
        require_modalities({"ir": given["ir"]}, ("ir", "depth"), "Net")
    given["depth"] = torch.zeros(1, 3, 5, 5)
    with pytest.raises(ValueError, match=r"of one shape; color has \(1, 3, 4, 4\) and depth \(1, 3, 5, 5\)"):
        require_modalities(given, ("color", "depth"), "Net")


@pytest.mark.parametrize(
    ("channels", "width", "expected"), [(32, 1, 32), (32, 0.5, 16), (5, 0.5, 3), (5, 0.49, 2), (3, 0.01, 1)]
)
def test_channels_at_a_width(channels, width, expected):
    assert scaled(channels, width) == expected
    with pytest.raises(ValueError, match="0 channels are none; choose 1 or more"):
        scaled(0, width)
