"""Formats by name and by file: what each needs is named where it is missing, and what a file is made of."""

import sys

import pytest

from autofas.deploy.formats import table
from autofas.deploy.formats.table import FORMATS, KINDS, chosen, exported_files, files_of, kind_of, size_of
from autofas.errors import ConfigError, RunError


def test_every_format_is_in_the_table_and_in_a_record():
    assert tuple(KINDS) == FORMATS == ("onnx", "ncnn", "mnn", "coreml", "executorch")
    assert [name for name, kind in KINDS.items() if not kind.runs_here] == ["coreml"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("onnx", "ONNX needs onnx, which is not installed; pip install 'autofas[export]'"),
        ("ncnn", "ncnn needs pnnx, which is not installed; pip install 'autofas[ncnn]'"),
        ("mnn", "MNN needs onnx, which is not installed; pip install 'autofas[mnn]'"),
        ("coreml", "Core ML needs coremltools, which is not installed; pip install 'autofas[coreml]'"),
        ("executorch", "ExecuTorch needs executorch, which is not installed; docs/formats.md says how"),
    ],
)
def test_a_format_without_its_extra_names_it(name, said, monkeypatch):
    monkeypatch.setattr(table, "find_spec", lambda package: None)
    with pytest.raises(ConfigError) as caught:
        KINDS[name].require()
    assert str(caught.value).startswith(said)


def test_a_file_without_its_runtime_names_the_extra(monkeypatch, tmp_path):
    for name, package in (("ncnn", "ncnn"), ("mnn", "MNN"), ("onnx", "onnxruntime")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ConfigError, match=f"f needs {package}, which is not installed; pip install"):
            KINDS[name].require_runtime(tmp_path / "f")
    with pytest.raises(
        RunError, match="is a Core ML model, which runs on Apple's devices alone; give its run"
    ):
        KINDS["coreml"].require_runtime(tmp_path / "f")


def test_names_are_looked_up_once_each_and_others_refused():
    assert [kind.name for kind in chosen(["ncnn", "onnx", "ncnn"])] == ["ncnn", "onnx"]
    with pytest.raises(
        ConfigError, match="format tflite does not exist; choose onnx, ncnn, mnn, coreml or exec"
    ):
        chosen(["onnx", "tflite"])


def test_a_file_of_several_parts_is_one_file(tmp_path):
    for name, size in (("a.ncnn.param", 3), ("a.ncnn.bin", 4), ("b.mnn", 5), ("c.onnx", 6), ("d.txt", 7)):
        (tmp_path / name).write_bytes(bytes(size))
    package = tmp_path / "e.mlpackage" / "Data"
    package.mkdir(parents=True)
    (package / "weights.bin").write_bytes(bytes(8))
    found = exported_files(tmp_path)
    assert [path.name for path in found] == ["a.ncnn.param", "b.mnn", "c.onnx", "e.mlpackage"]
    assert [size_of(path) for path in found] == [7, 5, 6, 8]
    assert files_of(found[-1]) == [package / "weights.bin"]
    assert [getattr(kind_of(path), "name", None) for path in found] == ["ncnn", "mnn", "onnx", "coreml"]
    assert kind_of(tmp_path / "a.ncnn.bin") is None
