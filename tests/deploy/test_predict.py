"""autofas predict and autofas.Detector as a user runs them: pictures in, verdicts or reasons out."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import autofas
from autofas.cli import main
from autofas.data.preparation.detector import Face
from autofas.deploy.detector import Detector
from autofas.deploy.overlay import COLOURS, drawn
from autofas.errors import ConfigError, DataError, RunError

WARNING = "trained on generated faces: no protection against real attacks"


@pytest.fixture
def faces(trained):
    """A few generated face crops of the run's own data."""
    from autofas.data.opening import open_dataset
    from autofas.evaluation.evaluate import training_of

    dataset = open_dataset(training_of(trained).data)
    return [dataset.manifest.resolve(path) for path in dataset.split("test")["path"][:3]]


class TwoFaces:
    """Finds a large face, a small one, and nothing in a dark picture."""

    name = "two"

    def detect(self, image):
        if np.asarray(image).mean() < 10:
            return []
        return [Face((4, 4, 10, 10), 0.99), Face((40, 30, 60, 60), 0.9)]


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr("autofas.deploy.detector.make_detector", lambda name: TwoFaces())


@pytest.fixture
def photograph(tmp_path):
    pixels = np.random.default_rng(0).integers(60, 200, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_every_kind_of_file_of_a_run_gives_the_score_of_its_evaluation(exported, trained, faces):
    from autofas.metrics import read_scores

    kept = dict(zip(*(lambda t: (t.paths, t.scores))(read_scores(trained / "scores-test.csv")), strict=True))
    places = [trained, trained / "weights" / "best.safetensors"]
    places += [exported / "model.onnx", exported / "model-crop.onnx"]
    for place in places:
        detector = Detector.load(place, faces="none")
        for face in faces:
            (found,) = detector(face)
            wanted = next(score for path, score in kept.items() if str(face).endswith(path))
            assert found.score == pytest.approx(wanted, abs=1e-5), place
            assert found.verdict == ("bona fide" if wanted >= detector.threshold else "attack")
            assert found.live_map.shape == (4, 4)
            assert found.live_map.mean() == pytest.approx(found.score, abs=1e-5)


def test_a_picture_is_a_path_a_pillow_picture_or_an_array(exported, faces):
    detector = Detector.load(exported / "model.onnx", faces="none")
    picture = Image.open(faces[0])
    scores = {detector(one)[0].score for one in (faces[0], str(faces[0]), picture, np.asarray(picture))}
    assert len(scores) == 1
    with pytest.raises(DataError, match="float64 2x2 is not a picture"):
        detector(np.zeros((2, 2)))


def test_exif_turns_the_picture_before_it_is_judged(exported, faces, tmp_path):
    detector = Detector.load(exported / "model.onnx", faces="none")
    upright = Image.open(faces[0]).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to show
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    assert detector(tmp_path / "turned.png")[0].score == pytest.approx(detector(upright)[0].score, abs=1e-6)


def test_several_faces_largest_first_and_a_tiny_one_with_its_reason(exported, two, photograph):
    large, tiny = Detector.load(exported / "model.onnx")(photograph)
    assert large.box == (40, 30, 60, 60)
    assert large.square[2] == 78  # 60 times the margin 1.3
    assert large.verdict in ("bona fide", "attack")
    assert tiny.score is None
    assert tiny.verdict == "not judged"
    assert tiny.reason == "the face is 13 pixels wide with its margin, fewer than 16"


def test_the_table_its_csv_its_json_lines_and_the_overlay_agree(exported, two, photograph, tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    photograph.rename(folder / "a.png")
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


def test_a_video_is_judged_by_the_mean_of_its_frames(exported, trained, tmp_path, faces, capsys):
    av = pytest.importorskip("av", reason="needs autofas[data]")
    pictures = [Image.open(face).convert("RGB").resize((64, 64)) for face in faces]
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    words = ["predict", str(exported / "model.onnx"), str(tmp_path / "v.mp4"), "--no-detector", "--json"]
    assert main(words) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert [row["frame"] for row in rows] == [0, 1, 2, "mean"]
    assert rows[-1]["score"] == pytest.approx(np.mean([row["score"] for row in rows[:-1]]))


def test_a_cameras_pictures_are_judged_until_there_are_enough(exported, monkeypatch, capsys):
    cv2 = pytest.importorskip("cv2", reason="needs autofas[data]")

    class Camera:
        def __init__(self, index):
            self.there = index == 7

        def read(self):
            return self.there, np.full((64, 64, 3), 128, np.uint8)

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    words = ["predict", str(exported / "model.onnx"), "7", "--frames", "3", "--no-detector", "--json"]
    assert main(words) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert [(row["source"], row["frame"]) for row in rows] == [
        ("camera 7", 0),
        ("camera 7", 1),
        ("camera 7", 2),
    ]
    assert main(["predict", str(exported / "model.onnx"), "8", "--no-detector"]) == 2
    assert "camera 8 gives no picture" in capsys.readouterr().err


def test_the_overlay_shows_verdict_map_and_warning():
    from autofas.deploy.detector import Judgement

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
def test_what_cannot_be_asked_for(exported, words, said, photograph, monkeypatch, capsys):
    monkeypatch.chdir(photograph.parent)
    words = [str(exported / "model.onnx") if word == "NETWORK" else word for word in words]
    assert main(["predict", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_files_that_are_no_network_are_refused_in_one_line(tmp_path, exported):
    onnx = pytest.importorskip("onnx")
    (tmp_path / "noise.onnx").write_bytes(b"not a model")
    with pytest.raises(RunError, match="cannot be run by onnxruntime"):
        Detector.load(tmp_path / "noise.onnx")
    model = onnx.load(str(exported / "model.onnx"))
    told = json.loads(model.metadata_props[0].value)
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "bare.onnx"))
    with pytest.raises(RunError, match="was not exported by autofas"):
        Detector.load(tmp_path / "bare.onnx")
    model.metadata_props.add(key="autofas", value=json.dumps(told | {"threshhold": 1}))
    onnx.save(model, str(tmp_path / "odd.onnx"))
    with pytest.raises(RunError, match="unknown key threshhold, did you mean threshold"):
        Detector.load(tmp_path / "odd.onnx")


def test_a_network_of_three_modalities_takes_a_dict_of_pictures(exported):
    class Three:
        info = Detector.load(exported / "model.onnx").info.model_copy(
            update={"modalities": ("color", "depth", "ir")}
        )

        def score(self, crops):
            from autofas.deploy.runtime import Scores

            values = [crops[name].mean() / 255 for name in ("color", "depth", "ir")]
            return Scores(np.array([sum(values) / 3], np.float32), None)

    detector = Detector(Three(), faces="none", threshold=0.5)
    grey = {name: np.full((64, 64, 3), value, np.uint8) for name, value in (("color", 0), ("ir", 255))}
    with pytest.raises(ConfigError, match="reads color, depth, ir; depth is missing"):
        detector(grey)
    grey["depth"] = np.full((64, 64, 3), 255, np.uint8)
    assert detector(grey)[0].score == pytest.approx(2 / 3)


LIGHT = """
import sys, time
start = time.process_time()
from autofas import Detector
detector = Detector.load(sys.argv[1], faces="none")
import numpy as np
assert detector(np.full((80, 80, 3), 128, np.uint8))[0].score is not None
heavy = [name for name in ("torch", "pandas", "matplotlib") if name in sys.modules]
print(time.process_time() - start, heavy)
"""


def test_the_detector_needs_no_torch_and_is_ready_in_under_a_second(exported):
    words = [sys.executable, "-c", LIGHT, str(exported / "model.onnx")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 1.0  # CPU time: the machine of a test may be busy


def test_detector_is_a_public_name():
    assert autofas.Detector is Detector
    assert "Detector" in autofas.__all__


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
