"""An OULU-NPU folder: eyes, layouts, counts, list files, and the message when it is not there."""

from pathlib import Path

import numpy as np
import pytest

from autofas.data.manifests.manifest import read_manifest, write_manifest
from autofas.data.protocols.division import OULU_FOLDS, oulu_split
from autofas.data.readers.eyes import face_from_eyes, read_eyes
from autofas.data.readers.oulu import ABOUT, read
from autofas.data.readers.oulu_lists import count_differences, fields_of, list_differences, official_videos
from autofas.errors import DataError
from tests.data.data_files import EYES, frames_folder, write_video


def small_set(root: Path) -> Path:
    for user in ("01", "21", "36"):
        for file in "12345":
            frames_folder(root, f"1_1_{user}_{file}")
    return root


def write_lists(root: Path) -> Path:
    official = official_videos()
    for protocol, folds in OULU_FOLDS.items():
        for fold in folds:
            for split, part in oulu_split(official, protocol, fold).items():
                suffix = "" if fold is None else f"_{fold}"
                path = root / "Protocols" / f"Protocol_{protocol}" / f"{split.capitalize()}{suffix}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                lines = []
                for name in part["video"]:
                    label = (
                        "+1" if name.endswith("1") else "-2" if split == "test" and name[-1] in "45" else "-1"
                    )
                    lines.append(f"{label},{name}")
                path.write_text("\r\n".join(lines) + "\n")
    return root


def test_fields_of_a_name():
    assert fields_of("3_2_21_4") == {
        "video": "3_2_21_4",
        "device": "3",
        "session": "2",
        "subject": "21",
        "pai": "replay1",
        "split": "dev",
    }


def test_the_face_square_by_hand():
    # eyes 100 apart on a level line: side 280, centre 40 below the middle
    assert face_from_eyes((50, 100, 150, 100)) == (100 - 140, 140 - 140, 280, 280)
    assert face_from_eyes((150, 100, 50, 100)) == face_from_eyes((50, 100, 150, 100))
    # head turned by a right angle on its side: the face's down is the image's left
    x, y, side, _ = face_from_eyes((100, 50, 100, 150))
    assert (x + side / 2, y + side / 2) == (100 - 40, 100)


def test_eye_file_with_undetected_frames(tmp_path):
    (tmp_path / "a.txt").write_text(EYES)
    track = read_eyes(tmp_path / "a.txt")
    assert track.frames == 6
    assert sorted(track.found) == [1, 4]
    near, far = face_from_eyes((40, 50, 60, 50)), face_from_eyes((140, 150, 160, 150))
    assert [track.box(frame) for frame in range(6)] == [near, near, near, far, far, far]


