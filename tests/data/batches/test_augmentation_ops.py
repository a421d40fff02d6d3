"""Changes of a picture by hand, against Pillow and against a real JPEG encoder."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from autofas.data.batches import augmentation_ops as ops
from autofas.data.batches.augmentation_ops import scale_depth
from autofas.data.batches.row_random import normal_fields
from tests.data.pictures import faces


def ones(count: int, value: float = 1.0) -> np.ndarray:
    return np.full(count, value)


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


def test_depth_scaling_by_hand():
    images = torch.tensor([0, 20, 21, 200, 255]).div(255).view(1, 1, 1, 5).expand(2, 3, 1, 5)
    out = scale_depth(images, np.array([1 / 8, 1 / 5]), np.array([100.0, 200.0]))
    by_hand = [[0, 2.5, 102.625, 125, 131.875], [0, 4, 204.2, 240, 251]]
    for sample, expected in zip(out, by_hand, strict=True):
        assert torch.allclose(sample[0, 0] * 255, torch.tensor(expected), atol=1e-3)
