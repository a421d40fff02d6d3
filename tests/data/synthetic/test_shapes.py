"""The shapes that people are made of: a smooth step, a bump, a mixture and noise of unit variance."""

import numpy as np
import pytest

from autofas.data.synthetic.shapes import bump, mix, ramp, smooth_noise


def test_a_ramp_is_a_smooth_step():
    found = ramp(np.array([-1.0, 2.0, 2.5, 3.0, 4.0, 5.0]), 2.0, 4.0)
    assert found == pytest.approx([0, 0, 0.15625, 0.5, 1, 1])  # t = 1/4: 3/16 - 2/64


def test_a_bump_falls_to_exp_of_minus_a_half_at_one_deviation():
    assert bump(np.array([1.0, 3.0]), np.array([2.0, 2.0]), 1.0, 2.0, 2.0, 9.0) == pytest.approx(
        [1, np.exp(-0.5)]
    )


def test_a_mixture_moves_by_its_weight():
    base = np.zeros((3, 1, 2))
    mixed = mix(base, np.array([1.0, 2.0, 4.0]), np.array([[0.0, 0.25]]))
    assert mixed[:, 0].tolist() == [[0, 0.25], [0, 0.5], [0, 1]]
    assert np.array_equal(mix(base, base + 3, np.ones((1, 2))), base + 3)


def test_noise_is_smooth_and_of_about_unit_variance():
    noise = smooth_noise(np.random.default_rng(0), (40, 20), (400, 100))
    assert noise.shape == (400, 100)
    assert 0.5 < noise.std() < 1.2
    assert np.abs(np.diff(noise, axis=0)).mean() < 0.3 * noise.std()
    assert np.array_equal(noise, smooth_noise(np.random.default_rng(0), (40, 20), (400, 100)))
