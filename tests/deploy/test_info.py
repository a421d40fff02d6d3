"""What an exported file says of itself: read back as written, closed, and beside the file."""

import json
from pathlib import Path

import pytest

from autofas.deploy.info import (
    POLARITY,
    beside,
    hashes_of,
    parse_info,
    read_beside,
    require_described,
    write_beside,
)
from autofas.errors import RunError
from tests.deploy.stand_ins import made_info


def test_a_record_is_read_back_as_it_was_written():
    told = made_info(threshold=0.1 + 0.2, warning="none", params=3)
    found = parse_info(told.model_dump_json(), "model.onnx")
    assert found == told
    assert found.polarity == POLARITY
    assert found.labels == ("attack", "bona fide")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshhold": 1}, "unknown key threshhold, did you mean threshold"),
        ({"schema_version": 2}, "has schema_version 2; this autofas reads 1"),
        ({"name": "../x"}, "name: "),
        ({"modalities": []}, "modalities: "),
        ({"modalities": ["sound"]}, "modalities"),
        ({"form": "image"}, "form: "),
        ({"crop_size": 100000}, "crop_size: "),
        ({"mean": 0.4}, "mean: "),
        ({"threshold": "high"}, "threshold: "),
        ({"labels": ["bona fide", "attack"]}, "labels"),
        ({"warning": "x" * 5000}, "warning: "),
    ],
)
def test_what_is_none_is_refused_in_one_line(change, said):
    values = made_info().model_dump(mode="json") | change
    with pytest.raises(RunError, match=said) as caught:
        parse_info(json.dumps(values), "model.onnx: its metadata")
    assert str(caught.value).startswith("model.onnx: its metadata")
    assert "\n" not in str(caught.value)


def test_other_json_and_none_at_all_are_refused():
    with pytest.raises(RunError, match="m holds a list, expected what an exported file says"):
        parse_info("[]", "m")
    with pytest.raises(RunError, match="m"):
        parse_info("{", "m")


def test_names_beside_files_are_apart():
    names = ["model.onnx", "model-crop.ncnn.param", "model.mnn", "model.pte", "model.mlpackage"]
    assert [beside(Path(name)).name for name in names] == [
        "model.json", "model-crop.ncnn.json", "model.mnn.json", "model.pte.json", "model.mlpackage.json",
    ]  # fmt: skip


def test_a_file_is_the_one_its_record_describes(tmp_path):
    path = tmp_path / "m.ncnn.param"
    path.write_bytes(b"graph")
    path.with_suffix(".bin").write_bytes(b"weights")
    write_beside(path, made_info(format="ncnn"), files=hashes_of(path))
    info, measured = read_beside(path)
    assert info == made_info(format="ncnn")
    require_described(path, measured)
    path.with_suffix(".bin").write_bytes(b"others")
    with pytest.raises(RunError, match=r"m.ncnn.bin is not the file that m.ncnn.json describes"):
        require_described(path, measured)
    with pytest.raises(RunError, match=r"m.ncnn.param is not the file that m.ncnn.json describes"):
        require_described(path, {})
    path.with_suffix(".bin").unlink()
    with pytest.raises(RunError, match=r"m.ncnn.bin cannot be read: No such file"):
        require_described(path, measured)


def test_a_file_without_its_record_is_said(tmp_path):
    with pytest.raises(RunError, match=r"a.mnn lacks a.mnn.json, which says how its input is prepared"):
        read_beside(tmp_path / "a.mnn")
    (tmp_path / "a.mnn.json").write_text("[]")
    with pytest.raises(RunError, match=r"a\.mnn\.json holds a list, expected what an exported file says"):
        read_beside(tmp_path / "a.mnn")


def test_beside_a_file_stands_its_record_with_what_was_measured(tmp_path):
    place = write_beside(tmp_path / "model-int8.onnx", made_info(), bytes=12, parity={"changed": 0})
    assert place == beside(tmp_path / "model-int8.onnx") == tmp_path / "model-int8.json"
    values = json.loads(place.read_text())
    assert values["parity"] == {"changed": 0}
    record = {key: value for key, value in values.items() if key not in ("bytes", "parity")}
    assert parse_info(json.dumps(record), "m") == made_info()
