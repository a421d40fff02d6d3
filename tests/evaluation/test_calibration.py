"""Calibration of a run: fitted on dev, kept beside the weights, reported, applied, and checked again."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from autofas.commands.figure_tables import calibration_table
from autofas.config.evaluate import EvaluateConfig
from autofas.errors import MetricError, RunError
from autofas.evaluation.calibration import (
    Calibration,
    calibrated_name,
    chosen,
    differences,
    fit,
    read_calibration,
    report,
)
from autofas.evaluation.evaluate import evaluate
from autofas.evaluation.judgement import Terms, judge
from autofas.evaluation.verification import verify
from autofas.metrics import CALIBRATION_CHOICES, read_scores
from autofas.models.weights import WEIGHTS_FILE, read_weights
from autofas.storage.files import write_json
from autofas.storage.schema import read_json
from tests.evaluation.evaluation_files import random_table, small_data_set, trained_run

KINDS = [choice for choice in CALIBRATION_CHOICES if choice != "none"]
DEV, TEST = random_table(0), random_table(1)


@pytest.mark.parametrize("level", ["video", "frame"])
@pytest.mark.parametrize("kind", KINDS)
def test_dev_is_better_calibrated_and_test_is_not_looked_at(kind, level):
    found = report(fit(kind, DEV, level), DEV, TEST, 0.5)
    assert found.calibration.presentations == len(DEV.at_level(level))
    assert found.dev.after.brier < found.dev.before.brier
    assert found.dev.after.ece < found.dev.before.ece
    assert found.judged.after.brier < found.judged.before.brier  # drawn as dev was
    again = report(fit(kind, DEV, level), DEV, random_table(2, shift=0.0), 0.5)
    assert again.dev == found.dev
    assert again.judged != found.judged


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_at_the_transferred_threshold_stay(kind):
    for seed in range(20):
        dev, test = random_table(2 * seed), random_table(2 * seed + 1)
        judged = judge(test, dev, Terms())
        calibration = fit(kind, dev, "video")
        mapped = calibration.table(test)
        at = report(calibration, dev, test, judged.threshold.value).threshold
        before, after = judged.table.scores >= judged.threshold.value, mapped.scores >= at
        assert mapped.paths == judged.table.paths
        if kind == "temperature":
            assert (before == after).all()
        else:  # equal to the threshold's probability: the one way in which steps may differ
            assert (mapped.scores[before != after] == at).all()


def test_videos_are_mapped_after_their_frames_are_averaged():
    calibration = fit("temperature", DEV, "video")
    assert calibration.table(TEST).scores == pytest.approx(calibration(TEST.by_video().scores))


def test_a_threshold_outside_is_no_probability():
    calibration = fit("isotonic", DEV, "video")
    assert report(calibration, DEV, TEST, 2.0).threshold is None
    assert report(calibration, DEV, TEST, float("inf")).threshold is None
    assert report(calibration, DEV, TEST, 1.0).threshold == calibration([1.0])[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scale": -1.0}, "greater than 0"),
        ({"bias": None}, "scale and bias alone"),
        ({"scores": (0.5,), "probabilities": (0.5,)}, "scale and bias alone"),
        ({"kind": "isotonic"}, "scores and probabilities alone"),
    ],
)
def test_a_temperature_that_is_none(changes, said):
    values = {"kind": "temperature", "level": "video", "presentations": 8, "scale": 2.0, "bias": 0.5}
    assert Calibration(**values)([0.5])[0] == pytest.approx(1 / (1 + np.exp(-0.5)))
    with pytest.raises(ValueError, match=said):
        Calibration(**(values | changes))


@pytest.mark.parametrize(
    ("scores", "probabilities", "said"),
    [
        ((0.1, 0.1), (0.0, 1.0), "must rise"),
        ((0.1, 0.2), (0.5, 0.4), "does not fall"),
        ((0.1, 0.2), (0.5,), "a probability each"),
        ((0.1, 1.2), (0.0, 1.0), r"lie in \[0, 1\]"),
        ((0.1, 0.2), (-0.5, 1.0), r"lie in \[0, 1\]"),
    ],
)
def test_steps_that_are_none(scores, probabilities, said):
    with pytest.raises(ValueError, match=said):
        Calibration(
            kind="isotonic", level="video", presentations=8, scores=scores, probabilities=probabilities
        )


def test_what_a_verb_applies():
    own = fit("isotonic", DEV, "video")
    assert chosen(None, own, "net") is own
    assert chosen("isotonic", own, "net") is own
    assert chosen("none", own, "net") is chosen(None, None, "net") is None
    with pytest.raises(RunError, match="net carries a calibration of kind isotonic, not temperature"):
        chosen("temperature", own, "net")
    with pytest.raises(RunError, match="net carries none, not isotonic; fit it with autofas evaluate"):
        chosen("isotonic", None, "net")


def test_differences_name_the_place():
    one = fit("temperature", DEV, "video")
    assert one.bias is not None
    other = one.model_copy(update={"bias": one.bias + 0.1, "level": "frame"})
    assert [line.split(" is ")[0] for line in differences(one, other)] == [
        "calibration.level",
        "calibration.bias",
    ]
    assert differences(one, one.model_copy(update={"bias": one.bias + 1e-9})) == []
    steps = fit("isotonic", DEV, "video")
    assert differences(steps, steps.model_copy(update={"scores": steps.scores[1:]})) != []


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A trained run, evaluated with each calibration: the last one is isotonic."""
    root = tmp_path_factory.mktemp("calibrated")
    run = trained_run(root / "runs", small_data_set(root / "a"), root / "cache")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    shutil.copy(run / "metrics.json", root / "uncalibrated.json")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, calibration="isotonic", split="dev"))
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, calibration="isotonic"))
    return root