def test_eye_files_as_they_may_come(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0, 10, 20, 30, 20\r\n\r\n1,10,20\r\nhello\r\n7,0,0,0,0\r\n-3,1,2,3,4\r\n")
    track = read_eyes(path)
    assert track.frames == 8
    assert list(track.found) == [0]
    assert [note.split(":")[0] for note in track.unreadable] == [
        "a.txt line 3",
        "a.txt line 4",
        "a.txt line 6",
    ]
    path.write_text("0,0,0,0,0\n1,0,0,0,0\n")
    assert read_eyes(path).box(0) is None
    path.write_text("")
    assert read_eyes(path).frames == 0
    with pytest.raises(DataError, match="cannot be read"):
        read_eyes(tmp_path / "absent.txt")


def test_frames_folders(tmp_path):
    reading = read(small_set(tmp_path), frames_per_video=3)
    table = reading.manifest.table
    assert len(table) == 15 * 3
    one = table[table["video"] == "1_1_01_2"]
    assert list(one["frame"]) == [1, 3, 5]
    assert list(one["path"]) == [f"Train_files/1_1_01_2/1_1_01_2_{n:03d}_scene.jpg" for n in (1, 3, 5)]
    assert set(one["pai"]) == {"print1"}
    expected = [face_from_eyes((40, 50, 60, 50)), *[face_from_eyes((140, 150, 160, 150))] * 2]
    assert [tuple(row) for row in one[["bbox_x", "bbox_y", "bbox_w", "bbox_h"]].to_numpy()] == expected
    counts = {split: len(part) for split, part in oulu_split(table, 3, 2).items()}
    assert counts == {"train": 15, "dev": 15, "test": 0}
    write_manifest(reading.manifest, tmp_path / "manifest.csv")
    assert len(read_manifest(tmp_path / "manifest.csv")) == 45


def test_what_is_missing_is_reported_and_not_hidden(tmp_path):
    differences = read(small_set(tmp_path), 1).differences
    assert len(differences) == 15  # three splits of five files
    assert (
        differences[0]
        == "train: 1 of 360 bona_fide videos; missing 1_1_02_1, 1_1_03_1, 1_1_04_1 and 356 more"
    )
    assert count_differences(official_videos()["video"]) == []


def test_videos_and_a_doubled_folder(tmp_path):
    pytest.importorskip("av")

    folder = tmp_path / "Train_files" / "Train_files"
    folder.mkdir(parents=True)
    write_video(folder / "1_1_01_1.avi", frames=10)
    write_video(folder / "1_1_01_2.avi", frames=10)
    (folder / "1_1_01_2.txt").write_text(
        EYES
    )  # says 6 frames: the file is believed, it was made from the frames
    reading = read(tmp_path, frames_per_video=2)
    table = reading.manifest.table
    assert list(table["frame"]) == [2, 7, 1, 4]
    assert table["path"].iloc[0] == "Train_files/Train_files/1_1_01_1.avi"
    assert list(table["bbox_w"] > 0) == [False, False, True, True]
    assert "1_1_01_1: no eye file; its frames are cut at the centre" in reading.differences


def test_strange_and_misplaced_files_are_reported(tmp_path):
    small_set(tmp_path)
    frames_folder(tmp_path, "1_1_22_1", folder="Train_files")
    (tmp_path / "Dev_files" / "notes.doc").write_text("x")
    (tmp_path / "Dev_files" / "7_1_21_1.avi").write_text("x")
    frames_folder(tmp_path, "1_2_21_1", folder="Test_files", eyes="0,0,0,0,0")
    reading = read(tmp_path, 1)
    text = "\n".join(reading.differences)
    assert "Train_files/1_1_22_1 is a dev video in the train folder; it stays dev" in text
    assert "Dev_files: 7_1_21_1.avi, notes.doc not recognised and not used" in text
    assert "1_2_21_1: no frame with eyes; its frames are cut at the centre" in text
    assert reading.manifest.table.set_index("video").at["1_1_22_1", "split"] == "dev"


def test_the_official_lists_agree_with_the_rules(tmp_path):
    assert list_differences(tmp_path) == []  # no lists on disk: the rules suffice
    assert list_differences(write_lists(tmp_path)) == []
    (tmp_path / "Protocols").rename(tmp_path / "inner")
    (tmp_path / "Protocols").mkdir()
    (tmp_path / "inner").rename(tmp_path / "Protocols" / "Protocols")
    assert list_differences(tmp_path) == []


def test_lists_that_differ_are_reported(tmp_path):
    folder = write_lists(tmp_path) / "Protocols"
    path = folder / "Protocol_1" / "Train.txt"
    lines = path.read_text().split()
    assert lines[0] == "+1,1_1_01_1"
    path.write_text("\n".join(["-1,1_1_01_1", *lines[2:], "+1,1_3_01_1", "nonsense", lines[5]]))
    (folder / "Protocol_4" / "Dev_3.txt").unlink()
    differences = list_differences(tmp_path)
    assert differences == [
        "Protocol_1/Train.txt line 1: label -1 contradicts the name 1_1_01_1; the name is believed",
        "Protocol_1/Train.txt line 1201: 'nonsense' is not <label>,<name>",
        f"Protocol_1/Train.txt line 1202: {lines[5].split(',')[1]} is listed twice",
        "Protocol_1/Train.txt: lacks 1_1_01_2 by the rule, which is used",
        "Protocol_1/Train.txt: also has 1_3_01_1 by the rule, which is used",
        "Protocol_4/Dev_3.txt: is missing; the rule is used",
    ]


@pytest.mark.parametrize("made", ["nothing", "empty", "other", "file"])
def test_a_data_set_that_is_not_there(tmp_path, made):
    root = tmp_path / "oulu"
    if made == "file":
        root.write_text("x")
    elif made != "nothing":
        root.mkdir()
    if made == "other":
        (root / "Train_files.tar").write_text("x")
    with pytest.raises(DataError) as caught:
        read(root)
    message = str(caught.value)
    assert message == ABOUT.missing(root)
    seen = {
        "nothing": "does not exist",
        "empty": "it is empty",
        "other": "it holds Train_files.tar",
        "file": "that is a file",
    }
    for part in (
        seen[made],
        "University of Oulu",
        "apply at https://",
        "Train_files/",
        "--dataset synthetic works now",
    ):
        assert part in message
    assert "\n" not in message


def test_empty_split_folders_count_as_missing(tmp_path):
    (tmp_path / "Train_files").mkdir()
    with pytest.raises(DataError, match="it holds Train_files"):
        read(tmp_path)


def test_boxes_reach_past_the_border_of_small_frames(tmp_path):
    from autofas.data.batches.crop_store import FrameStore

    reading = read(small_set(tmp_path), 1)
    store = FrameStore.build(reading.manifest, size=32)
    assert store.crops("color", np.arange(15)).shape == (15, 3, 32, 32)
