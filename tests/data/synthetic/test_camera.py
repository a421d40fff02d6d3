"""The phones' camera: exposure, blur, noise, flare and files, on scenes with a known answer."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from autofas.data.synthetic.camera import (
    PHONES,
    Take,
    develop,
    display_picture,
    draw_take,
    encode_jpeg,
    encode_png,
)

PLAIN = Take(0, 0, 0, 1, 0, 0, 1, (1, 1, 1), 1, 1, 0, 0)
"""Nothing but what the phone does."""
SIZE = 64


def edge() -> np.ndarray:
    """A scene (3, 96, 96), dark on the left and bright on the right."""
    scene = np.full((3, 96, 96), 0.05, np.float32)
    scene[:, :, 48:] = 0.4
    return scene


def picture(scene: np.ndarray, take: Take = PLAIN, phone: int = 0, seed: int = 0) -> np.ndarray:
    return develop(scene, PHONES[phone], take, SIZE, np.random.default_rng(seed)).astype(float)


def test_exposure_is_automatic():
    once, bright = picture(edge()), picture(8 * edge())
    assert once.shape == (SIZE, SIZE, 3)
    assert np.abs(once - bright).mean() < 2
    assert picture(edge(), replace(PLAIN, exposure=1.6)).mean() > once.mean() + 10


def test_defocus_and_shake_soften_what_they_cross():
    def steepest(take: Take, scene: np.ndarray) -> float:
        across = picture(scene, take).mean(axis=(0, 2))
        return float(np.abs(np.diff(across)).max())

    sharp = steepest(PLAIN, edge())
    assert steepest(replace(PLAIN, defocus=3), edge()) < 0.7 * sharp
    assert steepest(replace(PLAIN, shake_x=3), edge()) < 0.7 * sharp
    assert steepest(replace(PLAIN, shake_y=3), edge()) == pytest.approx(sharp, rel=0.1)


def test_noise_is_the_phones_and_grows_in_the_dark_part_of_a_scene():
    flat = np.full((3, 96, 96), 0.2, np.float32)

    def noise(phone: int) -> float:
        return float((picture(flat, phone=phone) - picture(flat, phone=phone, seed=1)).std())

    noisy = max(range(6), key=lambda at: PHONES[at].shot)
    clean = min(range(6), key=lambda at: PHONES[at].shot)
    assert noise(noisy) > 1.2 * noise(clean)


def test_flare_takes_contrast():
    def contrast(take: Take) -> float:
        return float(picture(edge(), take).mean(axis=(0, 2)).std())

    assert contrast(replace(PLAIN, flare=0.4)) < 0.9 * contrast(PLAIN)


def test_a_carrier_multiplies_the_sampled_image():
    stripes = np.ones((3, SIZE, SIZE), np.float32)
    stripes[:, ::2] = 1.3
    flat = np.full((3, 96, 96), 0.2, np.float32)
    seen = develop(flat, PHONES[0], PLAIN, SIZE, np.random.default_rng(0), stripes).astype(float)
    rows = seen.mean(axis=(1, 2))
    assert rows[2:-2:2].min() > rows[3:-2:2].max()


def test_takes_vary_within_what_they_may():
    takes = [draw_take(np.random.default_rng(seed)) for seed in range(200)]
    assert all(0.93 <= take.zoom <= 1 and abs(take.crop_x) <= 1 and 0 <= take.flare <= 0.4 for take in takes)
    assert len({take.exposure for take in takes}) == 200
    assert np.log([take.exposure for take in takes]).std() == pytest.approx(0.28, rel=0.2)


def test_files_hold_the_picture():
    shown = picture(edge()).astype(np.uint8)
    assert np.abs(np.asarray(Image.open(io.BytesIO(encode_jpeg(shown, 95)))).astype(int) - shown).mean() < 4
    assert len(encode_jpeg(shown, 60)) < len(encode_jpeg(shown, 95))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(shown[..., 0])))), shown[..., 0])


def test_an_attackers_picture_is_in_display_values():
    shown = display_picture(edge(), 1.0, 1.0, 0.0)
    assert shown.shape == (3, 96, 96)
    assert 0 <= shown.min() < shown.max() <= 1
    assert display_picture(edge(), 2.0, 1.0, 0.0).mean() > shown.mean()
    grey = display_picture(edge(), 1.0, 0.0, 0.0)
    assert np.ptp(grey, axis=0).max() < 1e-5
