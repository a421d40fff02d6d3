"""An OULU-NPU folder: layouts, what is missing, what an absent set says, and every official count."""

from pathlib import Path

import numpy as np
import pytest

from autofas.data.inspection import protocols_of
from autofas.data.manifests.manifest import read_manifest, write_manifest
from autofas.data.protocols.division import oulu_split
from autofas.data.readers import oulu
from autofas.data.readers.eyes import face_from_eyes
from autofas.data.readers.oulu import ABOUT, read
from autofas.data.readers.oulu_lists import count_differences, official_videos
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.data_files import EYES, OULU_COUNTS, frames_folder, write_video
from tests.data.readers.indexing import counts, indexed


def small_set(root: Path) -> Path:
    for user in ("01", "21", "36"):
        for file in "12345":
            frames_folder(root, f"1_1_{user}_{file}")
    return root


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
    said = "no eye file; prepare finds its faces, other verbs take the frame's centre"
    assert f"1_1_01_1: {said}" in reading.differences


def test_strange_and_misplaced_files_are_reported(tmp_path):
    small_set(tmp_path)
    frames_folder(tmp_path, "1_1_22_1", folder="Train_files")
    (tmp_path / "Dev_files" / "notes.doc").write_text("x")
    (tmp_path / "Dev_files" / "7_1_21_1.avi").write_text("x")
    frames_folder(tmp_path, "1_2_21_1", folder="Test_files", eyes="0,0,0,0,0")
    reading = read(tmp_path, 1)
    text = "\n".join(reading.differences)
    assert "Train_files/1_1_22_1: a dev video in the train folder; it stays dev" in text
    assert "Dev_files: 7_1_21_1.avi, notes.doc not recognised and not used" in text
    assert "1_2_21_1: no frame with eyes and no .dat boxes; prepare finds its faces" in text
    assert reading.manifest.table.set_index("video").at["1_1_22_1", "split"] == "dev"


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


pytest.importorskip("av")


def test_oulu(place):
    reading = indexed(place, skeletons.oulu, oulu.read, "oulu")
    table = reading.manifest.table
    assert reading.differences == ()
    assert table["video"].nunique() == 4950
    wanted = protocols_of("oulu", table)
    assert len(wanted) == 14
    for protocol, fold in wanted:
        key = f"Protocol_{protocol}" + (f"_{fold}" if fold else "")
        found = counts(table, protocol, fold, "oulu")
        assert {s: list(c) for s, c in found.items()} == {
            "train": OULU_COUNTS[f"{key}/train"],
            "dev": OULU_COUNTS[f"{key}/dev"],
            "test": OULU_COUNTS[f"{key}/eval"],
        }
    for split, part in table.groupby("split"):
        sizes = part.groupby("pai")["video"].nunique().to_dict()
        each = {"train": 360, "dev": 270, "test": 360}[split]
        assert sizes == dict.fromkeys(("bona_fide", "print1", "print2", "replay1", "replay2"), each)


def test_dat_files_beside_frames_are_their_boxes(tmp_path):
    frames_folder(tmp_path, "1_1_01_1", folder="Train_images")  # eyes too: the frame's own box goes first
    frames_folder(tmp_path, "1_1_01_2", folder="Train_images", eyes=None)
    for name in ("1_1_01_1", "1_1_01_2"):
        for number in range(6):
            place = tmp_path / "Train_images" / name / f"{name}_{number:03d}_scene.dat"
            place.write_text(f"{10 + number}.4\n20\n30.6\n40\n")  # left, top, width, height
    (tmp_path / "Train_images" / "1_1_01_2" / "1_1_01_2_003_scene.dat").write_text("no box\n")
    reading = read(tmp_path, frames_per_video=None)
    table = reading.manifest.table
    boxes = [tuple(row) for row in table[["bbox_x", "bbox_y", "bbox_w", "bbox_h"]].to_numpy().tolist()]
    own = [(10 + number, 20, 31, 40) for number in range(6)]
    assert boxes == [*own, *own[:3], (0, 0, 0, 0), *own[4:]]
    said = "not four numbers left, top, width and height; it is not used"
    assert f"Train_images/1_1_01_2/1_1_01_2_003_scene.dat: {said}" in reading.differences


def test_what_is_said_of_many_videos_is_one_line_with_the_first_three(tmp_path):
    for session in (1, 2, 3):
        for file in (1, 2, 3, 4, 5):
            frames_folder(tmp_path, f"1_{session}_01_{file}", range(2), folder="Train_images", eyes=None)
    lines = [line for line in read(tmp_path).differences if "no eye file" in line]
    assert lines == [
        "15 files or folders (1_1_01_1, 1_1_01_2, 1_1_01_3 and 12 more): no eye file and no .dat boxes;"
        " prepare finds its faces, other verbs take the frame's centre"
    ]


@pytest.mark.parametrize("name", ["{:04d}.png", "frame{:d}.jpg", "1_1_01_1_{:03d}.jpg"])
def test_a_folder_of_frames_stands_in_place_of_a_video_whatever_comes_before_their_numbers(tmp_path, name):
    folder = tmp_path / "Train_files" / "1_1_01_1"
    folder.mkdir(parents=True)
    for number in range(3, 7):
        (folder / name.format(number)).write_bytes(b"x")
    (folder / "1_1_02_1_009_scene.jpg").write_bytes(b"x")  # another video's
    (folder / "1_1_01_1_003_depth.jpg").write_bytes(b"x")  # no frame
    table = read(tmp_path, frames_per_video=None).manifest.table
    assert list(table["frame"]) == [3, 4, 5, 6]
    assert set(table["video"]) == {"1_1_01_1"}


def test_some_frames_without_a_box_are_not_called_all(tmp_path):
    frames_folder(tmp_path, "1_1_01_1", range(3), folder="Train_images", eyes=None)
    for number in range(2):
        place = tmp_path / "Train_images/1_1_01_1" / f"1_1_01_1_{number:03d}_scene.dat"
        place.write_text("8\n8\n40\n40\n")
    reading = read(tmp_path, frames_per_video=None)
    assert "1_1_01_1: some frames have neither eyes nor a box; prepare finds" in "\n".join(
        reading.differences
    )
    assert list(reading.manifest.table["bbox_w"]) == [40, 40, 0]
