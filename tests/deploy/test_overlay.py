"""The picture with its faces drawn on it: verdict by colour, live map, warning; the picture left alone."""

import numpy as np
import pytest
from PIL import Image

from autofas.deploy.detector import Judgement
from autofas.deploy.overlay import COLOURS, drawn

WARNING = "trained on generated faces: no protection against real attacks"


def test_the_overlay_shows_verdict_map_and_warning():
    image = Image.new("RGB", (200, 200), (90, 90, 90))
    live_map = np.array([[0, 1]], np.float32)
    face = Judgement((50, 50, 100, 100), (50, 50, 100, 100), 0.9, 0.5, live_map)
    shown = np.asarray(drawn(image, [face], WARNING)).astype(int)
    left, right = shown[120, 70], shown[120, 130]
    assert left[0] > left[1]  # an attack's side is red
    assert right[1] > right[0]
    assert tuple(shown[100, 50]) == COLOURS["bona fide"]
    assert (shown[-4, 2] == (20, 20, 20)).all()
    assert (np.asarray(image) == 90).all()


def grey(side=200):
    return Image.new("RGB", (side, side), (90, 90, 90))


@pytest.mark.parametrize(("score", "verdict"), [(0.9, "bona fide"), (0.1, "attack"), (None, "not judged")])
def test_the_frame_has_the_colour_of_the_verdict_and_nothing_else_is_touched(score, verdict):
    face = Judgement((50, 60, 80, 90), (50, 60, 90, 90), score, 0.5)
    shown = np.asarray(drawn(grey(), [face]))
    for x, y in ((50, 100), (129, 100), (90, 149)):
        assert tuple(shown[y, x]) == COLOURS[verdict]
    assert (shown[70:140, 60:120] == 90).all()  # inside the frame
    assert (shown[160:] == 90).all()  # below it, where a warning would be


def test_without_a_box_the_whole_picture_is_framed():
    shown = np.asarray(drawn(grey(), [Judgement(None, None, 0.9, 0.5)]))
    for x, y in ((0, 199), (199, 199), (199, 100)):
        assert tuple(shown[y, x]) == COLOURS["bona fide"]


def test_a_map_over_the_border_is_laid_as_far_as_there_is_a_picture():
    live_map = np.array([[0, 1], [1, 0]], np.float32)
    face = Judgement((0, 0, 60, 60), (-40, -40, 120, 120), 0.9, 0.5, live_map)
    shown = np.asarray(drawn(grey(), [face])).astype(int)
    left, right = shown[50, 10], shown[50, 70]  # at 50 and 110 of the square, in its lower half
    assert left[1] > left[0]
    assert right[0] > right[1]
    assert (shown[50, 81:] == 90).all()
    assert (shown[90:, 90:] == 90).all()


def test_maps_out_of_range_are_taken_for_their_ends():
    def laid(value):
        face = Judgement((50, 50, 100, 100), (50, 50, 100, 100), 0.9, 0.5, np.full((1, 1), value, np.float32))
        return drawn(grey(), [face]).tobytes()

    assert laid(7.0) == laid(1.0)
    assert laid(-7.0) == laid(0.0)
    assert laid(0.5) not in (laid(0.0), laid(1.0))


def test_several_faces_and_none():
    faces = [Judgement((x, 60, 40, 40), None, score, 0.5) for x, score in ((20, 0.9), (120, 0.1))]
    shown = np.asarray(drawn(grey(), faces))
    assert tuple(shown[80, 20]) == COLOURS["bona fide"]
    assert tuple(shown[80, 120]) == COLOURS["attack"]
    assert drawn(grey(), []).tobytes() == grey().tobytes()
