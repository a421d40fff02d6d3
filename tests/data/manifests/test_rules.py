"""Rules of a row: paths stay inside, every fault by line and column, boxes, frames of videos."""

import pandas as pd
import pytest

from autofas.data.manifests.manifest import read_manifest, write_manifest
from autofas.storage.media import VIDEO_SUFFIXES
from tests.data.manifest_files import HEADER, fault, write

GOOD = "a/1.png,bona_fide,01,1,v1,0,train"


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
        ("a/2.png,print,01,1,v2,0,holdout", "line 3, split: 'holdout' is not one of train, dev, test"),
        ("/a/2.png,print,01,1,v2,0,train", "line 3, path: '/a/2.png' is an absolute path"),
        ("C:/a/2.png,print,01,1,v2,0,train", "line 3, path: 'C:/a/2.png' is an absolute path"),
        ("../2.png,print,01,1,v2,0,train", "line 3, path: '../2.png' leaves the manifest's folder"),
        ("a/../../2.png,print,01,1,v2,0,train", "line 3, path: 'a/../../2.png' leaves the manifest's folder"),
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
    boxes = ["210.0,8.0,40.0,1e2", "10.37,-5.6,.4,60.5", "10.5,11.5,+3,3.", ",,,", "nan,None,NaN,<NA>"]
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
