"""Exported files: a record inside and beside each, parity on the run's own crops, and what is not kept."""

import json

import pytest
import torch

from autofas.deploy import export as module
from autofas.deploy import graph
from autofas.deploy.export import export, file_name
from autofas.deploy.formats import table
from autofas.deploy.info import ExportInfo
from autofas.deploy.runtime import OnnxScorer, TorchScorer
from autofas.errors import ConfigError, RunError
from autofas.models.weights import read_weights
from autofas.runs.record import file_sha256
from tests.deploy.stand_ins import made_info


def test_every_file_has_its_record_inside_and_beside(exported, evaluated_run):
    told = read_weights(evaluated_run / "weights" / "best.safetensors")[1]
    for name in ("model", "model-crop", "model-int8", "model-int8-crop"):
        path = exported / f"{name}.onnx"
        beside = json.loads((exported / f"{name}.json").read_text())
        inside = OnnxScorer(path).info
        assert {key: beside[key] for key in ExportInfo.model_fields} == inside.model_dump(mode="json")
        assert (beside["file"], beside["bytes"]) == (path.name, path.stat().st_size)
        assert beside["sha256"] == file_sha256(path)
        assert beside["files"] == {path.name: beside["sha256"]}
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


def test_the_weights_file_and_the_exported_one_score_alike(exported, evaluated_run):
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=generator).numpy()
    own = TorchScorer(evaluated_run / "weights" / "best.safetensors").score({"color": crops})
    for name in ("model.onnx", "model-crop.onnx"):
        found = OnnxScorer(exported / name).score({"color": crops})
        assert abs(found.scores - own.scores).max() < 1e-5
        assert abs(found.maps - own.maps).max() < 1e-5


def test_a_graph_that_computes_something_else_is_not_kept(exported, evaluated_run, tmp_path, monkeypatch):
    real = graph.rewritten

    def wrong(body):
        body = real(body)
        with torch.no_grad():
            next(body.parameters()).mul_(1.2)
        return body

    monkeypatch.setattr(graph, "rewritten", wrong)
    with pytest.raises(RunError, match=r"does not compute what the network does: .*\.jpg") as caught:
        export(evaluated_run, out=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_run_without_a_threshold_is_told_to_be_evaluated_first(exported, evaluated_run, monkeypatch):
    real = module.describe_weights
    blind = {"threshold": None}
    monkeypatch.setattr(module, "describe_weights", lambda *given: real(*given).model_copy(update=blind))
    with pytest.raises(RunError, match=r"has no threshold yet, .* run autofas evaluate --run "):
        export(evaluated_run)


def test_formats_and_crops_are_looked_at_before_the_run_is():
    with pytest.raises(
        ConfigError, match="format tflite does not exist; choose onnx, ncnn, mnn, coreml or exec"
    ):
        export("nowhere", formats=("onnx", "tflite"))
    with pytest.raises(ConfigError, match="int8 is made of ONNX files; add onnx to --format ncnn"):
        export("nowhere", formats=("ncnn",), int8=True)
    with pytest.raises(ConfigError, match="0 crops cannot show parity"):
        export("nowhere", crops=0)


def test_a_files_name_says_what_it_is():
    forms = [("tensor", "fp32"), ("crop", "fp32"), ("tensor", "int8"), ("crop", "int8")]
    names = [file_name(made_info(form=form, precision=precision)) for form, precision in forms]
    assert names == ["model.onnx", "model-crop.onnx", "model-int8.onnx", "model-int8-crop.onnx"]
    others = [file_name(made_info(format=name)) for name in ("ncnn", "mnn", "coreml", "executorch")]
    assert others == ["model-crop.ncnn.param", "model-crop.mnn", "model-crop.mlpackage", "model-crop.pte"]


@pytest.mark.parametrize("name", ["onnx", "ncnn", "mnn", "coreml", "executorch"])
def test_a_format_without_its_extra_is_told_before_the_run_is_looked_at(name, monkeypatch):
    monkeypatch.setattr(table, "find_spec", lambda package: None)
    with pytest.raises(ConfigError, match=r" needs \w+, which is not installed; "):
        export("nowhere", formats=(name,))
