"""Axes that the pictures share."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autofas.analysis.axes import shortened, style_axes, tick_by_decades


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.3, "0.3"), (999, "999"), (1e3, "1K"), (3e6, "3M"), (1e9, "1G"), (12e9, "12G")],
)
def test_ticks_are_shortened(value, text):
    assert shortened(value) == text


def test_a_logarithmic_axis_has_the_steps_asked_for_and_no_frame_above_or_right():
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.set_xlim(900, 110_000)
    tick_by_decades(axes.xaxis, (1.0, 3.0))
    style_axes(axes)
    canvas.draw()
    within = [
        label.get_text()
        for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if 900 <= place <= 110_000
    ]
    assert within == ["1K", "3K", "10K", "30K", "100K"]
    assert [axes.spines[side].get_visible() for side in ("top", "right", "left", "bottom")] == [False] * 2 + [
        True
    ] * 2
