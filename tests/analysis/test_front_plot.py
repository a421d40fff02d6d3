"""The picture of a front: which points it joins, names that do not cover each other, what it refuses."""

import itertools

import pytest
from PIL import Image

from autofas.analysis.front_plot import FAINT, FrontPoint, front_picture, plot_front

POINTS = [
    FrontPoint("nsga2", "a", 10_000, 0.20, 0.15, 0.25),
    FrontPoint("nsga2", "b", 20_000, 0.10, 0.10, 0.10),
    FrontPoint("hand-designed", "c", 30_000, 0.15, 0.1, 0.3),
    FrontPoint("hand-designed", "d", 40_000, 0.05, 0.05, 0.06),
    FrontPoint(FAINT, "e", 15_000, 0.4),
]


def test_the_front_is_joined_and_its_names_are_apart():
    picture = front_picture(POINTS, "params", "title", "footer")
    assert [POINTS[place].name for place in picture.front] == ["a", "b", "d"]
    assert len(picture.labels) == 4  # the faint one has none
    assert not any(one.overlaps(other) for one, other in itertools.combinations(picture.labels, 2))


def test_a_picture_of_one_point_is_drawn(tmp_path):
    place = tmp_path / "new" / "front.png"
    plot_front(POINTS[:1], place, "macs", "one")
    assert Image.open(place).size == (1600, 1000)


def test_what_cannot_be_drawn():
    for points in ([], [FrontPoint("a", "b", 0.0, 0.1)]):
        with pytest.raises(ValueError, match="costs above zero"):
            front_picture(points, "params", "", "")
