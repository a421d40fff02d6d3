"""A person before a backdrop: light by session, a pose that moves the head, depth and infrared."""

from dataclasses import replace

import numpy as np
import pytest

from autofas.data.synthetic.scene import (
    Light,
    Pose,
    depth_view,
    draw_backdrop,
    draw_light,
    draw_pose,
    infrared_view,
    jitter_pose,
    place,
    shade,
)
from autofas.data.synthetic.subject import build_subject

FRONT = Pose(0, 0, 0, 1, 0, 0, 0, 0, 0)
N = 64


@pytest.fixture(scope="module")
def person():
    return build_subject(0, 1)


def lamp(x: float) -> Light:
    """A key light from the side `x` (-1 left, 1 right) without ambient light."""
    direction = np.array([x, 0.0, 1.0]) / np.hypot(x, 1)
    return Light(direction.astype(np.float32), np.ones(3, np.float32), np.zeros(3), np.zeros(3))


def test_lights_differ_between_sessions_and_point_to_the_face():
    lights = {
        session: [draw_light(session, np.random.default_rng(seed)) for seed in range(100)]
        for session in (1, 2, 3)
    }
    for drawn in lights.values():
        assert all(np.linalg.norm(light.direction) == pytest.approx(1, abs=1e-5) for light in drawn)
        assert all((light.key > 0).all() and (light.above > 0).all() for light in drawn)
    height = {session: np.mean([-light.direction[1] for light in drawn]) for session, drawn in lights.items()}
    warmth = {
        session: np.mean([light.key[0] / light.key[2] for light in drawn])
        for session, drawn in lights.items()
    }
    assert height[2] > height[1] + 0.2  # from above
    assert warmth[2] > 1 > warmth[1]  # tungsten, sky


def test_light_from_a_side_brightens_that_side(person):
    surface = place(person, FRONT, N)
    black = np.zeros((3, N, N), np.float32)
    left, right = (shade(person, surface, lamp(x), black).mean(axis=0) for x in (-1, 1))
    assert np.isfinite(left).all()
    half = N // 2
    assert left[:, :half].sum() > left[:, half:].sum()
    assert right[:, half:].sum() > right[:, :half].sum()


def test_the_backdrop_shows_where_the_person_is_not(person):
    surface = place(person, FRONT, N)
    backdrop = np.full((3, N, N), 0.7, np.float32)
    seen = shade(person, surface, lamp(0), backdrop)
    empty = surface.channel("alpha") < 1e-3
    assert empty.any()
    assert np.allclose(seen[:, empty], 0.7, atol=1e-3)
    assert not np.allclose(seen[:, surface.channel("alpha") > 0.99], 0.7, atol=1e-3)


def test_a_pose_moves_the_head(person):
    def middle(pose: Pose) -> float:
        alpha = place(person, pose, N).channel("alpha")[: N // 2]
        return float((alpha.sum(axis=0) * np.arange(N)).sum() / alpha.sum())

    assert middle(replace(FRONT, dx=0.2)) != pytest.approx(middle(FRONT), abs=0.5)
    small = place(person, replace(FRONT, scale=0.8), N).channel("alpha").sum()
    assert small != pytest.approx(place(person, FRONT, N).channel("alpha").sum(), rel=0.02)
    pose = draw_pose(np.random.default_rng(0))
    moved = jitter_pose(pose, np.random.default_rng(1))
    assert moved != pose
    assert abs(moved.yaw - pose.yaw) < 0.3


def test_depth_is_the_relief_and_the_backdrop_lies_behind(person):
    surface = place(person, FRONT, N)
    depth = depth_view(person, surface, 2.0)
    skin, empty = surface.channel("skin") > 0.9, surface.channel("alpha") < 1e-3
    assert depth[skin].min() > depth[empty].max()
    assert np.ptp(depth[skin]) > 0.3


def test_infrared_follows_the_flash(person):
    surface = place(person, FRONT, N)
    weak, strong = (infrared_view(surface, flash, np.random.default_rng(0)) for flash in (0.5, 1.0))
    assert strong.mean() > weak.mean()
    skin, empty = surface.channel("skin") > 0.9, surface.channel("alpha") < 1e-3
    assert strong[skin].mean() > strong[empty].mean()


def test_backdrops_are_radiance_and_darker_from_session_to_session():
    mean = []
    for session in (1, 2, 3):
        drawn = [draw_backdrop(session, np.random.default_rng(seed), 24) for seed in range(40)]
        assert all(picture.shape == (3, 24, 24) and (picture >= 0).all() for picture in drawn)
        mean.append(np.mean([picture.mean() for picture in drawn]))
    assert mean[0] > mean[1] > mean[2]
