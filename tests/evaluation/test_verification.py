"""Trained, evaluated and edited: every one of more than twenty edits to a run folder is found and named."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from autofas.cli import main, main_values
from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.errors import DataError, MetricError, RunError
from autofas.evaluation.evaluate import TRANSFERRED, evaluate
from autofas.evaluation.verification import verify
from autofas.metrics import read_scores, write_scores
from autofas.models.weights import (
    WEIGHTS_FILE,
    load_network,
    read_weights,
    record_threshold,
    save_weights,
)
from autofas.runs.record import read_record, record
from autofas.storage.files import write_json
from autofas.storage.schema import read_json
from tests.evaluation.evaluation_files import small_data_set, trained_run


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with data sets a and b, and a run trained on a, evaluated on a and across on b."""
    root = tmp_path_factory.mktemp("verify")
    manifest = small_data_set(root / "a")
    other = small_data_set(root / "b", seed=1)
    run = trained_run(root / "runs", manifest, root / "cache")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=DataConfig(dataset=str(other))))
    return root


@pytest.fixture
def run(made, tmp_path) -> Path:
    """A copy of the run to edit."""
    return Path(shutil.copytree(made / "runs" / "train" / "run", tmp_path / "run"))


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


def flip_a_weight(run: Path) -> None:
    place = run / WEIGHTS_FILE
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(bytes(content))


def change_a_weight(run: Path) -> None:
    """As someone would who also brings the file's own hash up to date."""
    loaded = load_network(run / WEIGHTS_FILE)
    with torch.no_grad():
        next(loaded.network.parameters()).add_(0.125)
    info = loaded.info
    save_weights(
        loaded.network, run / WEIGHTS_FILE, margin=info.preprocessing.margin, provenance=info.provenance
    )
    assert info.threshold is not None
    record_threshold(
        run / WEIGHTS_FILE,
        float(info.threshold["value"]),
        str(info.threshold["rule"]),
        str(info.threshold["provenance"]),
    )


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


def test_edited_weights_are_not_evaluated(run) -> None:
    change_a_weight(run)
    with pytest.raises(RunError, match="edited after it was recorded"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    flip_a_weight(run)
    with pytest.raises(RunError, match="do not have the SHA-256"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))


def test_evaluating_twice_gives_the_same_and_stays_verified(run) -> None:
    before = read_json(run / "metrics.json")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1))
    assert read_json(run / "metrics.json") == before
    evaluate(EvaluateConfig(run=str(run), split="dev", device="cpu", threads=1, level="frame"))
    assert verify(run).faults == []
    assert [entry["verb"] for entry in read_record(run)["entries"]] == ["train"] + ["evaluate"] * 3


def test_what_a_figure_can_be_walked_back_to(made, run) -> None:
    values, kept = read_json(run / "metrics.json"), read_record(run)
    assert values["seed"] == 0
    assert kept["entries"][1]["verb"] == "evaluate"
    assert kept["entries"][1]["command"]
    assert kept["files"][values["scores_file"]]
    assert kept["data"]["trained_on"]["rows"] == 80


def test_cross_figures_carry_both_labels(run) -> None:
    values = read_json(run / "metrics-cross-b.json")
    assert values["label"].startswith("source-dev")
    assert values["threshold_rule"] == TRANSFERRED  # a manifest has no published convention
    own = values["target_eer"]
    assert "tuned on the target's test" in own["label"]
    assert own["threshold_rule"] == "test-eer"
    assert own["hter"] == pytest.approx(own["eer"])
    rows = list(csv.DictReader((run / "metrics-cross-b.csv").open(newline="")))
    assert len({row["label"] for row in rows}) == 2


def test_cross_needs_another_data_set_and_a_dev_threshold(made, run) -> None:
    same = DataConfig(dataset=str(made / "a" / "manifest.csv"))
    with pytest.raises(DataError, match="trained on"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=same))
    other = DataConfig(dataset=str(made / "b" / "manifest.csv"))
    with pytest.raises(DataError, match="dev threshold"):
        evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=other, threshold="test-eer"))


def test_commands(made, run, tmp_path, capsys) -> None:
    second = trained_run(tmp_path / "runs", made / "a" / "manifest.csv", made / "cache", "second", seed=1)
    board = str(tmp_path / "leaderboard.csv")
    values = main_values(
        [
            *("evaluate", "--run", str(run), str(second), "--threads", "1", "--quiet"),
            *("--leaderboard", board, "--out", str(tmp_path / "both")),
        ]
    )
    (summary,) = values["summaries"]
    acers = [read_json(folder / "metrics.json")["acer"] for folder in (run, second)]
    assert summary["figures"]["video"]["acer"]["mean"] == pytest.approx(sum(acers) / 2)
    assert summary["over"] == "seeds"
    printed = capsys.readouterr().out
    assert "2 seeds" in printed
    assert "ddof 0" in printed
    assert json.loads((tmp_path / "both.json").read_text())["summaries"]
    assert main(["verify", str(run), str(second), "--quiet"]) == 0
    edit_json("metrics.json", figure("acer", 0.0))(second)
    assert main(["verify", str(run), str(second), "--json"]) == 2
    captured = capsys.readouterr()
    assert "metrics.json" in captured.err
    assert json.loads(captured.out.splitlines()[-1])["runs"][0]["ok"]
    assert main(["verify", str(tmp_path / "nowhere")]) == 2


def test_average_of_two_runs_by_hand(made, run, tmp_path) -> None:
    second = trained_run(tmp_path / "runs", made / "a" / "manifest.csv", made / "cache", "second", seed=1)
    values = main_values(["average", str(run), str(second), "--runs-dir", str(tmp_path / "runs"), "--quiet"])
    made_run = Path(values["run"])
    tensors = [read_weights(folder / WEIGHTS_FILE)[0] for folder in (run, second, made_run)]
    for name, tensor in tensors[2].items():
        if tensor.is_floating_point():
            mean = (tensors[0][name].double() + tensors[1][name].double()) / 2
            assert torch.equal(tensor, mean.to(tensor.dtype))
    evaluate(EvaluateConfig(run=str(made_run), device="cpu", threads=1))
    assert verify(made_run).faults == []
    with pytest.raises(RunError, match="two or more"):
        main_values(["average", str(run)])


def test_damaged_scores_are_one_line(run) -> None:
    for content, words in (("", "no score"), ("path,video,subject,pai,score\np,v,s,print,nan\n", "NaN")):
        (run / "scores-test.csv").write_text(content)
        lines = [line for line in verify(run).faults if words in line]
        assert lines
        with pytest.raises(MetricError, match=words):
            read_scores(run / "scores-test.csv")
