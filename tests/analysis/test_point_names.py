"""Names beside points: clear of each other, of markers and of lines, and joined to a point they left."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autofas.analysis.point_names import PointName, marker_box, name_points


@pytest.fixture
def picture():
    """Axes from 0 to 10 both ways on 800 x 600 pixels, drawn, and their renderer."""
    figure = Figure(figsize=(8, 6), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    canvas.draw()
    return axes, canvas.get_renderer()


def test_a_marker_takes_its_size_in_pixels(picture):
    box = marker_box(picture[0], 5, 5, 7.2)
    assert (box.x1 - box.x0, box.y1 - box.y0) == pytest.approx((10, 10))
    assert ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) == pytest.approx((400, 300))


def test_names_of_one_place_are_set_apart_and_off_the_marker(picture):
    axes, renderer = picture
    names = [PointName(f"network {number}", 5, 5) for number in range(8)]
    marker = marker_box(axes, 5, 5, 8)
    boxes = name_points(axes, renderer, names, [marker])
    assert len(boxes) == 8
    for place, box in enumerate([*boxes, marker]):
        for other in [*boxes, marker][place + 1 :]:
            assert box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
    assert [text.get_text() for text in axes.figure.texts] == [name.words for name in names]
    # not all of eight fit beside their point; the others are led back to it
    assert any(line.get_xdata()[0] == pytest.approx(400) for line in axes.lines)


def test_a_line_is_left_uncovered_where_there_is_room(picture):
    axes, renderer = picture
    (free,) = name_points(axes, renderer, [PointName("a name", 5, 5)], [])
    middle = (free.y0 + free.y1) / 2
    (moved,) = name_points(axes, renderer, [PointName("a name", 5, 5)], [], lines=[(80, middle, 720, middle)])
    assert not moved.y0 < middle < moved.y1


@pytest.mark.parametrize("beyond", [-4.0, 12.0])
def test_names_reach_as_far_to_the_right_as_they_may(picture, beyond):
    axes, renderer = picture
    (box,) = name_points(axes, renderer, [PointName("at the edge", 10, 5)], [], beyond=beyond)
    assert box.x1 <= 720 + beyond