@pytest.fixture
def run(made, tmp_path) -> Path:
    """A copy of the run to edit."""
    return Path(shutil.copytree(made / "runs" / "train" / "run", tmp_path / "run"))


def test_nothing_else_changes_and_the_folder_verifies(made, run):
    before, after = read_json(made / "uncalibrated.json"), read_json(run / "metrics.json")
    told = after.pop("calibration")
    assert "calibration" not in before
    assert after == before
    assert (told["calibration"]["kind"], told["bins"]) == ("isotonic", 15)
    probabilities = read_scores(run / calibrated_name("test"))
    assert len(probabilities) == 32
    assert 0 <= probabilities.scores.min() <= probabilities.scores.max() <= 1
    digest = read_weights(run / WEIGHTS_FILE)[1].sha256
    assert (
        differences(
            read_calibration(run / WEIGHTS_FILE, digest),
            fit("isotonic", read_scores(run / "scores-dev.csv"), "video"),
        )
        == []
    )
    assert verify(run, rescore=True).faults == []


def edit(place: Path, *keys: str, value: object) -> None:
    values = read_json(place)
    inner = values
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    write_json(place, values)


def test_every_edit_is_found(run):
    stored, metrics = run / "weights" / "calibration.json", run / "metrics.json"
    edit(metrics, "calibration", "judged", "after", "brier", value=0.0)
    edit(metrics, "calibration", "threshold", value=0.123)
    faults = verify(run).faults
    assert any("metrics.json: calibration.judged.after.brier is 0.0" in line for line in faults)
    assert any("metrics.json: calibration.threshold is 0.123" in line for line in faults)
    edit(stored, "probabilities", value=[1.0] * len(read_json(stored)["scores"]))
    faults = verify(run).faults
    assert any(line.startswith("weights/calibration.json was changed") for line in faults)
    assert any(line.startswith("weights/calibration.json.probabilities") for line in faults)
    edit(stored, "weights_sha256", value="0" * 64)
    assert any("fitted to the scores of other weights" in line for line in verify(run).faults)
    text = (run / "calibrated-test.csv").read_text().splitlines()
    (run / "calibrated-test.csv").write_text(
        "\n".join([*text[:-1], text[-1].rsplit(",", 1)[0] + ",0.111"]) + "\n"
    )
    assert any(line.startswith("calibrated-test.csv: it does not hold") for line in verify(run).faults)
    assert all("\n" not in line for line in verify(run).faults)


def test_a_damaged_file_is_one_line(run):
    stored = run / "weights" / "calibration.json"
    for content, said in (
        ("[]", "expected a calibration"),
        ("{}", "kind is missing"),
        ("{", "not valid JSON"),
    ):
        stored.write_text(content)
        with pytest.raises(RunError, match=said):
            read_calibration(run / WEIGHTS_FILE, "0" * 64)
    stored.unlink()
    assert read_calibration(run / WEIGHTS_FILE, "0" * 64) is None
    assert any("weights/calibration.json is missing" in line for line in verify(run).faults)


def test_both_sides_are_shown_where_another_threshold_judges(run):
    config = EvaluateConfig(
        run=str(run), device="cpu", threads=1, calibration="isotonic", threshold="fixed", threshold_value=0.5
    )
    metrics = evaluate(config).figures
    assert metrics.calibration is not None
    printed = calibration_table([metrics])
    assert "fitted to 24 dev videos; ECE over 15 equal-width bins" in printed
    assert [line.split()[2] for line in printed.splitlines()[2:4]] == ["dev", "test"]
    assert read_json(run / "metrics.json")["dev_scores_file"] is None
    assert verify(run).faults == []


def test_scores_that_no_temperature_fits():
    inverted = random_table(0, shift=-0.3)
    inverted = type(inverted)(
        inverted.paths, inverted.videos, inverted.subjects, inverted.pais, np.clip(inverted.scores, 0, 1)
    )
    with pytest.raises(MetricError, match="no temperature fits"):
        fit("temperature", inverted, "video")
