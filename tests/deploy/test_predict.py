"""A row for every face of every picture, for every picture without one, and for every video as a whole."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from autofas.deploy.detector import Detector
from autofas.deploy.predict import COLUMNS, NO_FACE, CsvRows, JsonRows, predict, values_of
from autofas.errors import ConfigError
from tests.data.data_files import write_video
from tests.deploy.stand_ins import Brightness, TwoFaces, photograph


@pytest.fixture
def whole():
    """Judges the whole of a picture by its brightness, at 0.5."""
    return Detector(Brightness(threshold=0.5, warning="a stand-in"), faces="none")


def rows_of(detector, *sources, **options):
    return [row for judged in predict(detector, list(map(str, sources)), **options) for row in judged.rows]


def grey(place, value, side=64):
    Image.new("RGB", (side, side), (value, value, value)).save(place)
    return place


def test_every_face_has_a_row_and_so_has_a_picture_without_one(monkeypatch, tmp_path):
    monkeypatch.setattr("autofas.deploy.detector.make_detector", lambda name: TwoFaces())
    detector = Detector(Brightness(threshold=0.25, crop_size=32))
    (tmp_path / "c.txt").write_text("text")
    rows = rows_of(detector, photograph(tmp_path), grey(tmp_path / "dark.png", 0), tmp_path / "c.txt")
    assert [(row.face, row.x, row.width) for row in rows] == [
        (0, 40, 60),
        (1, 4, 10),
        *[(None, None, None)] * 2,
    ]
    assert [row.verdict for row in rows] == ["bona fide", *["not judged"] * 3]
    assert rows[1].reason.startswith("the face is 13 pixels wide")
    assert rows[2].reason == NO_FACE
    assert rows[3].reason.startswith("is not an image")
    assert {row.threshold for row in rows} == {0.25}


def test_a_video_is_judged_by_the_mean_of_its_frames(whole, tmp_path):
    pytest.importorskip("av", reason="needs autofas[data]")
    one, other = (write_video(tmp_path / f"{name}.avi", frames=4, size=(64, 64)) for name in "ab")
    rows = rows_of(whole, one, grey(tmp_path / "still.png", 200), other, frames=3)
    assert [row.frame for row in rows] == [0, 2, 3, "mean", None, 0, 2, 3, "mean"]
    for video in (rows[:4], rows[5:]):
        assert video[3].score == pytest.approx(np.mean([row.score for row in video[:3]]))
        assert video[3].reason == "mean of 3 frames"
        assert video[3].verdict == "attack"
    assert rows[3].source == str(one)
    assert rows[4].verdict == "bona fide"


def test_a_video_none_of_whose_frames_was_judged_has_no_mean(tmp_path):
    pytest.importorskip("av", reason="needs autofas[data]")
    small = Detector(Brightness(threshold=0.5), faces="none", min_face=100)
    rows = rows_of(small, write_video(tmp_path / "a.avi", frames=2, size=(64, 64)))
    assert [row.frame for row in rows] == [0, 1]
    assert {row.score for row in rows} == {None}


def test_rows_are_given_as_they_come(whole, tmp_path):
    first, gone = grey(tmp_path / "a.png", 250), grey(tmp_path / "gone.png", 250)
    judged = predict(whole, [str(first), str(gone)])
    assert next(judged).rows[0].verdict == "bona fide"
    gone.unlink()
    with pytest.raises(ConfigError, match=r"gone.png does not exist"):
        next(judged)
    with pytest.raises(ConfigError, match=r"gone.png does not exist"):  # before the first is judged
        next(predict(whole, [str(first), str(gone)]))


def test_csv_and_json_lines_hold_the_same(whole, tmp_path):
    (tmp_path / "a,b.txt").write_text("text")
    rows = rows_of(whole, grey(tmp_path / "a.png", 200), tmp_path / "a,b.txt")
    as_csv, as_json = io.StringIO(newline=""), io.StringIO()
    for sink in (CsvRows(as_csv), JsonRows(as_json)):
        for row in rows:
            sink.write(row)
    assert [json.loads(line) for line in as_json.getvalue().splitlines()] == values_of(rows)
    cells = list(csv.DictReader(io.StringIO(as_csv.getvalue())))
    assert tuple(cells[0]) == COLUMNS
    for cell, row in zip(cells, values_of(rows), strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()} == cell
    assert {cell["warning"] for cell in cells} == {"a stand-in"}
