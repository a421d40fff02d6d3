"""Charts by numbers one can check: where a value lies, which ticks an axis has, and that nothing escapes."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from autofas.report.charts import LETTER, LIFT, LINE, WIDTH, Chart, linear, logarithmic, probit


def test_axes_place_values_and_choose_round_ticks():
    axis = linear("x", 0, 1)
    assert [axis.part(value) for value in (0, 0.25, 1, 7, -3)] == [0, 0.25, 1, 1, 0]
    assert [label for _, label in axis.ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    log = logarithmic("x", 1e3, 1e7)
    assert log.part(1e5) == pytest.approx(0.5)
    assert [label for _, label in log.ticks] == ["1K", "10K", "100K", "1M", "10M"]
    normal = probit("x", 0.1, 0.9)
    assert normal.part(0.5) == pytest.approx(0.5)


def test_a_chart_is_well_formed_and_its_words_are_text_alone():
    chart = Chart(linear("<x>", 0, 10), linear("y & z", 0, 1), 'a "chart" <script>')
    chart.line([(0, 0), (5, 0.5), (10, 1)], 1, "series <b>")
    chart.band([(0, 0), (10, 0)], [(0, 1), (10, 1)], 1)
    chart.bars([0, 5, 10], [0.5, 1], 2, "bars", filled=True)
    bands = chart.text().count('class="band')
    chart.bars([0, 5, 10], [0.5, 1], 2, "outline", filled=False)
    assert chart.text().count('class="band') == bands
    chart.key(1, "kind <i>", "square")
    chart.upright(5, "threshold")
    for shape in ("circle", "square", "triangle"):
        chart.dot(9, 0.5, 0, "model", shape)
    text = chart.text()
    ElementTree.fromstring(text)
    assert "<script" not in text
    assert "<b>" not in text
    assert 'points="62.0,280.0 304.0,147.0 546.0,14.0"' in text


def test_names_of_points_that_lie_on_each_other_are_set_apart():
    chart = Chart(linear("a", 0, 10), linear("b", 0, 1), "a chart")
    for number in range(5):
        chart.dot(5, 0.5 + 0.01 * number, 0, f"model{number}")
    bases = [float(found) for found in re.findall(r'class="named" x="[^"]*" y="([^"]*)"', chart.text())]
    assert len(bases) == 5
    gaps = [abs(one - other) for place, one in enumerate(bases) for other in bases[place + 1 :]]
    assert min(gaps) >= LINE
    chart.dot(9, 0.5, 0, "far away")  # where nothing is in the way a name stands beside its point
    last = re.findall(r'class="named" x="[^"]*" y="([^"]*)"', chart.text())[-1]
    assert float(last) == pytest.approx(chart.place(9, 0.5)[1] - LIFT, abs=0.1)


def test_a_name_stands_above_the_line_that_leaves_its_point_and_inside_the_chart():
    """A front's line ran through the name of every point that it left."""
    chart = Chart(linear("a", 0, 10), linear("b", 0, 1), "a chart")
    for x in (0, 5, 7, 10):
        chart.dot(x, 0.5, 0, "a name of 24 letters, it")
    found = re.findall(r'"named" x="([^"]*)" y="([^"]*)" text-anchor="(\w+)"', chart.text())
    line = chart.place(0, 0.5)[1]
    for x, base, anchor in found:
        assert abs(float(base) - line) >= LIFT
        start = float(x) - (LETTER * 24 if anchor == "end" else 0)
        assert start >= 0
        assert start + LETTER * 24 <= WIDTH
