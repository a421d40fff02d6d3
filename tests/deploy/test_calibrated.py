"""A calibration on its way to a device: from evaluate to files beside the weights, exports and verdicts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from autofas.cli import main
from autofas.deploy.detector import Detector
from autofas.deploy.predict import predict
from autofas.deploy.runtime import Scores
from autofas.evaluation.calibration import Calibration

STEPS = {"scores": (0.2, 0.4, 0.6, 0.9), "probabilities": (0.1, 0.3, 0.3, 1.0)}
ISOTONIC = Calibration(kind="isotonic", level="video", presentations=24, **STEPS)


class Brightness:
    """Scores a crop by its mean brightness."""

    def __init__(self, info):
        self.info = info

    def score(self, crops):
        return Scores(np.float32([crop.mean() / 255 for crop in crops["color"]]), None)


@pytest.fixture(scope="module")
def bare(evaluated_run):
    """The record of the trained network, with no calibration."""
    from autofas.deploy.runtime import TorchScorer

    return TorchScorer(evaluated_run / "weights" / "best.safetensors").info


def grey(value: int):
    return np.full((64, 64, 3), value, np.uint8)


def test_probabilities_stand_beside_scores_and_change_no_verdict(bare):
    assert bare.calibration is None
    plain = Detector(Brightness(bare), faces="none", threshold=0.5)
    info = bare.model_copy(update={"calibration": ISOTONIC})
    mapped = Detector(Brightness(info), faces="none", threshold=0.5)
    silent = Detector(Brightness(info), faces="none", threshold=0.5, calibration="none")
    for value in range(0, 256, 5):
        (before,), (after,), (none,) = plain(grey(value)), mapped(grey(value)), silent(grey(value))
        assert (after.score, after.verdict) == (before.score, before.verdict) == (none.score, none.verdict)
        assert before.probability is none.probability is None
        assert after.probability == ISOTONIC([after.score])[0]
    # 0.45 and 0.55 are equally likely and lie on both sides of the threshold
    low, high = (mapped(grey(value))[0] for value in (115, 140))
    assert (low.verdict, high.verdict) == ("attack", "bona fide")
    assert low.probability == high.probability == pytest.approx(0.3)


def test_a_videos_probability_is_that_of_its_mean(bare, monkeypatch):
    from PIL import Image

    from autofas.deploy.sources import Shot

    shots = [Shot("v.mp4", number, Image.fromarray(grey(value))) for number, value in enumerate((51, 153))]
    monkeypatch.setattr("autofas.deploy.predict.shots", lambda sources, frames=None: iter(shots))
    info = bare.model_copy(update={"calibration": ISOTONIC})
    rows = [
        row
        for one in predict(Detector(Brightness(info), faces="none", threshold=0.5), ["v"])
        for row in one.rows
    ]
    assert [row.probability for row in rows] == pytest.approx([0.1, 0.3, 0.3])
    assert rows[-1].score == pytest.approx(0.4)


@pytest.fixture(scope="module")
def calibrated(evaluated_run, exported, tmp_path_factory) -> Path:
    """A copy of the run, evaluated with an isotonic calibration and exported with it."""
    run = Path(
        shutil.copytree(evaluated_run, tmp_path_factory.mktemp("calibrated") / "runs" / "train" / "tiny")
    )
    assert (
        main(["evaluate", "--run", str(run), "--calibration", "isotonic", "--threads", "1", "--quiet"]) == 0
    )
    assert main(["export", "--run", str(run), "--calibration", "isotonic", "--quiet"]) == 0
    return run


def test_every_file_of_the_run_gives_the_probabilities_of_its_evaluation(calibrated, capsys):
    from autofas.data.opening import open_dataset
    from autofas.evaluation.evaluate import training_of
    from autofas.metrics import read_scores

    table = read_scores(calibrated / "calibrated-test.csv")
    wanted = dict(zip(table.videos, table.scores, strict=True))
    dataset = open_dataset(training_of(calibrated).data)
    rows = dataset.split("test")[:3]  # one frame a video
    places = [calibrated, calibrated / "weights" / "best.safetensors", calibrated / "export" / "model.onnx"]
    for place in places:
        detector = Detector.load(place, faces="none", calibration="isotonic")
        for path, video in zip(rows["path"], rows["video"], strict=True):
            (found,) = detector(dataset.manifest.resolve(path))
            assert found.probability == pytest.approx(wanted[video], abs=1e-3)
    beside = json.loads((calibrated / "export" / "model.json").read_text())
    assert beside["calibration"]["kind"] == "isotonic"
    card = (calibrated / "weights" / "model_card.md").read_text(encoding="utf-8")
    assert "isotonic, fitted to 120 dev videos" in card
    assert main(["verify", str(calibrated), "--quiet"]) == 0
    picture = str(dataset.manifest.resolve(rows["path"].iloc[0]))
    words = ["predict", str(calibrated / "export" / "model.onnx"), picture, "--no-detector", "--json"]
    capsys.readouterr()
    assert main(words) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    (row,) = json.loads(last)["rows"]
    assert row["probability"] == pytest.approx(wanted[rows["video"].iloc[0]], abs=1e-3)
    assert any(f"  p {row['probability']:.4f}  " in line for line in lines)
    assert main([*words, "--calibration", "none"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["rows"][0]["probability"] is None


def test_another_kind_than_the_stored_one_is_one_line(calibrated, evaluated_run, capsys):
    for words in (
        ["predict", str(calibrated), "x.png", "--no-detector", "--calibration", "temperature"],
        ["export", "--run", str(calibrated), "--calibration", "temperature"],
        ["predict", str(evaluated_run), "x.png", "--no-detector", "--calibration", "temperature"],
    ):
        assert main(words) == 2
        error = capsys.readouterr().err
        assert "not temperature; fit it with autofas evaluate --run DIR --calibration temperature" in error
        assert error.count("\n") == 1
