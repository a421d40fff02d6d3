"""autofas predict: a line a face, the same in CSV and JSON lines, the overlay, what cannot be asked for."""

import csv
import json
import os

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.commands.predict import _line
from autofas.deploy.predict import Row
from autofas.printed import exact
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
    assert out[-2] == "no face was found in 1 of 2 pictures"


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
    for threshold, verdict in ((score, "bona fide"), (np.nextafter(score, 1), "attack"), (1e-7, "bona fide")):
        found = main_values([*words, "--threshold", repr(float(threshold))])
        assert (found["threshold"], found["rows"][0]["verdict"]) == (threshold, verdict)
        assert f"bona fide at {exact(threshold)} or more (given)" in capsys.readouterr().out


def test_progress_is_told_unless_quiet(exported, tmp_path, capsys):
    words = ["predict", str(exported / "model.onnx"), str(photograph(tmp_path)), "--no-detector"]
    main_values(words)
    assert "rows: 1, in " in capsys.readouterr().err
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


def test_a_camera_a_video_and_a_turned_picture_by_the_command_line(exported, tmp_path, monkeypatch, capsys):
    cv2 = pytest.importorskip("cv2", reason="needs autofas[data]")
    pytest.importorskip("av", reason="needs autofas[data]")
    from tests.data.data_files import write_video
    from tests.deploy.test_sources import Camera

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to show
    upright = Image.open(photograph(tmp_path))
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    video = write_video(tmp_path / "v.avi", frames=4, size=(64, 64))
    words = ["predict", str(exported / "model.onnx"), "--no-detector", "--quiet", "--min-face", "4"]
    rows = main_values([*words, "8", str(video), str(tmp_path / "photo.png"), str(tmp_path / "turned.png")])[
        "rows"
    ]
    assert [(row["source"].rpartition("/")[2], row["frame"]) for row in rows] == [
        ("camera 8", 0), ("camera 8", 1), ("v.avi", 0), ("v.avi", 1), ("v.avi", 2), ("v.avi", 3),
        ("v.avi", "mean"), ("photo.png", None), ("turned.png", None),
    ]  # fmt: skip
    assert all(row["score"] is not None for row in rows)
    assert rows[-1]["score"] == pytest.approx(rows[-2]["score"], abs=1e-6)
    assert main([*words, "9"]) == 2
    assert "camera 9 gives no picture; is it there, and free?" in capsys.readouterr().err


def test_rows_before_what_ends_it_are_kept_and_an_interrupted_camera_has_ended(
    exported, tmp_path, monkeypatch, capsys
):
    cv2 = pytest.importorskip("cv2", reason="needs autofas[data]")
    from autofas.runtime.interruption import Interrupted
    from tests.deploy.test_sources import Camera

    class Endless(Camera):
        def read(self):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls > 2:
                raise Interrupted(2)
            return super().read()

    monkeypatch.setattr(cv2, "VideoCapture", Endless)
    rows, photo = tmp_path / "rows.csv", str(photograph(tmp_path))
    words = ["predict", str(exported / "model.onnx"), "--no-detector", "--min-face", "4", "--csv", str(rows)]
    assert main([*words, "8"]) == 0
    assert [row["source"] for row in csv.DictReader(rows.open())] == ["camera 8", "camera 8"]
    assert main([*words, photo, "9"]) == 2
    assert "camera 9 gives no picture" in capsys.readouterr().err
    assert [row["source"] for row in csv.DictReader(rows.open())] == [photo]
    kept = rows.read_bytes()
    assert main([*words, "9"]) == 2  # nothing was judged: the file of before stays
    assert main([*words, photo, str(tmp_path / "nowhere.png")]) == 2
    assert "bona fide  " not in capsys.readouterr().out  # a wrong name is said before the work
    assert rows.read_bytes() == kept

    def interrupted(*args, **kwargs):
        yield from real(*args, **kwargs)
        raise Interrupted(2)

    from autofas.deploy import predict

    real = predict.predict
    monkeypatch.setattr(predict, "predict", interrupted)
    assert main([*words, photo, photo]) == 130
    assert len(rows.read_text().splitlines()) == 3


def test_a_network_of_ones_own_finds_the_faces(exported, tmp_path):
    pytest.importorskip("onnx", reason="needs autofas[export]")
    pytest.importorskip("cv2", reason="needs autofas[data]")
    from tests.data.preparation.test_yunet import bright_squares

    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[32:64, 64:96, 0] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    words = ["predict", str(exported / "model.onnx"), str(tmp_path / "a.png"), "--quiet", "--detector"]
    (row,) = main_values([*words, str(bright_squares(tmp_path / "squares.onnx"))])["rows"]
    assert row["score"] is not None
    assert (row["x"], row["y"]) == (pytest.approx(48, abs=2), pytest.approx(16, abs=2))


def test_what_cannot_be_read_is_a_row_with_a_reason(exported, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "half.png").write_bytes(photograph(tmp_path).read_bytes()[:80])
    os.mkfifo(folder / "pipe.png")
    (folder / "video.mp4").write_text("no video")
    (folder / "link.png").symlink_to(folder / "nowhere.png")
    words = ["predict", str(exported / "model.onnx"), str(folder), "--no-detector", "--quiet"]
    rows = {row["source"].rpartition("/")[2]: row for row in main_values(words)["rows"]}
    assert {row["verdict"] for row in rows.values()} == {"not judged"}
    assert rows["empty.jpg"]["reason"] == "is empty (0 bytes)"
    assert rows["half.png"]["reason"].startswith("is truncated or damaged")
    assert rows["pipe.png"]["reason"] == "is a pipe, socket or device, not a file"
    assert rows["video.mp4"]["reason"].startswith("is damaged or not a video")
    assert rows["link.png"]["reason"] == "no such file"
