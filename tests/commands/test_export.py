"""autofas export: what it writes and says of each file, and what cannot be asked for."""

import json

import pytest

from autofas.cli import main
from autofas.deploy.runtime import OnnxScorer


@pytest.fixture
def converted(exported, monkeypatch):
    """The graph of the run's network, made once: what is looked at here is what becomes of it."""
    onnx = pytest.importorskip("onnx")

    def once(form):
        model = onnx.load(str(exported / "model.onnx"))
        del model.metadata_props[:]
        return model

    monkeypatch.setattr("autofas.deploy.export.to_onnx", once)


def test_a_file_is_written_elsewhere_and_told_with_its_parity(converted, evaluated_run, tmp_path, capsys):
    before, out = (evaluated_run / "record.json").read_bytes(), tmp_path / "else where"
    words = ["export", "--run", str(evaluated_run), "--form", "crop", "--channels", "BGR", "--crops", "7"]
    assert main([*words, "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    *lines, last = captured.out.splitlines()
    (told,) = json.loads(last)["files"]
    place = out / "model-crop.onnx"
    assert (told["path"], told["bytes"]) == (str(place), place.stat().st_size)
    assert told["parity"]["crops"] == 7
    assert lines[0] == f"wrote    {place}  {place.stat().st_size / 1000:.1f} kB, fp32"
    assert lines[1].startswith("parity   ")
    assert lines[-1] == f"next     autofas predict '{place}' photograph.jpg"
    assert any(line.startswith("note     trained on generated faces") for line in lines)
    assert "exporting small" in captured.err
    info = OnnxScorer(place).info
    assert (info.channels, info.form) == ("BGR", "crop")
    assert {path.name for path in out.iterdir()} == {"model-crop.onnx", "model-crop.json", "model_card.md"}
    assert (evaluated_run / "record.json").read_bytes() == before  # what is elsewhere is no file of the run


def test_the_run_folder_is_still_as_recorded(exported, evaluated_run, capsys):
    assert main(["verify", str(evaluated_run)]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "tflite"], "format tflite does not exist; choose onnx, ncnn, mnn, coreml or exec"),
        (["--crops", "0"], "0 crops cannot show parity"),
    ],
)
def test_what_cannot_be_asked_for(evaluated_run, words, said, capsys):
    assert main(["export", "--run", str(evaluated_run), *words]) == 2
    assert said in capsys.readouterr().err


def test_without_the_extra_it_is_named(evaluated_run, monkeypatch, capsys):
    monkeypatch.setattr("autofas.deploy.formats.table.find_spec", lambda name: None)
    assert main(["export", "--run", str(evaluated_run)]) == 2
    assert "pip install 'autofas[export]'" in capsys.readouterr().err
