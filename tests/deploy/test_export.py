"""autofas export, as a user runs it: files, records, and what is refused."""

import json

import pytest
import torch

from autofas.cli import main
from autofas.deploy import graph
from autofas.deploy.info import ExportInfo
from autofas.deploy.runtime import OnnxScorer, TorchScorer
from autofas.models.weights import read_weights
from autofas.runs.record import file_sha256


def last_json(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_every_file_has_its_record_inside_and_beside(exported, trained):
    told = read_weights(trained / "weights" / "best.safetensors")[1]
    for name in ("model", "model-crop", "model-int8", "model-int8-crop"):
        path = exported / f"{name}.onnx"
        beside = json.loads((exported / f"{name}.json").read_text())
        inside = OnnxScorer(path).info
        assert {key: beside[key] for key in ExportInfo.model_fields} == inside.model_dump(mode="json")
        assert (beside["file"], beside["bytes"]) == (path.name, path.stat().st_size)
        assert beside["sha256"] == file_sha256(path)
        assert inside.weights_sha256 == told.sha256
        assert inside.warning.startswith("trained on generated faces")
        assert told.threshold["value"] - 1e-4 < inside.threshold < told.threshold["value"]
        assert inside.precision == ("int8" if "int8" in name else "fp32")


def test_parity_was_measured_on_crops_of_the_run(exported):
    for name in ("model", "model-crop"):
        parity = json.loads((exported / f"{name}.json").read_text())["parity"]
        assert parity["crops"] == 180  # 120 of dev and 60 of test
        assert parity["score_error"] <= 1e-4
        assert parity["map_error"] <= 1e-4
        assert parity["changed"] == 0
    measured = json.loads((exported / "model-int8.json").read_text())["measured"]
    assert set(measured) == {"fp32", "int8"}
    assert all(cost["latency_ms"] > 0 and 0 <= cost["acer"] <= 1 for cost in measured.values())


def test_the_run_folder_is_still_as_recorded(exported, trained, capsys):
    assert main(["verify", str(trained)]) == 0


def test_the_weights_file_and_the_exported_one_score_alike(exported, trained):
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=generator).numpy()
    own = TorchScorer(trained / "weights" / "best.safetensors").score({"color": crops})
    for name in ("model.onnx", "model-crop.onnx"):
        found = OnnxScorer(exported / name).score({"color": crops})
        assert abs(found.scores - own.scores).max() < 1e-5
        assert abs(found.maps - own.maps).max() < 1e-5


def test_a_graph_that_computes_something_else_is_not_kept(exported, trained, tmp_path, monkeypatch, capsys):
    real = graph.rewritten

    def wrong(body):
        body = real(body)
        with torch.no_grad():
            next(body.parameters()).mul_(1.2)
        return body

    monkeypatch.setattr(graph, "rewritten", wrong)
    assert main(["export", "--run", str(trained), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "does not compute what the network does" in error
    assert ".jpg" in error
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "coreml"], "format coreml does not exist; choose onnx"),
        (["--crops", "0"], "0 crops cannot show parity"),
    ],
)
def test_what_cannot_be_asked_for(trained, words, said, capsys):
    assert main(["export", "--run", str(trained), *words]) == 2
    assert said in capsys.readouterr().err


def test_without_the_extra_it_is_named(trained, monkeypatch, capsys):
    monkeypatch.setattr("autofas.deploy.onnx_file.find_spec", lambda name: None)
    assert main(["export", "--run", str(trained)]) == 2
    assert "pip install 'autofas[export]'" in capsys.readouterr().err
