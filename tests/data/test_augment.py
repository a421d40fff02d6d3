"""Augmentation: each operation by hand or against another library, and draws that belong to the sample."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from autofas.data.batches import augmentation_ops as ops
from autofas.data.batches.augmentation import PRESETS, AugmentPolicy, augment_batch, preset
from autofas.data.batches.row_random import normal_fields, uniforms
from autofas.errors import ConfigError

EVERYTHING = AugmentPolicy(
    flip=0.5,
    warp=0.7,
    rotation_degrees=30,
    shift=0.1,
    zoom=0.7,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    gain=0.2,
    grayscale=0.3,
    gamma=0.5,
    rescale=0.5,
    blur=0.5,
    noise=0.5,
    jpeg=0.5,
    cutout=0.5,
)


def faces(count: int, side: int = 32, seed: int = 0) -> torch.Tensor:
    """Smooth coloured pictures in [0, 1]."""
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


def ones(count: int, value: float = 1.0) -> np.ndarray:
    return np.full(count, value)


def test_uniforms_belong_to_the_row():
    whole = uniforms(3, 7, np.arange(1000), 20)
    assert whole.shape == (1000, 20)
    assert np.array_equal(whole[[5, 900]], uniforms(3, 7, np.array([5, 900]), 20))
    assert np.array_equal(whole[:, :4], uniforms(3, 7, np.arange(1000), 4))
    assert whole.min() >= 0
    assert whole.max() < 1
    assert abs(whole.mean() - 0.5) < 0.01
    assert abs(np.histogram(whole, bins=10)[0] / 20000 - 0.1).max() < 0.01
    for other in (uniforms(4, 7, np.arange(1000), 20), uniforms(3, 8, np.arange(1000), 20)):
        assert abs(np.corrcoef(whole.ravel(), other.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(whole[:-1, 0], whole[1:, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(whole[:, 0], whole[:, 1])[0, 1]) < 0.1


def test_normal_fields_are_normal():
    fields = normal_fields(0, np.array([0.0, 0.5, 0.999999]), 10_000, torch.device("cpu"))
    assert fields.shape == (3, 10_000)
    assert fields.mean(dim=1).abs().max() < 0.05
    assert (fields.std(dim=1) - 1).abs().max() < 0.05
    assert np.corrcoef(fields.numpy()).max(initial=0, where=~np.eye(3, dtype=bool)) < 0.05


def test_a_null_warp_and_whole_pixel_shifts():
    images = faces(4, 16)
    zero, one = ones(4, 0), ones(4)
    assert torch.allclose(ops.warp(images, zero, one, np.zeros((4, 2))), images, atol=1e-5)
    shift = np.tile([2 / 16, 0], (4, 1))  # the window moves 2 pixels right
    moved = ops.warp(images, zero, one, shift)
    assert torch.allclose(moved[..., :14], images[..., 2:], atol=1e-5)
    assert torch.allclose(moved[..., 14:], images[..., 15:], atol=1e-5)  # the border is repeated


@pytest.mark.parametrize("size", [(16, 16), (15, 15)])
def test_quarter_turns_are_exact(size):
    images = faces(3, 20)[..., : size[0], : size[1]]
    turned = ops.warp(images, ones(3, 90), ones(3), np.zeros((3, 2)))
    assert torch.allclose(turned, torch.rot90(images, 1, (2, 3)), atol=1e-4)


def test_rotation_of_oblong_images_keeps_shapes():
    # a disc stays a disc when pixels are turned, whatever the sides of the picture
    y, x = torch.meshgrid(torch.arange(40) + 0.5, torch.arange(64) + 0.5, indexing="ij")
    disc = (((x - 32) ** 2 + (y - 20) ** 2) < 100).float().expand(1, 3, 40, 64)
    turned = ops.warp(disc, np.array([37.0]), ones(1), np.zeros((1, 2)))
    assert (turned - disc).abs().mean() < 0.01


def test_zoom_shows_the_centre_larger():
    images = faces(2, 32)
    zoomed = ops.warp(images, ones(2, 0), ones(2, 0.5), np.zeros((2, 2)))
    expected = torch.nn.functional.interpolate(images[..., 8:24, 8:24], size=(32, 32), mode="bilinear")
    assert torch.allclose(zoomed[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-4)


def test_colour_by_hand():
    image = torch.tensor([0.2, 0.4, 0.6]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    one, gain = ones(1), np.ones((1, 3))
    assert torch.allclose(ops.colour(image, one, one, one, gain), image, atol=1e-6)
    assert torch.allclose(ops.colour(image, ones(1, 1.5), one, one, gain), image * 1.5, atol=1e-6)
    grey = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6
    assert torch.allclose(
        ops.colour(image, one, one, ones(1, 0), gain), torch.full_like(image, grey), atol=1e-6
    )
    assert torch.allclose(
        ops.colour(image, one, ones(1, 0), one, gain), torch.full_like(image, grey), atol=1e-6
    )
    tinted = ops.colour(image, one, one, one, np.array([[2.0, 1.0, 0.5]]))[0, :, 0, 0]
    assert torch.allclose(tinted, torch.tensor([0.4, 0.4, 0.3]), atol=1e-6)
    assert ops.colour(image, ones(1, 9), one, one, gain).max() == 1


def test_contrast_and_saturation_against_pillow():
    from PIL import ImageEnhance

    images = faces(1, 24)
    pillow = Image.fromarray((images[0].permute(1, 2, 0) * 255).round().byte().numpy())
    pixels = torch.from_numpy(np.asarray(pillow).copy()).permute(2, 0, 1)[None] / 255
    for enhance, contrast, saturation in [(ImageEnhance.Contrast, 1.4, 1.0), (ImageEnhance.Color, 1.0, 0.3)]:
        expected = np.asarray(enhance(pillow).enhance(contrast if saturation == 1 else saturation)) / 255
        got = ops.colour(pixels, ones(1), ones(1, contrast), ones(1, saturation), np.ones((1, 3)))
        assert np.abs(got[0].permute(1, 2, 0).numpy() - expected).max() < 3 / 255


def test_gamma_by_hand():
    assert torch.allclose(ops.gamma(torch.full((1, 3, 2, 2), 0.25), ones(1, 2)), torch.tensor(0.0625))


def test_blur_against_pillow():
    image = faces(1, 40)
    image[:, :, 20, 20] = 1
    pillow = Image.fromarray((image[0].permute(1, 2, 0) * 255).round().byte().numpy())
    expected = torch.from_numpy(np.asarray(pillow.filter(ImageFilter.GaussianBlur(1.5))) / 255).permute(
        2, 0, 1
    )
    assert (ops.blur(image, ones(1, 1.5))[0] - expected).abs().max() < 0.04
    assert torch.allclose(ops.blur(image, ones(1, 0)), image, atol=1e-6)
    flat = torch.full((2, 3, 9, 7), 0.3)
    assert torch.allclose(ops.blur(flat, np.array([0.4, 2.5])), flat, atol=1e-6)


def test_rescale_loses_fine_detail_and_keeps_coarse():
    # at a quarter these stripes (on, off, off, on) are even grey; interpolating two pixels sees only the off
    stripes = torch.tensor([1.0, 0, 0, 1]).repeat(8).expand(3, 32, 32)
    images = torch.stack([stripes, faces(1)[0]])
    out = ops.rescale(images, np.array([0.25, 0.5]))
    assert abs(out[0].mean() - 0.5) < 0.05
    assert out[0].std() < 0.05
    assert (out[1] - images[1]).abs().mean() < 0.02
    assert torch.equal(ops.rescale(images, ones(2)), images)


def test_noise_has_the_asked_deviation():
    image = torch.full((2, 3, 32, 32), 0.5)
    field = normal_fields(1, np.array([0.1, 0.7]), 3 * 32 * 32, torch.device("cpu"))
    noisy = ops.add_noise(image, np.array([0.02, 0.1]), field)
    assert abs(noisy[0].std() - 0.02) < 0.002
    assert abs(noisy[1].std() - 0.1) < 0.01


@pytest.mark.parametrize("quality", [10, 40, 49, 50, 75, 95])
@pytest.mark.parametrize("size", [(48, 64), (37, 21)])
def test_jpeg_against_a_real_encoder(quality, size):
    image = faces(1, 64)[..., : size[0], : size[1]]
    image = (image + 0.1 * torch.rand(image.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=0)
    with Image.open(stream) as decoded:
        real = np.asarray(decoded.convert("RGB")).astype(int)
        tables = decoded.quantization
    got = (ops.jpeg(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255, ones(1, quality)) * 255).round()
    error = np.abs(got[0].permute(1, 2, 0).numpy() - real)
    loss = np.abs(pixels.astype(int) - real).mean()
    # the encoder's DCT works in integers, which now and then tips a coefficient over a quantiser's edge
    assert error.mean() < (0.1 * loss if quality <= 75 else 1.0)
    ours = ops.quantisation_tables(ones(1, quality))[0]
    assert sorted(ours[0]) == sorted(tables[0])  # Pillow lists them in another order
    assert sorted(ours[1]) == sorted(tables[1])


def test_cut_out_by_hand():
    images = torch.zeros(2, 3, 10, 10)
    out = ops.cut_out(images, np.array([[0.5, 0.5], [0.0, 0.0]]), np.array([0.4, 0.4]))
    assert (out[0] == 0.5).sum() == 3 * 16
    assert (out[0, :, 3:7, 3:7] == 0.5).all()
    assert (out[1] == 0.5).sum() == 3 * 4  # half of it lies outside


def test_none_changes_nothing_and_bytes_become_unit_floats():
    images = faces(3)
    assert torch.equal(
        augment_batch({"color": images}, preset("none"), seed=0, epoch=0, rows=np.arange(3))["color"], images
    )
    whole = (images * 255).round().byte()
    out = augment_batch({"color": whole}, preset("none"), seed=0, epoch=0, rows=np.arange(3))["color"]
    assert torch.equal(out, whole.float() / 255)


@pytest.mark.parametrize("side", [32, 27])
def test_a_sample_does_not_depend_on_its_batch(side):
    images = {"color": faces(24, side), "depth": faces(24, side, seed=1)}
    rows = np.arange(100, 124)
    whole = augment_batch(images, EVERYTHING, seed=9, epoch=4, rows=rows)
    order = np.random.default_rng(0).permutation(24)
    for chosen in (order, order[:7], order[:1]):
        part = {name: image[torch.from_numpy(chosen)] for name, image in images.items()}
        alone = augment_batch(part, EVERYTHING, seed=9, epoch=4, rows=rows[chosen])
        for name in images:
            difference = (alone[name] - whole[name][torch.from_numpy(chosen)]).abs().max()
            assert difference < 1e-5


def test_seed_epoch_and_row_each_change_the_draw():
    images = {"color": faces(8)}
    rows = np.arange(8)
    base = augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows)["color"]
    assert torch.equal(base, augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows)["color"])
    for other in ({"seed": 2, "epoch": 1, "rows": rows}, {"seed": 1, "epoch": 2, "rows": rows}):
        changed = augment_batch(images, EVERYTHING, **other)["color"]
        assert ((changed - base).abs().amax(dim=(1, 2, 3)) > 1e-3).all()
    assert not torch.equal(base, augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows + 1)["color"])


def test_switching_one_change_off_leaves_the_others_draws():
    images = {"color": faces(32)}
    rows = np.arange(32)
    some = dataclasses.replace(AugmentPolicy(), flip=0.5, cutout=0.5)
    more = dataclasses.replace(
        some, noise=1.0, noise_std=0.0, blur=1.0, blur_sigma=0.0
    )  # drawn, and without effect
    one = augment_batch(images, some, seed=1, epoch=0, rows=rows)["color"]
    two = augment_batch(images, more, seed=1, epoch=0, rows=rows)["color"]
    assert torch.allclose(one, two, atol=1e-5)


def test_geometry_and_cut_outs_are_shared_and_colour_is_not():
    images = faces(16)
    both = {"color": images, "depth": images.clone()}
    rows = np.arange(16)
    shape = dataclasses.replace(
        AugmentPolicy(), flip=0.5, warp=1, rotation_degrees=40, shift=0.1, zoom=0.6, cutout=0.5
    )
    out = augment_batch(both, shape, seed=1, epoch=0, rows=rows)
    assert torch.equal(out["color"], out["depth"])
    colour = dataclasses.replace(AugmentPolicy(), brightness=0.5, gain=0.3, blur=1, noise=1, jpeg=1, gamma=1)
    out = augment_batch(both, colour, seed=1, epoch=0, rows=rows)
    assert torch.equal(out["depth"], images)
    assert ((out["color"] - images).abs().amax(dim=(1, 2, 3)) > 0.01).all()
    alone = augment_batch(
        {"depth": images}, dataclasses.replace(colour, cutout=1, flip=1), seed=1, epoch=0, rows=rows
    )
    joint = augment_batch(both, dataclasses.replace(colour, cutout=1, flip=1), seed=1, epoch=0, rows=rows)
    assert torch.equal(alone["depth"], joint["depth"])


def test_depth_is_scaled_for_bona_fide_faces_alone():
    # 0.4 becomes 0.4 / 8 + 100 / 255 = 0.442 to 0.4 / 5 + 200 / 255 = 0.864
    images = {name: torch.full((8, 3, 6, 6), 0.4) for name in ("color", "depth", "ir")}
    policy = dataclasses.replace(AugmentPolicy(), depth_scale=1)
    bona_fide = np.arange(8) % 2 == 0
    out = augment_batch(images, policy, seed=1, epoch=0, rows=np.arange(8), bona_fide=bona_fide)
    assert ((out["depth"][::2] > 0.442) & (out["depth"][::2] < 0.865)).all()
    assert torch.equal(out["depth"][1::2], images["depth"][1::2])
    for name in ("color", "ir"):
        assert torch.equal(out[name], images[name])
    unknown = augment_batch(images, policy, seed=1, epoch=0, rows=np.arange(8))
    assert torch.equal(unknown["depth"], images["depth"])


def test_rates_are_the_asked_ones():
    images = torch.linspace(0, 1, 8).expand(2000, 3, 8, 8)
    out = augment_batch({"color": images}, AugmentPolicy(flip=0.3), seed=0, epoch=0, rows=np.arange(2000))[
        "color"
    ]
    share = (out[:, 0, 0, 0] > 0.5).float().mean()
    assert abs(share - 0.3) < 0.04


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("side", [8, 33])
def test_presets_stay_in_range_at_odd_sizes(name, side):
    out = augment_batch({"color": faces(40, side)}, preset(name), seed=0, epoch=0, rows=np.arange(40))[
        "color"
    ]
    assert out.shape == (40, 3, side, side)
    assert out.dtype == torch.float32
    assert torch.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1


def test_an_empty_batch_passes():
    out = augment_batch({"color": torch.zeros(0, 3, 8, 8)}, EVERYTHING, seed=0, epoch=0, rows=np.arange(0))
    assert out["color"].shape == (0, 3, 8, 8)


def test_policies_that_cannot_be():
    with pytest.raises(ConfigError, match=r"flip 2 is not in \[0, 1\]; zoom 0.0 is not in \[0.1, 1\]"):
        AugmentPolicy(flip=2, zoom=0.0)
    with pytest.raises(ConfigError, match="brightness nan"):
        AugmentPolicy(brightness=float("nan"))
    with pytest.raises(ConfigError, match="augmentation 'strong' does not exist; choose none, "):
        preset("strong")
