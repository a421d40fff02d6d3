"""autofas predict: a line a face, the same in CSV and JSON lines, the overlay, what cannot be asked for."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.commands.predict import _line
from autofas.deploy.predict import Row
from tests.deploy.stand_ins import TwoFaces, photograph

WARNING = "trained on generated faces: no protection against real attacks"


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr("autofas.deploy.detector.make_detector", lambda name: TwoFaces())


def test_the_table_its_csv_its_json_lines_and_the_overlay_agree(exported, two, tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    photograph(folder, "a.png")
    Image.new("RGB", (64, 64)).save(folder / "b.png")
    (folder / "c.txt").write_text("not an image")
    words = ["predict", str(exported / "model.onnx"), str(folder), "--csv", str(tmp_path / "r.csv")]
    words += ["--jsonl", str(tmp_path / "r.jsonl"), "--overlay", str(tmp_path / "seen"), "--json"]
    assert main(words) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"note: {WARNING}"
    rows = json.loads(out[-1])["rows"]
    assert [row["reason"] for row in rows] == [
        "",
        "the face is 13 pixels wide with its margin, fewer than 16",
        "no face was found",
        "is not an image (JPEG, PNG, BMP, PPM, WEBP, TIFF are read)",
    ]
    assert all(row["warning"] == WARNING for row in rows)
    assert [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()] == rows
    cells = list(csv.DictReader((tmp_path / "r.csv").open()))
    assert [cell["verdict"] for cell in cells] == [row["verdict"] for row in rows]
    assert float(cells[0]["score"]) == rows[0]["score"]
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["0000-a.png", "0001-b.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.onnx", "x.png"], "nowhere.onnx does not exist"),
        (["NETWORK", "nowhere.png"], "nowhere.png does not exist; give an image"),
        (["NETWORK", ".", "--detector", "yolo"], "detector yolo does not exist"),
        (["NETWORK", ".", "--detector", "gone.onnx"], "gone.onnx does not exist"),
        (["NETWORK", ".", "--frames", "0"], "0 frames cannot be judged"),
    ],
)
def test_what_cannot_be_asked_for(exported, words, said, tmp_path, monkeypatch, capsys):
    photograph(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = [str(exported / "model.onnx") if word == "NETWORK" else word for word in words]
    assert main(["predict", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_the_demo_network_judges_a_real_photograph_and_says_what_it_is(tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason="needs autofas[export]")
    pytest.importorskip("cv2", reason="needs autofas[data]")
    data = pytest.importorskip("skimage.data", reason="the photograph is scikit-image's")
    Image.fromarray(data.astronaut()).save(tmp_path / "astronaut.png")
    assert main(["predict", "demo", str(tmp_path / "astronaut.png"), "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"note: {WARNING}"
    (row,) = json.loads(out[-1])["rows"]
    assert 150 < row["x"] + row["width"] / 2 < 300  # her face is at about 220, 120
    assert 60 < row["y"] + row["height"] / 2 < 180
    assert row["score"] is not None


def test_a_line_says_the_verdict_first_then_where_then_why_not():
    row = {"source": "a.mp4", "frame": 3, "face": 0, "x": 4, "y": 5, "width": 60, "height": 70}
    row |= {"score": 0.5, "threshold": 0.25, "verdict": "bona fide", "reason": "", "warning": ""}
    assert _line(Row(**row)) == "bona fide   0.5000  a.mp4 frame 3  face 60x70 at 4,5"
    whole = row | {"x": None, "frame": None, "verdict": "attack"}
    assert _line(Row(**whole)) == "attack      0.5000  a.mp4"
    none = whole | {"score": None, "verdict": "not judged", "reason": "no face was found"}
    assert _line(Row(**none)) == "not judged       -  a.mp4  (no face was found)"


def test_a_threshold_that_is_given_is_said_and_counts(exported, tmp_path, capsys):
    words = ["predict", str(exported / "model.onnx"), str(photograph(tmp_path)), "--no-detector"]
    stored = main_values(words)
    assert "(dev-eer)" in capsys.readouterr().out
    score = stored["rows"][0]["score"]
    for threshold, verdict in ((score, "bona fide"), (np.nextafter(score, 1), "attack")):
        found = main_values([*words, "--threshold", repr(float(threshold))])
        assert (found["threshold"], found["rows"][0]["verdict"]) == (threshold, verdict)
        assert f"bona fide at {threshold:.4f} or more (given)" in capsys.readouterr().out


def test_progress_is_told_unless_quiet(exported, tmp_path, capsys):
    words = ["predict", str(exported / "model.onnx"), str(photograph(tmp_path)), "--no-detector"]
    main_values(words)
    assert "1 rows in " in capsys.readouterr().err
    main_values([*words, "--quiet"])
    assert capsys.readouterr().err == ""


def test_two_ways_to_find_faces_at_once_are_refused(capsys):
    assert main(["predict", "demo", "x.png", "--no-detector", "--detector", "y.onnx"]) == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_file_of_rows_that_cannot_be_written_is_named(exported, tmp_path, capsys):
    words = ["predict", str(exported / "model.onnx"), str(photograph(tmp_path)), "--no-detector", "--csv"]
    assert main([*words, str(tmp_path / "no" / "rows.csv")]) == 2
    error = capsys.readouterr().err
    assert "rows.csv" in error
    assert error.splitlines()[-1].startswith("autofas predict: ")
