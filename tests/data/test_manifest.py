"""The manifest: what is accepted, every fault by line and column, and whole or no writing."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autofas.data.manifests.manifest as manifest_module
from autofas.data.manifests.manifest import BONA_FIDE, VIDEO_SUFFIXES, Manifest, read_manifest, write_manifest
from autofas.errors import DataError

HEADER = "path,pai,subject,session,video,frame,split"
GOOD = "a/1.png,bona_fide,01,1,v1,0,train"


def write(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def fault(tmp_path: Path, *lines: str, header: str = HEADER) -> str:
    with pytest.raises(DataError) as caught:
        read_manifest(write(tmp_path, *lines, header=header))
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{tmp_path / 'manifest.csv'}: ")


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


def test_paths_are_normalised_inside_the_folder(tmp_path):
    table = read_manifest(write(tmp_path, "./a//b/../1.png,bona_fide,01,1,v1,0,train")).table
    assert table["path"].iloc[0] == "a/1.png"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a/2.png,1,01,1,v2,0,train", "line 3, pai: '1' is a bare label; write bona_fide or"),
        ("a/2.png,0,01,1,v2,0,train", "line 3, pai: '0' is a bare label"),
        ("a/2.png,Print,01,1,v2,0,train", "line 3, pai: 'Print' is not a lower-case word"),
        ("a/2.png,real,01,1,v2,0,train", "line 3, pai: 'real' would count as an attack; write bona_fide"),
        ("a/2.png,,01,1,v2,0,train", "line 3, pai: is empty"),
        ("a/2.png,print,,1,v2,0,train", "line 3, subject: is empty"),
        ("a/2.png,print,01, ,v2,0,train", "line 3, session: is empty"),
        ("a/2.png,print,01,1,,0,train", "line 3, video: is empty"),
        (",print,01,1,v2,0,train", "line 3, path: is empty"),
        ("a/2.png,print,01,1,v2,,train", "line 3, frame: is empty"),
        ("a/2.png,print,01,1,v2,-1,train", "line 3, frame: '-1' is not a frame number"),
        ("a/2.png,print,01,1,v2,1.5,train", "line 3, frame: '1.5' is not a frame number"),
        ("a/2.png,print,01,1,v2,0,", "line 3, split: is empty"),
        ("a/2.png,print,01,1,v2,0,validation", "line 3, split: 'validation' is not one of train, dev, test"),
        ("/a/2.png,print,01,1,v2,0,train", "line 3, path: '/a/2.png' is an absolute path"),
        ("C:/a/2.png,print,01,1,v2,0,train", "line 3, path: 'C:/a/2.png' is an absolute path"),
        ("../2.png,print,01,1,v2,0,train", "line 3, path: '../2.png' leaves the manifest's folder"),
        ("a/../../2.png,print,01,1,v2,0,train", "line 3, path: 'a/../../2.png' leaves the manifest's folder"),
        ("a\\2.png,print,01,1,v2,0,train", "line 3, path: 'a\\\\2.png' has backslashes"),
        ("./,print,01,1,v2,0,train", "line 3, path: './' names a folder"),
        ("a/\t2.png,print,01,1,v2,0,train", "line 3, path: 'a/\\t2.png' holds a control character"),
        ("a/1.png,bona_fide,01,1,v1,0,train", "line 3, path: image 'a/1.png' is listed at line 2 already"),
        ("a/./1.png,bona_fide,01,1,v1,9,train", "line 3, path: image 'a/1.png' is listed at line 2 already"),
        (
            "a/2.png,print,01,1,v1,1,train",
            "line 3, pai: video 'v1' has two labels: print here and bona_fide earlier",
        ),
        (
            "a/2.png,bona_fide,01,1,v1,1,dev",
            "line 3, split: video 'v1' has two splits: dev here and train earlier",
        ),
        ("a/2.png,bona_fide,02,1,v1,1,train", "line 3, subject: video 'v1' has two subjects"),
        ("a/2.png,print,01,1,v2,0", "line 3: has 6 fields where the header names 7"),
        ('a/2.png,"print,01,1,v2,0,train', "line 3 is not CSV"),
    ],
)
def test_every_fault_is_named_by_line_and_column(tmp_path, line, expected):
    assert fault(tmp_path, GOOD, line).startswith(expected)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("1,2,3,", "line 2, bbox_x: the box has only some of its four numbers"),
        ("1,2,3,x", "line 2, bbox_h: 'x' is not a number of pixels"),
        ("1,2,0,5", "line 2, bbox_w: 0 is not a size"),
        ("1,2,5,-5", "line 2, bbox_h: -5 is not a size"),
        ("1,2,5,-0.5", "line 2, bbox_h: -0.5 is not a size"),
        ("1,2,5,0.0", "line 2, bbox_h: 0.0 is not a size"),
        ("1,2,5,inf", "line 2, bbox_h: 'inf' is not a number of pixels"),
        ("1,2,5,nan", "line 2, bbox_x: the box has only some of its four numbers"),
        ("1,2,5,1e6", "line 2, bbox_h: '1e6' is not a number of pixels below 1000000"),
        ("1,2,5,0x10", "line 2, bbox_h: '0x10' is not a number of pixels"),
    ],
)
def test_box_faults(tmp_path, box, expected):
    header = HEADER + ",bbox_x,bbox_y,bbox_w,bbox_h"
    assert fault(tmp_path, f"{GOOD},{box}", header=header).startswith(expected)


def test_boxes_with_fractions_go_to_the_nearest_pixel(tmp_path):
    boxes = ["210.0,8.0,40.0,1e2", "10.37,-5.6,.4,60.5", "10.5,11.5,+3,3.", ",,,", "nan,nan,NaN,nan"]
    rows = [f"a/{number}.png,print,01,1,v{number},{number}.0,train,{box}" for number, box in enumerate(boxes)]
    manifest = read_manifest(write(tmp_path, *rows, header=HEADER + ",bbox_x,bbox_y,bbox_w,bbox_h"))
    table = manifest.table[["frame", "bbox_x", "bbox_y", "bbox_w", "bbox_h"]]
    assert table.to_numpy().tolist() == [
        [0, 210, 8, 40, 100],
        [1, 10, -6, 1, 60],  # a size is at least a pixel; halves go to the even number
        [2, 10, 12, 3, 3],
        [3, 0, 0, 0, 0],
        [4, 0, 0, 0, 0],
    ]
    write_manifest(manifest, tmp_path / "again.csv")
    again = read_manifest(tmp_path / "again.csv").table
    assert again.equals(manifest.table)


def test_boxes_that_pandas_has_made_floats_are_read(tmp_path):
    rows = [
        f"a/{number}.png,print,01,1,v{number},{number},train,{box}"
        for number, box in enumerate(["1,2,3,4", ",,,"])
    ]
    place = write(tmp_path, *rows, header=HEADER + ",bbox_x,bbox_y,bbox_w,bbox_h")
    pd.read_csv(place).to_csv(tmp_path / "pandas.csv", index=False)
    assert "1.0,2.0,3.0,4.0" in (tmp_path / "pandas.csv").read_text()
    boxes = read_manifest(tmp_path / "pandas.csv").table[["bbox_x", "bbox_y", "bbox_w", "bbox_h"]]
    assert boxes.to_numpy().tolist() == [[1, 2, 3, 4], [0, 0, 0, 0]]


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_every_videos_suffix_makes_frames_of_a_video(tmp_path, suffix):
    for name in (f"v{suffix}", f"v{suffix.upper()}"):
        lines = [f"{name},print,01,1,v,{frame},train" for frame in (0, 3)]
        assert len(read_manifest(write(tmp_path, *lines))) == 2
        assert f"frame 3 of '{name}' is listed" in fault(tmp_path, *lines, lines[1])


@pytest.mark.parametrize("name", ["v.wmv", "v.MPG", "a/v.mts", "v.flv"])
def test_other_videos_are_said_not_to_be_read(tmp_path, name):
    lines = [f"{name},print,01,1,v,{frame},train" for frame in (0, 3)]
    message = f"line 2, path: '{name}' is a video that is not read; convert it to one of .avi, .mp4"
    assert message in fault(tmp_path, *lines)


def test_a_frame_of_a_video_may_be_listed_once(tmp_path):
    lines = ["v.avi,print,01,1,v,0,train", "v.avi,print,01,1,v,1,train"]
    assert len(read_manifest(write(tmp_path, *lines))) == 2
    assert "frame 1 of 'v.avi' is listed at line 3 already" in fault(tmp_path, *lines, lines[1])


def test_all_faults_are_counted_and_the_first_five_listed(tmp_path):
    lines = [f"a/{i}.png,1,01,1,v{i},x,train" for i in range(6)]
    message = fault(tmp_path, *lines)
    assert message.startswith("12 faults: line 2, pai: ")
    assert message.count("; line ") == 4
    assert message.endswith("; +7 more")


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


def test_long_and_multiline_values_stay_on_one_line(tmp_path):
    message = fault(tmp_path, f'a/1.png,"{"x" * 500}\nY",01,1,v1,0,train')
    assert len(message) < 200


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
