"""Invented people: each its own, the same every time, and whole."""

import numpy as np
import pytest

from autofas.data.synthetic.shapes import COARSE, GRID
from autofas.data.synthetic.subject import CHANNELS, build_subject


def test_people_differ_and_a_person_stays_the_same() -> None:
    first, again, other = build_subject(0, 1), build_subject(0, 1), build_subject(0, 2)
    assert np.array_equal(first.table, again.table)
    assert np.abs(first.relief - other.relief).max() > 0.05
    assert np.isfinite(first.table).all()


def test_a_table_holds_unit_normals_and_shares() -> None:
    subject = build_subject(2, 5)
    planes = dict(zip(CHANNELS, subject.table.T, strict=True))
    assert subject.table.shape == (GRID * GRID, len(CHANNELS))
    assert (planes["nx"] ** 2 + planes["ny"] ** 2 <= 1 + 1e-6).all()
    for name in ("alpha", "skin", "occlusion"):
        assert planes[name].min() >= -1e-6
        assert planes[name].max() <= 1 + 1e-6
    assert subject.coarse.shape == (COARSE, COARSE)
    assert subject.coarse.mean() == pytest.approx(subject.relief.mean(), rel=1e-3)
