"""What an image loses before the first convolution: its light, whole or about every pixel."""

import pytest
import torch
import torch.nn.functional as F

from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import load_genotype
from autofas.models.input_norm import InputNorm, _neighbourhood, input_norm
from autofas.models.space import load_space
from autofas.models.supernet import Supernet

IMAGES = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("kind", ["image", "local"])
def test_light_and_contrast_of_a_channel_are_lost(kind):
    norm = InputNorm(kind)
    lit = (
        IMAGES * torch.tensor([0.5, 0.6, 0.7])[:, None, None] + torch.tensor([0.1, 0.0, -0.2])[:, None, None]
    )
    torch.testing.assert_close(norm(lit), norm(IMAGES), atol=0.25, rtol=0)
    assert (norm(lit) - norm(IMAGES)).abs().mean() < 0.1 < (lit - IMAGES).abs().mean()


def test_an_image_ends_with_mean_zero_and_deviation_near_one():
    found = InputNorm("image")(IMAGES)
    torch.testing.assert_close(found.mean((2, 3)), torch.zeros(4, 3), atol=1e-5, rtol=0)
    assert ((found.std((2, 3)) > 0.85) & (found.std((2, 3)) < 1)).all()


@pytest.mark.parametrize("kind", ["image", "local"])
def test_an_image_is_normalised_by_itself_alone(kind):
    both = torch.cat([IMAGES[:1], IMAGES[1:2] * 0.1 + 0.7])
    norm = InputNorm(kind)
    torch.testing.assert_close(norm(both), torch.cat([norm(both[:1]), norm(both[1:])]))


@pytest.mark.parametrize("kind", ["image", "local"])
def test_faint_texture_is_seen_as_strong_texture_is(kind):
    # of deviation 0.058 and 0.058 + FLOOR, beside 0.58: what stands about a large mean too
    faint = InputNorm(kind)(IMAGES * 0.1 + 0.7)
    assert 0.4 < float(faint[..., 8:-8, 8:-8].std()) < 0.7


def test_local_normalisation_does_not_see_a_slope_of_light_that_the_whole_image_has():
    slope = torch.linspace(-0.5, 0.5, 64).expand(1, 3, 64, 64) + torch.rand(1, 3, 64, 64) * 0.1
    left, right = (InputNorm("local")(slope)[..., part].mean() for part in (slice(16, 24), slice(40, 48)))
    assert abs(float(left - right)) < 0.1
    whole = InputNorm("image")(slope)
    assert float(whole[..., 40:48].mean() - whole[..., 16:24].mean()) > 1


def test_a_neighbourhood_is_a_pool_whose_border_does_not_count():
    image = torch.rand(2, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    pooled = F.avg_pool2d(image, (9, 17), 1, (4, 8), count_include_pad=False)
    torch.testing.assert_close(_neighbourhood(image), pooled)


def test_a_flat_image_stays_finite_and_none_adds_nothing():
    for kind in ("image", "local"):
        found = InputNorm(kind)(torch.full((1, 3, 8, 8), 0.3))
        torch.testing.assert_close(found, torch.zeros_like(found), atol=1e-3, rtol=0)
    assert input_norm("none") == []


def test_a_layout_without_it_is_written_as_before_and_one_with_it_no_longer_sees_light():
    genotype = load_genotype("results/leave_out/probe.json")
    assert "normalise" not in genotype.layout.model_dump()
    layout = genotype.layout.model_copy(update={"normalise": "image"})
    assert layout.model_dump()["normalise"] == "image"
    torch.manual_seed(0)
    network = DerivedNetwork(genotype.model_copy(update={"layout": layout})).eval()
    plain = DerivedNetwork(genotype).eval()
    dark = IMAGES * 0.5 - 0.3
    with torch.no_grad():
        seen, unseen = ((net(IMAGES) - net(dark)).abs().mean() for net in (plain, network))
    assert unseen < 0.4 * seen


def test_a_supernet_begins_as_its_networks_do():
    space = load_space("small_even")
    assert space.layout.normalise == "local"
    for kind in ("none", "image", "local"):
        layout = space.layout.model_copy(update={"normalise": kind})
        first = Supernet(space.model_copy(update={"layout": layout}), 4).stem[0]
        assert getattr(first, "kind", "none") == kind
