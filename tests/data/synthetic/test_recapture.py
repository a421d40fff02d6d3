"""Prints and screens: a held sheet reads its picture, paper has no light of its own, and a grid beats."""

import numpy as np
import pytest

from autofas.data.synthetic.recapture import (
    Hold,
    beat_carrier,
    draw_hold,
    draw_print,
    draw_screen,
    hold_sheet,
    print_radiance,
    read_page,
    replay_radiance,
)
from autofas.data.synthetic.scene import Light

N = 48
STRAIGHT = Hold(0, 0, 0, 1, 0, 0)


class Still:
    """A generator of a hand that does not shake."""

    def normal(self, mean: float, deviation: float, count: int) -> np.ndarray:
        return np.full(count, mean)


def lamp(strength: float) -> Light:
    one = np.full(3, strength, np.float32)
    return Light(np.array([0, 0, 1], np.float32), one, 0.3 * one, 0.2 * one)


def test_a_sheet_held_straight_shows_its_picture():
    picture = np.random.default_rng(0).random((3, N, N)).astype(np.float32)
    seen = read_page(picture, hold_sheet(STRAIGHT, N, Still()))
    assert np.allclose(seen[:, :-2, :-2], picture[:, :-2, :-2], atol=1e-4)


def test_only_paper_curls_and_a_hand_shakes():
    assert all(draw_hold(np.random.default_rng(seed), flexible=False).curl == 0 for seed in range(20))
    assert any(draw_hold(np.random.default_rng(seed), flexible=True).curl for seed in range(20))
    curled = hold_sheet(Hold(0, 0, 0, 1, 0.2, 0), N, Still())
    flat = hold_sheet(STRAIGHT, N, Still())
    assert np.ptp(curled.height) == pytest.approx(0.2, rel=0.05)
    assert np.ptp(flat.height) == 0
    shaken = hold_sheet(STRAIGHT, N, np.random.default_rng(1))
    assert not np.array_equal(shaken.u, flat.u)


@pytest.mark.parametrize("kind", ["print1", "print2"])
def test_paper_reflects_the_light_it_gets(kind):
    picture = np.full((3, N, N), 0.6, np.float32)
    page = draw_print(kind, 0.5, np.random.default_rng(0), N)
    sheet = hold_sheet(STRAIGHT, N, Still())
    dim, bright = (print_radiance(picture, page, sheet, lamp(strength)) for strength in (0.5, 1.0))
    assert dim.shape == (3, N, N)
    assert bright.mean() == pytest.approx(2 * dim.mean(), rel=0.05)
    dark = print_radiance(picture * 0.1, page, sheet, lamp(1.0))
    assert dark.mean() < bright.mean()


@pytest.mark.parametrize("kind", ["replay1", "replay2"])
def test_a_screen_shines_in_the_dark(kind):
    picture = np.full((3, N, N), 0.6, np.float32)
    screen = draw_screen(kind, 0.5, np.random.default_rng(0), N)
    sheet = hold_sheet(STRAIGHT, N, Still())
    dark, lit = (replay_radiance(picture, screen, sheet, lamp(strength)) for strength in (0.0, 1.0))
    assert dark.mean() > 0.01
    assert lit.mean() >= dark.mean()
    assert replay_radiance(picture * 0.2, screen, sheet, lamp(0)).mean() < dark.mean()


def test_the_beat_is_a_factor_around_one_that_defocus_damps():
    screen = draw_screen("replay2", 1.0, np.random.default_rng(3), N)
    sharp, blurred = (beat_carrier(screen, N, defocus, 0.0) for defocus in (0.0, 3.0))
    assert sharp.shape == (3, N, N)
    assert sharp.mean() == pytest.approx(1, abs=0.1)
    assert sharp.std() > blurred.std()


def test_strength_is_how_much_of_a_cue_shows():
    picture = np.full((3, N, N), 0.5, np.float32)
    sheet = hold_sheet(STRAIGHT, N, Still())

    def texture(strength: float) -> float:
        found = [
            print_radiance(
                picture, draw_print("print1", strength, np.random.default_rng(seed), N), sheet, lamp(1)
            )
            for seed in range(4)
        ]
        return float(np.mean([(one - one.mean(axis=(1, 2), keepdims=True)).std() for one in found]))

    assert texture(1.0) > texture(0.1)
