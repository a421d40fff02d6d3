"""Trained, evaluated and edited: every one of more than twenty edits to a run folder is found and named."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autofas.config.evaluate import EvaluateConfig
from autofas.errors import MetricError, RunError
from autofas.evaluation.evaluate import evaluate
from autofas.evaluation.verification import verify
from autofas.metrics import read_scores, write_scores
from autofas.models.weights import WEIGHTS_FILE, record_threshold
from autofas.runs.record import record
from autofas.storage.files import write_json
from autofas.storage.schema import read_json
from tests.evaluation.evaluation_files import change_a_weight, flip_a_weight


def edit_json(name: str, change: Callable[[dict], None]) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        values = read_json(run / name)
        change(values)
        write_json(run / name, values)

    return edit


def edit_text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        text = (run / name).read_text()
        assert old in text
        (run / name).write_text(text.replace(old, new, 1))

    return edit


def edit_cell(name: str, column: str, value: str | None, row: int = 3) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        with (run / name).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        rows[row][column] = value if value is not None else repr(float(rows[row][column]) + 0.25)
        with (run / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    return edit


def drop_last_line(run: Path) -> None:
    lines = (run / "scores-test.csv").read_text().splitlines(keepends=True)
    (run / "scores-test.csv").write_text("".join(lines[:-1]))


def swap_scores(run: Path) -> None:
    shutil.copy(run / "scores-dev.csv", run / "scores-test.csv")


def figure(name: str, value: float) -> Callable[[dict], None]:
    return lambda values: values.update({name: value})


def forget_scores(values: dict) -> None:
    del values["files"]["scores-test.csv"]


EDITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "better ACER": (edit_json("metrics.json", figure("acer", 0.001)), "metrics.json: acer"),
    "better APCER": (edit_json("metrics.json", figure("apcer", 0.0)), "metrics.json"),
    "other threshold": (edit_json("metrics.json", figure("threshold", 0.9)), "metrics.json: threshold"),
    "provenance": (
        edit_json("metrics.json", lambda v: v.update(threshold_provenance="EER of dev")),
        "metrics.json: threshold_provenance",
    ),
    "frame figure": (
        edit_json("metrics.json", lambda v: v["by_level"]["frame"].update(auc=1.0)),
        "metrics.json: by_level.frame.auc",
    ),
    "interval": (
        edit_json("metrics.json", lambda v: v["intervals_95"].update(acer=[0, 0.01])),
        "metrics.json: intervals_95.acer",
    ),
    "seed of the figures": (edit_json("metrics.json", lambda v: v.update(seed=7)), "metrics.json: seed"),
    "commit": (edit_json("metrics.json", lambda v: v.update(commit="abc")), "metrics.json was changed"),
    "cross figure": (edit_json("metrics-cross-b.json", figure("hter", 0.1)), "metrics-cross-b.json: hter"),
    "target EER figure": (
        edit_json("metrics-cross-b.json", lambda v: v["target_eer"].update(hter=0.0)),
        "metrics-cross-b.json: target_eer.hter",
    ),
    "a test score": (edit_cell("scores-test.csv", "score", None), "scores-test.csv"),
    "a dev score": (edit_cell("scores-dev.csv", "score", None), "scores-dev.csv"),
    "a label": (edit_cell("scores-test.csv", "pai", "bona_fide"), "scores-test.csv row 5: pai"),
    "a subject": (edit_cell("scores-test.csv", "subject", "x"), "scores-test.csv row 5: subject"),
    "a dropped presentation": (drop_last_line, "scores-test.csv"),
    "dev scores as test scores": (swap_scores, "scores-test.csv"),
    "a figure's CSV": (edit_cell("metrics.csv", "value", "0.001", row=0), "metrics.csv: it does not hold"),
    "breakdown": (edit_cell("breakdown.csv", "attacks", "1000"), "breakdown.csv: it does not hold"),
    "one bit of the weights": (flip_a_weight, "its tensors do not have the SHA-256"),
    "a weight and its hash": (change_a_weight, "weights/best.safetensors: the weights are not"),
    "threshold in the weights": (
        lambda run: record_threshold(run / WEIGHTS_FILE, 0.9, "dev-eer", "x"),
        "weights/best.safetensors: its threshold",
    ),
    "seed of the configuration": (edit_text("config.yaml", "seed: 0", "seed: 3"), "config.yaml was changed"),
    "an unknown key": (edit_text("config.yaml", "epochs:", "epoch:"), "config.yaml"),
    "epochs": (edit_cell("results.csv", "dev_eer", "0.0", row=0), "results.csv was changed"),
    "the machine": (edit_text("env.json", '"threads": 1', '"threads": 8'), "env.json was changed"),
    "the log": (edit_text("log.txt", "epoch", "Epoch"), "log.txt was changed"),
    "a missing file": (lambda run: (run / "scores-dev.csv").unlink(), "scores-dev.csv is missing"),
    "a further file": (lambda run: (run / "notes.txt").write_text("x"), "notes.txt is not in the record"),
    "a further metrics file": (
        lambda run: shutil.copy(run / "metrics.json", run / "metrics-best.json"),
        "metrics-best.json is not in the record",
    ),
    "the record's hash": (edit_json("record.json", forget_scores), "record.json"),
    "no record": (lambda run: (run / "record.json").unlink(), "record.json"),
    "damaged JSON": (lambda run: (run / "metrics.json").write_text("{"), "metrics.json"),
    "emptied JSON": (lambda run: (run / "metrics.json").write_text("[]"), "metrics.json"),
    "checkpoint": (
        lambda run: next((run / "checkpoint-last").iterdir()).write_bytes(b""),
        "checkpoint-last/",
    ),
}


def test_an_untouched_run_is_as_recorded(run) -> None:
    found = verify(run, rescore=True)
    assert found.faults == []
    assert found.checked["figures"] > 200
    assert found.checked["labels"] > 100
    assert found.checked["scores"] == 24 + 32


@pytest.mark.parametrize("name", list(EDITS))
def test_every_edit_is_found_and_named(run, name: str) -> None:
    edit, named = EDITS[name]
    edit(run)
    faults = verify(run).faults
    assert any(named in line for line in faults), faults
    assert all("\n" not in line for line in faults)


def test_an_edit_of_score_figures_and_record_together_is_found_by_rescoring(run) -> None:
    scores = read_scores(run / "scores-test.csv")
    scores.scores[:] = [float(pai == "bona_fide") for pai in scores.pais]
    write_scores(run / "scores-test.csv", scores)
    record(run, "evaluate")
    assert any("metrics.json: acer" in line for line in verify(run).faults)
    assert any("the weights give" in line for line in verify(run, rescore=True).faults)


def test_an_edited_manifest_is_found(made, run) -> None:
    place = made / "a" / "manifest.csv"
    before = place.read_text()
    try:
        place.write_text(before.replace("test0_print1_1,0,test", "test0_print1_1x,0,test", 1))
        faults = verify(run).faults
        assert any("manifest_sha256" in line for line in faults)
        place.unlink()
        assert any("data" in line for line in verify(run).faults)
        assert verify(run, data=False).ok
    finally:
        place.write_text(before)


def test_evaluating_again_does_not_hide_an_edit(made, run) -> None:
    edit_text("log.txt", "epoch", "Epoch")(run)
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    assert verify(run).faults == ["log.txt was changed after it was recorded"]
    edit_text("config.yaml", "seed: 0", "seed: 3")(run)
    with pytest.raises(RunError, match=r"config.yaml was edited"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))


def test_damaged_scores_are_one_line(run) -> None:
    for content, words in (("", "no score"), ("path,video,subject,pai,score\np,v,s,print,nan\n", "NaN")):
        (run / "scores-test.csv").write_text(content)
        lines = [line for line in verify(run).faults if words in line]
        assert lines
        with pytest.raises(MetricError, match=words):
            read_scores(run / "scores-test.csv")
