"""Parity of exports: what has its rows is left alone, and the page says by name what fails."""

import argparse
import csv

import pytest

from autofas.deploy.formats.table import chosen
from benchmarks import export_parity, export_parity_page

FORMATS = ["onnx", "mnn"]
ROW = {
    "network": "feathernet_a", "input": "3x64x64", "format": "onnx", "modalities": "color", "lowest": 0.1,
    "highest": 0.9, "score_error": 1e-7, "map_error": "", "changed": 0, "bytes": 10, "cpu_s": 1.0,
    "reason": "",
}  # fmt: skip


@pytest.fixture
def untrained(monkeypatch, tmp_path):
    """Networks that were warmed up, by name; comparing them costs nothing."""
    warmed = []
    rest = {key: value for key, value in ROW.items() if key not in ("network", "input", "format")}
    monkeypatch.setattr(export_parity, "warm_up", lambda network, *rest: warmed.append(network.name))
    monkeypatch.setattr(export_parity, "row_of", lambda case, kind: dict(rest))
    monkeypatch.setattr("autofas.deploy.formats.table.Kind.require", lambda self: None)
    words = ["x", "--only", "feathernet_a", "afa", "--formats", *FORMATS, "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    return warmed


def test_a_network_with_all_its_rows_is_not_trained_again(untrained, tmp_path, monkeypatch):
    assert export_parity.main() == 0
    assert untrained == ["feathernet_a", "afa"]
    assert export_parity.main() == 0
    assert len(untrained) == 2
    with (tmp_path / "export_parity.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 4
    monkeypatch.setattr("sys.argv", ["x", "--only", "afa", "--formats", "ncnn", "--out", str(tmp_path)])
    assert export_parity.main() == 0
    assert untrained[2:] == ["afa"]


def test_only_the_formats_without_a_row_are_left():
    network = argparse.Namespace(name="feathernet_a", view=argparse.Namespace(crop_size=64))
    todo = export_parity.missing([ROW], chosen(FORMATS))
    assert [kind.name for kind in todo(network)] == ["mnn"]
    network.view.crop_size = 108
    assert len(todo(network)) == 2


def test_the_page_names_what_fails_and_the_largest_error_of_the_rest():
    held = ROW | {"format": "mnn", "map_error": "2e-05"}  # as read back from a file
    broken = ROW | {"network": "cdcn", "format": "mnn", "score_error": 2e-4}
    told = export_parity_page.summary([ROW, held, broken])
    assert "refuses cdcn (3x64x64) in mnn." in told
    assert "onnx 1.0e-07 in 1 networks, mnn 2.0e-05 in 1 networks" in told
    assert told.endswith("Not measured yet in onnx: cdcn (3x64x64).")
    assert export_parity_page.summary([ROW]).startswith("Every row holds.")
    assert "yet" not in export_parity_page.summary([ROW, held])


def test_what_a_person_wrote_below_the_table_is_kept(untrained, tmp_path):
    page = tmp_path / "export_parity.md"
    page.write_text(f"of old\n\n| a |\n\n{export_parity_page.MARK}by hand\n")
    assert export_parity.main() == 0
    text = page.read_text()
    assert "of old" not in text
    assert text.endswith(f"\n{export_parity_page.MARK}by hand\n")


def test_rows_of_one_network_stand_together():
    rows = [{"network": name, "input": size, "format": form} for name, size, form in (
        ("a", "8", "onnx"), ("b", "8", "onnx"), ("a", "9", "onnx"), ("b", "8", "mnn"), ("a", "8", "mnn"),
    )]  # fmt: skip
    assert [(row["network"], row["input"], row["format"]) for row in export_parity_page.together(rows)] == [
        ("a", "8", "onnx"), ("a", "8", "mnn"), ("b", "8", "onnx"), ("b", "8", "mnn"), ("a", "9", "onnx"),
    ]  # fmt: skip
