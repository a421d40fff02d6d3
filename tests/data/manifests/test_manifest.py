"""The manifest: what is accepted, every fault by line and column, and whole or no writing."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autofas.data.manifests.manifest as manifest_module
from autofas.data.manifests.manifest import BONA_FIDE, Manifest, read_manifest, write_manifest
from autofas.errors import DataError
from tests.data.manifest_files import HEADER, fault, write

GOOD = "a/1.png,bona_fide,01,1,v1,0,train"


CELLS = st.sampled_from(
    [
        "",
        "0",
        "1",
        "7",
        "-1",
        "a.png",
        "b/c.avi",
        "../x",
        "/x",
        "bona_fide",
        "print",
        "Real",
        "train",
        "dev",
        "v1",
        "é",
        '"',
        "\x00",
        "x" * 300,
    ]
)


def attempt(path: Path) -> tuple[str, pd.DataFrame | None]:
    try:
        return "", read_manifest(path).table
    except DataError as error:
        return str(error), None


def test_reads_three_rows_by_hand(tmp_path):
    lines = [GOOD, "a/2.png,print1,01,1,v2,17,dev", "", "b/3.png,replay,002,1,v3,3,test"]
    manifest = read_manifest(write(tmp_path, *lines))
    table = manifest.table
    assert list(table.index) == [2, 3, 5]  # line 4 is blank
    assert list(table["pai"]) == [BONA_FIDE, "print1", "replay"]
    assert list(table["subject"]) == ["01", "01", "002"]  # leading zeros stay
    assert list(table["frame"]) == [0, 17, 3]
    assert table["frame"].dtype == "int64"
    assert manifest.resolve("a/1.png") == tmp_path / "a" / "1.png"
    assert len(manifest) == 3


def test_reads_optional_columns_byte_order_mark_and_crlf(tmp_path):
    path = tmp_path / "manifest.csv"
    header = HEADER + ",device,depth,ir,bbox_x,bbox_y,bbox_w,bbox_h,lighting"
    rows = [GOOD + ",1,a/d.png,,10,-5,20,30,lamp", "a/2.png,print,02,1,v2,1,train,2,,,,,,,sun"]
    path.write_bytes(("﻿" + "\r\n".join([header, *rows]) + "\r\n").encode())
    table = read_manifest(path).table
    assert list(table["bbox_w"]) == [20, 0]  # no box
    assert list(table["bbox_y"]) == [-5, 0]
    assert list(table["lighting"]) == ["lamp", "sun"]
    assert list(table["ir"]) == ["", ""]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("path,pai,subject,session,video,frame", "line 1: has no column split"),
        ("path,label,subject,session,video,frame,split", "line 1: has no column pai"),
        (
            "path,pai,subject,session,video,frame,split,devices",
            "column 'devices' is not known; did you mean device?",
        ),
        ("path,pai,subject,session,video,frame,split,bbox_x", "line 1: has no column bbox_y, bbox_w, bbox_h"),
        ("path,pai,subject,session,video,frame,split,path", "line 1 names column 'path' twice"),
        ("path,pai,subject,session,video,frame,split,", "a column has no name"),
        ("", "is empty; the first line must name the columns"),
    ],
)
def test_header_faults(tmp_path, header, expected):
    assert expected in fault(tmp_path, header=header)


def test_files_that_are_no_manifest(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no such manifest"):
        read_manifest(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path)
    assert fault(tmp_path).startswith("has a header but no rows")
    path = tmp_path / "manifest.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xfe")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        read_manifest(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="is empty"):
        read_manifest(path)
    monkeypatch.setattr(manifest_module, "MAX_BYTES", 50)
    write(tmp_path, GOOD)
    with pytest.raises(DataError, match="over the limit of 50"):
        read_manifest(path)


def test_written_and_read_again_is_the_same(tmp_path):
    header = HEADER + ",device,depth,bbox_x,bbox_y,bbox_w,bbox_h,lighting"
    lines = [f"{GOOD},1,a/d.png,1,2,3,4,lamp", "v.mp4,print,02,2,v2,7,dev,2,,,,,,sun"]
    first = read_manifest(write(tmp_path, *lines, header=header))
    write_manifest(first, tmp_path / "copy.csv")
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "copy.csv").table, first.table)
    assert (tmp_path / "copy.csv").read_text().splitlines()[2].endswith(",2,,,,,,sun")


def test_written_elsewhere_paths_still_find_their_images(tmp_path):
    manifest = read_manifest(write(tmp_path, GOOD))
    moved = Manifest(manifest.table, tmp_path, "moved")
    with pytest.raises(DataError, match="leaves the manifest's folder"):
        write_manifest(moved, tmp_path / "deeper" / "manifest.csv")
    assert not (tmp_path / "deeper" / "manifest.csv").exists()
    inner = Manifest(manifest.table, tmp_path / "data", "inner")
    write_manifest(inner, tmp_path / "above.csv")
    assert read_manifest(tmp_path / "above.csv").table["path"].iloc[0] == "data/a/1.png"


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    manifest = read_manifest(write(tmp_path, GOOD))
    before = (tmp_path / "manifest.csv").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"No space left on device.*the old file stays"):
        write_manifest(manifest, tmp_path / "manifest.csv")
    assert (tmp_path / "manifest.csv").read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.csv"]


def test_a_bad_table_is_not_written(tmp_path):
    manifest = read_manifest(write(tmp_path, GOOD))
    bad = manifest.table.assign(pai="Real")
    with pytest.raises(DataError, match="line 2, pai"):
        write_manifest(Manifest(bad, tmp_path), tmp_path / "new.csv")
    assert not (tmp_path / "new.csv").exists()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=6, max_size=11), max_size=6),
    st.sampled_from(["", ",device", ",bbox_x,bbox_y,bbox_w,bbox_h"]),
)
def test_any_cells_give_a_manifest_or_one_line(tmp_path_factory, rows, more):
    path = tmp_path_factory.mktemp("fuzz") / "manifest.csv"
    text = "\n".join([HEADER + more, *(",".join(row) for row in rows)])
    path.write_text(text, encoding="utf-8")
    message, table = attempt(path)
    assert "\n" not in message
    assert len(message) < 1500
    if table is None:
        return
    assert set(table["split"]) <= {"train", "dev", "test"}
    assert not table["path"].str.startswith(("/", "..")).any()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_manifest_or_one_line(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("fuzz") / "manifest.csv"
    path.write_bytes(raw)
    with pytest.raises(DataError) as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value)
