"""Hair, glasses, neck and clothes around a head: colour and relief stay whole, the skin is what is bare."""

import numpy as np

from autofas.data.synthetic.attire import glasses, surroundings
from autofas.data.synthetic.head import Head
from autofas.data.synthetic.shapes import GRID


def dressed(seed: int):
    head = Head(np.random.default_rng(seed))
    z = head.relief()
    colour = head.features(head.skin())
    return head, colour, z, surroundings(head, colour, z)


def test_glasses_are_dark_around_the_eyes_and_nowhere_else():
    head = Head(np.random.default_rng(3))
    head.relief()
    colour = head.features(head.skin())
    gloss = head.gloss.copy()
    framed = glasses(head, colour)
    changed = np.abs(framed - colour).max(axis=0) > 0.1
    assert changed.any()
    assert (np.abs(head.y[changed] - head.eye_y) < 0.35).all()
    assert head.gloss[changed].mean() > gloss[changed].mean() + 0.2
    darker = framed.mean(axis=0) <= colour.mean(axis=0) + 0.1
    assert darker[changed].mean() > 0.95


def test_a_dressed_person_is_whole():
    for seed in range(6):
        head, _, relief, (colour, z, alpha, bare) = dressed(seed)
        assert colour.shape == (3, GRID, GRID)
        assert np.isfinite(colour).all()
        assert colour.min() >= -1e-3
        for plane in (alpha, bare):
            assert plane.min() >= -1e-6
            assert plane.max() <= 1 + 1e-6
        assert (alpha >= bare - 1e-5).all()  # bare skin is part of the person
        assert alpha[(head.radius < 0.9)].min() > 0.99  # nothing shows through a face
        assert (z - relief)[head.y > -0.2].min() > -0.5


def test_styles_of_hair_differ():
    cover = [float(1 - dressed(seed)[3][3][dressed(seed)[0].radius < 0.95].mean()) for seed in range(8)]
    assert max(cover) - min(cover) > 0.05
