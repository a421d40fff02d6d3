"""autofas verify FILE: an exported file against the JSON beside it, its run's weights and its crops."""

import json
import shutil

import pytest

from autofas.cli import main
from autofas.deploy import verification as module
from autofas.deploy.verification import verify_file
from autofas.errors import RunError


@pytest.fixture
def copied(exported, evaluated_run, tmp_path):
    """The fp32 file of a copy of the run."""
    shutil.copytree(evaluated_run / "weights", tmp_path / "run" / "weights")
    (tmp_path / "run" / "export").mkdir()
    for name in ("model.onnx", "model.json"):
        shutil.copy(exported / name, tmp_path / "run" / "export" / name)
    return tmp_path / "run" / "export" / "model.onnx"


def change(path, **values):
    """Other values in the JSON beside the file."""
    place = path.with_suffix(".json")
    place.write_text(json.dumps(json.loads(place.read_text()) | values))


def test_a_file_is_as_recorded_and_run_again_if_asked(exported, capsys):
    for name in ("model.onnx", "model-int8-crop.onnx"):
        assert main(["verify", str(exported / name), "--rescore"]) == 0
        printed = capsys.readouterr().out
        assert "as recorded  (1 files, 180 scores checked)" in printed
        assert "note   largest error on 180 crops: " in printed


def test_a_changed_file_is_a_fault_and_exit_code_2(copied, capsys):
    with copied.open("ab") as stream:
        stream.write(b"x")
    assert main(["verify", str(copied)]) == 2
    assert "model.onnx is not the file that model.json describes" in capsys.readouterr().err


def test_an_edited_threshold_is_a_fault(copied):
    change(copied, threshold=0.9)
    assert verify_file(copied).faults == [
        "model.onnx: the record inside the file is not the one in the JSON beside it"
    ]


def test_a_file_of_other_weights_is_a_fault(copied, monkeypatch):
    read = module.read_weights

    def other(path):
        tensors, info = read(path)
        return tensors, info.model_copy(update={"sha256": "0" * 64})

    monkeypatch.setattr(module, "read_weights", other)
    (fault,) = verify_file(copied).faults
    assert fault.startswith("model.onnx: it is not of the weights that ")


def test_scores_that_are_not_the_networks_are_a_fault(exported, monkeypatch):
    real = module.score_all

    def off(scorer, material):
        found = real(scorer, material)
        wrong = isinstance(scorer, module.OnnxScorer)
        return type(found)(found.scores + 2e-4, found.maps) if wrong else found

    monkeypatch.setattr(module, "score_all", off)
    (fault,) = verify_file(exported / "model.onnx", rescore=True).faults
    assert fault.startswith("model.onnx does not compute what the network does: it differs by 2.00e-04 on ")
    assert verify_file(exported / "model-int8.onnx", rescore=True).ok  # int8 is not held to it


def test_a_file_alone_is_held_to_its_record_and_the_rest_is_said(copied, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in (copied, copied.with_suffix(".json")):
        shutil.copy(file, alone / file.name)
    found = verify_file(alone / "model.onnx", rescore=True)
    assert found.ok
    assert found.notes[0].startswith("the run it is of was not looked at")
    (alone / "model.json").unlink()
    (fault,) = verify_file(alone / "model.onnx").faults
    assert fault.startswith("model.onnx: ")
    with pytest.raises(RunError, match=r"gone\.mnn is not an exported file: it does not exist"):
        verify_file(alone / "gone.mnn")
