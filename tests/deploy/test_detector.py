"""Detector: pictures of any kind in, verdicts or reasons out, the same from every file of a run."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.deploy.detector import DEMO, Detector, Judgement, as_picture, network_file
from autofas.errors import ConfigError, DataError
from autofas.metrics import read_scores
from autofas.models.genotype import genotype_from_cells, save_genotype
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from tests.conftest import SMALL_FACES
from tests.deploy.stand_ins import Brightness, TwoFaces, photograph


@pytest.fixture
def faces(evaluated_run):
    """A few generated face crops of the run's own data."""
    from autofas.data.opening import open_dataset
    from autofas.evaluation.evaluate import training_of

    dataset = open_dataset(training_of(evaluated_run).data)
    return [dataset.manifest.resolve(path) for path in dataset.split("test")["path"][:3]]


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr("autofas.deploy.detector.make_detector", lambda name: TwoFaces())


def test_every_kind_of_file_of_a_run_gives_the_score_of_its_evaluation(exported, evaluated_run, faces):
    from autofas.metrics import read_scores

    kept = dict(
        zip(*(lambda t: (t.paths, t.scores))(read_scores(evaluated_run / "scores-test.csv")), strict=True)
    )
    places = [evaluated_run, evaluated_run / "weights" / "best.safetensors"]
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


@pytest.mark.parametrize("kind", ["local", "image"])
def test_a_network_that_takes_light_away_scores_alike_in_every_kind_of_file(kind, faces, tmp_path, capsys):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs autofas[export]")
    space = load_space("small_even")
    layout = space.layout.model_copy(update={"normalise": kind})
    cells = random_cells(space, np.random.default_rng(1))
    assert any(edge.operation.startswith("cd_") for edge in cells[0].edges)
    genotype = genotype_from_cells(space.model_copy(update={"layout": layout}), *cells, "random")
    save_genotype(genotype, tmp_path / "genotype.json")
    words = ["train", "--genotype", str(tmp_path / "genotype.json"), "--name", "even", "--epochs", "4"]
    words += ["--runs-dir", str(tmp_path), "--input-size", "32", "--batch-size", "16", "--augment", "none"]
    words += ["--set", "optimizer.name=adam", "--set", "optimizer.lr=0.01"]
    assert main([*words, "--set", SMALL_FACES, "--threads", "1", "--quiet"]) == 0
    run = tmp_path / "train" / "even"
    assert main(["evaluate", "--run", str(run), "--threads", "1", "--quiet"]) == 0
    assert main(["export", "--run", str(run), "--form", "both", "--quiet"]) == 0
    parity = json.loads((run / "export" / "model.json").read_text())["parity"]
    assert parity["changed"] == 0
    assert parity["score_error"] < 1e-5
    kept = read_scores(run / "scores-test.csv")
    kept = dict(zip(kept.paths, kept.scores, strict=True))
    places = [run, run / "weights" / "best.safetensors", run / "export" / "model.onnx"]
    for place in (*places, run / "export" / "model-crop.onnx"):
        capsys.readouterr()
        words = ["predict", str(place), *map(str, faces), "--no-detector", "--quiet"]
        found = [row["score"] for row in main_values(words)["rows"]]
        wanted = [next(kept[path] for path in kept if str(face).endswith(path)) for face in faces]
        assert found == pytest.approx(wanted, abs=1e-5), place
    assert max(found) - min(found) > 1e-2  # that they are equal means something


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


def test_several_faces_largest_first_and_a_tiny_one_with_its_reason(exported, two, tmp_path):
    large, tiny = Detector.load(exported / "model.onnx")(photograph(tmp_path))
    assert large.box == (40, 30, 60, 60)
    assert large.square[2] == 78  # 60 times the margin 1.3
    assert large.verdict in ("bona fide", "attack")
    assert tiny.score is None
    assert tiny.verdict == "not judged"
    assert tiny.reason == "the face is 13 pixels wide with its margin, fewer than 16"


def test_a_network_of_three_modalities_takes_a_dict_of_pictures():
    detector = Detector(Brightness(modalities=("color", "depth", "ir")), faces="none", threshold=0.5)
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


def grey(value, side=64):
    return np.full((side, side, 3), value, np.uint8)


def test_a_score_of_the_threshold_is_bona_fide():
    for score, verdict in ((0.5, "bona fide"), (np.nextafter(0.5, 0), "attack"), (None, "not judged")):
        assert Judgement(None, None, score, 0.5).verdict == verdict


def test_the_threshold_is_the_files_unless_one_is_given():
    assert Detector(Brightness(threshold=0.25), faces="none").threshold == 0.25
    assert Detector(Brightness(threshold=0.25), faces="none", threshold=0.0).threshold == 0.0
    with pytest.raises(
        ConfigError, match="n has no threshold yet; give one, or evaluate its run: autofas eval"
    ):
        Detector(Brightness(), faces="none")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"threshold": float("nan")}, "threshold nan decides nothing"),
        ({"threshold": float("inf")}, "threshold inf decides nothing"),
        ({"min_face": -3}, "no face is -3 pixels wide"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(option, said):
    with pytest.raises(ConfigError, match=said):
        Detector(Brightness(), faces="none", **option)
    with pytest.raises(ConfigError, match="0 threads compute nothing; give one or more"):
        Detector.load(DEMO, faces="none", threads=0)


def test_a_crop_that_is_too_small_has_a_reason_in_place_of_a_score():
    detector = Detector(Brightness(threshold=0.25), faces="none")  # its crops are of 24 pixels
    assert detector.min_face == 12
    (small,) = detector(grey(200, side=11))
    assert small.reason == "the face is 11 pixels wide with its margin, fewer than 12"
    assert (small.score, small.verdict, small.live_map) == (None, "not judged", None)
    (judged,) = Detector(Brightness(threshold=0.25), faces="none", min_face=4)(grey(200, side=11))
    assert judged.score == pytest.approx(200 / 255)
    assert (judged.box, judged.square) == (None, (0, 0, 11, 11))


def test_no_face_and_boxes_larger_than_their_picture_are_no_judgement(two):
    detector = Detector(Brightness(threshold=0.25))
    assert detector(grey(0)) == []
    assert [face.box for face in detector(grey(200, side=55))] == [(4, 4, 10, 10)]  # the other is 60 wide


def test_a_face_finder_is_made_once_and_only_when_it_is_needed(monkeypatch):
    made = []
    monkeypatch.setattr("autofas.deploy.detector.make_detector", lambda name: made.append(name) or TwoFaces())
    detector = Detector(Brightness(threshold=0.25), faces="mine.onnx")
    assert made == []
    detector(grey(200, side=100))
    detector(grey(200, side=100))
    assert made == ["mine.onnx"]


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_an_array_that_is_no_picture_names_its_kind(array):
    shape = f"{array.dtype} {'x'.join(map(str, array.shape))}"
    with pytest.raises(DataError, match=f"an array of {shape} is not a picture; give RGB of"):
        as_picture(array)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_text("text")
    with pytest.raises(DataError, match=r"a.png: is not an image"):
        as_picture(tmp_path / "a.png")
    assert as_picture(Image.new("L", (3, 2), 7)).getpixel((0, 0)) == (7, 7, 7)


def test_demo_is_the_network_that_comes_along_unless_a_file_is_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert network_file(DEMO).name == "demo.onnx"
    assert network_file(DEMO).is_file()
    (tmp_path / "demo").write_text("")
    assert network_file(DEMO).resolve() == tmp_path / "demo"
