"""Core ML packages: converted, with the record inside, and said not to have been checked."""

import json

import pytest

pytest.importorskip("coremltools", reason="needs autofas[coreml]")

from autofas.cli import main, main_values


def test_a_package_is_written_and_said_not_to_be_checked(evaluated_run, tmp_path, capsys):
    import coremltools

    words = ["export", "--run", str(evaluated_run), "--format", "coreml", "--out", str(tmp_path), "--quiet"]
    (told,) = main_values(words)["files"]
    assert told["parity"] is None
    printed = capsys.readouterr().out
    assert "parity   not checked: Core ML runs on Apple's devices alone; check it on one" in printed
    assert "next     " not in printed  # nothing here can run it
    package = tmp_path / "model.mlpackage"
    record = json.loads((tmp_path / "model.mlpackage.json").read_text())
    assert record["unchecked"].startswith("Core ML runs on Apple's devices alone")
    assert all(name.startswith("model.mlpackage/") for name in record["files"])
    spec = coremltools.models.MLModel(str(package), skip_model_load=True).get_spec()
    assert [one.name for one in spec.description.input] == ["color"]
    assert {one.name for one in spec.description.output} == {"score", "map"}
    inside = json.loads(spec.description.metadata.userDefined["autofas"])
    assert inside["threshold"] == record["threshold"]
    assert main(["verify", str(package)]) == 0
    assert main(["predict", str(package), "x.png"]) == 2
    assert "runs on Apple's devices alone; give its run, or its file in another" in capsys.readouterr().err
    assert main_values(words)["files"][0]["bytes"] == told["bytes"]  # in the place of the older one
