"""The bare head: relief inside the silhouette, pigments of skin and hair, features where a face has them."""

import numpy as np

from autofas.data.synthetic.head import Head, hair_pigment
from autofas.data.synthetic.shapes import GRID


def heads(count: int = 4) -> list[Head]:
    made = [Head(np.random.default_rng(seed)) for seed in range(count)]
    for head in made:
        head.z = head.relief()
    return made


def test_relief_ends_at_the_silhouette_and_the_nose_stands_out():
    for head in heads():
        assert head.z.shape == (GRID, GRID)
        assert (head.z >= 0).all()
        assert (head.z[head.radius >= 1] == 0).all()
        middle = np.abs(head.x) < 0.02
        nose = head.z[middle & (np.abs(head.y - head.nose_y) < 0.05)].max()
        cheek = head.z[(np.abs(head.side - 0.3) < 0.02) & (np.abs(head.y - head.nose_y) < 0.02)].mean()
        assert nose > cheek


def test_skin_is_an_albedo_and_darker_with_melanin():
    made = heads(12)
    skins = [head.skin() for head in made]
    for head, skin in zip(made, skins, strict=True):
        assert skin.shape == (3, GRID, GRID)
        assert np.isfinite(skin).all()
        assert head.features(skin).shape == skin.shape
    light = np.array([skin.mean() for skin in skins])
    melanin = np.array([head.melanin for head in made])
    assert np.corrcoef(light, melanin)[0, 1] < -0.8
    assert all(skin[0].mean() > skin[2].mean() for skin in skins)  # skin is redder than blue


def test_eyes_and_mouth_change_the_skin_where_they_are():
    (head,) = heads(1)
    skin = head.skin()
    changed = np.abs(head.features(skin.copy()) - skin).max(axis=0) > 0.02
    for x, y in ((head.eye_x, head.eye_y), (-head.eye_x, head.eye_y), (0.0, head.mouth_y)):
        assert changed[(np.abs(head.x - x) < 0.03) & (np.abs(head.y - y) < 0.03)].any()
    assert not changed[head.y < -1.2].any()


def test_hair_goes_with_the_skin():
    dark = [hair_pigment(np.random.default_rng(seed), 0.9).mean() for seed in range(200)]
    fair = [hair_pigment(np.random.default_rng(seed), 0.1).mean() for seed in range(200)]
    assert np.mean(dark) < np.mean(fair)
    assert max(dark) < 0.4
