"""Face squares by hand, borders, and resizing without aliasing."""

import numpy as np
import pytest
from PIL import Image

from autofas.data.preparation.crops import crop_modalities, cut, face_square
from autofas.errors import DataError


def test_squares_by_hand():
    assert face_square((100, 60), None, 1.3) == (20, 0, 60, 60)
    assert face_square((60, 101), None, 1.3) == (0, 20, 60, 60)
    assert face_square((100, 100), (40, 30, 20, 10), 1.0) == (40, 25, 20, 20)
    assert face_square((100, 100), (40, 30, 20, 10), 1.5) == (35, 20, 30, 30)
    assert face_square((100, 100), (-10, 0, 20, 20), 1.0) == (-10, 0, 20, 20)


def test_squares_that_cannot_be():
    for box in [(100, 0, 10, 10), (-40, 0, 10, 10), (0, 200, 10, 10)]:
        with pytest.raises(DataError, match="lies outside its 100 x 100 image"):
            face_square((100, 100), box, 1.3)
    with pytest.raises(DataError, match="is too large"):
        face_square((100, 100), (0, 0, 900_000, 10), 1.3)


def test_a_square_at_full_size_is_copied_bit_for_bit():
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    crop = cut(Image.fromarray(pixels), (10, 5, 32, 32), 32)
    assert np.array_equal(crop, pixels[5:37, 10:42].transpose(2, 0, 1))


def test_past_the_border_the_nearest_pixel_is_repeated():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    crop = cut(Image.fromarray(pixels), (-6, -4, 32, 32), 32).transpose(1, 2, 0)
    expected = np.pad(pixels, ((4, 8), (6, 6), (0, 0)), mode="edge")
    assert np.array_equal(crop, expected)


def test_shrinking_averages_instead_of_picking_pixels():
    board = (np.indices((128, 128)).sum(axis=0) % 2 * 255).astype(np.uint8)  # a one-pixel chequerboard
    crop = cut(Image.fromarray(np.stack([board] * 3, axis=-1)), (0, 0, 128, 128), 32)
    assert np.abs(crop.astype(int) - 127).max() <= 6  # a sampler without a filter would give 0 or 255


def test_shrinking_keeps_a_pattern_the_target_can_show():
    x = np.arange(128)
    wave = (127.5 + 120 * np.sin(2 * np.pi * x / 16)).astype(
        np.uint8
    )  # 4 pixels a period after halving twice
    crop = cut(Image.fromarray(np.tile(wave[None, :, None], (128, 1, 3))), (0, 0, 128, 128), 32)
    assert crop[0, 16].std() > 0.75 * wave.std()


def test_modalities_of_other_sizes_share_the_square():
    yellow = Image.new("RGB", (100, 80), (200, 200, 0))
    depth = Image.new("RGB", (50, 40), (10, 10, 10))
    depth.paste((250, 250, 250), (30, 10, 40, 20))  # the colour image's (60, 20, 80, 40)
    crops = crop_modalities({"color": yellow, "depth": depth}, (60, 20, 20, 20), 1.0, 16)
    assert crops["color"].shape == crops["depth"].shape == (3, 16, 16)
    assert crops["depth"][:, 4:12, 4:12].min() > 240
