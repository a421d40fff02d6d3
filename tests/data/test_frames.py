"""The frames of a manifest: which are taken, and faults of images and videos by row."""

import pandas as pd
import pytest

from autofas.data.frames import check_files, sample_frames
from autofas.data.manifests.manifest import Manifest
from autofas.errors import DataError
from tests.data.data_files import write_video

av = pytest.importorskip("av")


def test_check_files_names_every_bad_row(make_manifest, tmp_path):
    manifest = make_manifest(subjects=2)
    assert check_files(manifest) == 12
    paths = list(manifest.table["path"])
    (tmp_path / paths[1]).unlink()
    (tmp_path / paths[4]).write_bytes((tmp_path / paths[4]).read_bytes()[:80])
    (tmp_path / paths[7]).write_text("text")
    with pytest.raises(DataError) as caught:
        check_files(manifest)
    message = str(caught.value)
    assert message.startswith(
        f"{tmp_path / 'manifest.csv'}: 3 faults: line 3, path: '{paths[1]}' no such file; "
    )
    assert f"line 6, path: '{paths[4]}' is truncated or damaged" in message
    assert f"line 9, path: '{paths[7]}' is not an image" in message


def test_check_files_of_video_rows(tmp_path):
    write_video(tmp_path / "v.avi", frames=5)
    columns = {
        "path": "v.avi",
        "pai": "print",
        "subject": "1",
        "session": "1",
        "video": "v",
        "split": "train",
    }
    table = pd.DataFrame([{**columns, "frame": frame} for frame in (0, 4, 7)], index=[2, 3, 4])
    with pytest.raises(DataError, match=r"line 4, path: 'v.avi' has 5 frames; frame 7 does not exist"):
        check_files(Manifest(table, tmp_path))
    assert check_files(Manifest(table.iloc[:2], tmp_path)) == 2


def test_check_files_of_other_modalities(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    with pytest.raises(DataError, match="has no column depth"):
        check_files(manifest, ("color", "depth"))
    with pytest.raises(DataError, match="modality 'colour' does not exist; choose color, depth, ir"):
        check_files(manifest, ("colour",))
    table = manifest.table.assign(depth=[*manifest.table["path"].iloc[:-1], ""])
    with pytest.raises(DataError, match="line 7, depth: is empty, and the depth images are asked for"):
        check_files(Manifest(table, tmp_path), ("color", "depth"))


def test_sampling_takes_frames_of_each_video_in_time_order():
    table = pd.DataFrame({"video": list("aaaabb"), "frame": [30, 10, 20, 0, 5, 4]})
    sampled = sample_frames(table, 2)
    assert list(zip(sampled["video"], sampled["frame"], strict=True)) == [
        ("a", 30),
        ("a", 10),
        ("b", 5),
        ("b", 4),
    ]
    assert sample_frames(table, None) is table
