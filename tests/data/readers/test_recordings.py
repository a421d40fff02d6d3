"""Recordings: folders of frames in place of videos, their boxes, and what is neither."""

import shutil

import pytest

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import casia_mfsd, msu_mfsd, replay_attack, siw
from autofas.data.readers.face_boxes import BoxTrack
from autofas.data.readers.reading import reporting
from autofas.data.readers.recordings import find_recordings, frame_rows
from tests.data.data_files import picture
from tests.data.video_files import grey_frames, write_frames

pytest.importorskip("av")


def frames(folder, *names):
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        picture(number, (60, 50)).save(folder / name)


def test_frames_are_numbered_by_the_last_number_of_their_names(tmp_path):
    frames(tmp_path / "HR_1", "1_HR_1_0.png", "frame10.jpg", "2.jpg", "0007_scene.jpg", "cover.png")
    frames(tmp_path / "2.avi", "img_003.bmp")
    frames(tmp_path / "thumbs", "cover.png")
    (tmp_path / "3.avi").write_bytes(b"")
    (tmp_path / "3.face").write_text("")
    (tmp_path / "notes.txt").write_text("")
    notes: list[str] = []
    found, strange = find_recordings(tmp_path, tmp_path, notes, beside=(".face",))
    assert [(one.name, [number for number, _ in one.frames]) for one in found] == [
        ("2", [3]), ("3", []), ("HR_1", [0, 2, 7, 10])
    ]  # fmt: skip
    assert (strange, notes) == (["notes.txt", "thumbs"], [])


def test_a_frames_own_box_goes_before_the_recordings(tmp_path):
    frames(tmp_path / "a", "1.png", "2.png", "3.png")
    (tmp_path / "a/2.dat").write_text("5\n6\n20\n30\n")
    (tmp_path / "a/3.dat").write_text("no box\n")
    notes: list[str] = []
    found, _ = find_recordings(tmp_path, tmp_path, notes)
    track = BoxTrack({0: (1, 1, 9, 9)})
    rows = frame_rows([(found[0], {})], tmp_path, None, notes, lambda _: track)
    assert [row["bbox_x"] for row in rows] == [1, 5, 1]
    assert notes == ["a/3.dat: not four numbers left, top, width and height; it is not used"]
    alone = frame_rows([(found[0], {})], tmp_path, None, notes)
    assert [(row["frame"], row["bbox_w"]) for row in alone] == [(1, 0), (2, 20), (3, 0)]
    (tmp_path / "a/2.dat").unlink()
    assert [set(row) for row in frame_rows([(found[0], {})], tmp_path, 2, notes)] == [{"path", "frame"}] * 2


@pytest.mark.parametrize(
    ("read", "real", "attack"),
    [
        (casia_mfsd.read, "train_release/1/HR_1", "test_release/30/5"),
        (
            replay_attack.read,
            "train/real/client001_session01_webcam_authenticate_adverse_1",
            "devel/attack/hand/attack_print_client003_session01_highdef_photo_adverse",
        ),
        (
            msu_mfsd.read,
            "scene01/real/real_client002_android_SD_scene01",
            "scene01/attack/attack_client001_laptop_SD_printed_photo_scene01",
        ),
        (siw.read, "Train/live/003/003-1-1-1-1", "Test/spoof/001/001-1-2-1-1"),
    ],
    ids=["casia-mfsd", "replay-attack", "msu-mfsd", "siw"],
)
def test_a_folder_of_frames_stands_in_place_of_a_video(tmp_path, read, real, attack):
    stem = attack.rsplit("/", 1)[-1]
    frames(tmp_path / real, *(f"{number:04d}.png" for number in range(12)))
    frames(tmp_path / attack, *(f"{stem}_{number}.jpg" for number in range(3)))
    reading = read(tmp_path, 4)
    table = reading.manifest.table
    assert not any("not recognised" in line for line in reading.differences)
    of = {pai == BONA_FIDE: rows for pai, rows in table.groupby("pai")}
    assert len(of[True]) == 4
    assert of[False]["frame"].tolist() == [0, 1, 2]
    assert of[False]["path"].tolist() == [f"{attack}/{stem}_{number}.jpg" for number in range(3)]
    for path in table["path"]:
        assert reading.manifest.resolve(path).is_file()
    # the same video beside it is named and left out
    video = tmp_path / f"{real}.avi"
    write_frames(video, grey_frames(2, (32, 32)))
    assert any("repeats" in line for line in read(tmp_path, 4).differences)
    shutil.rmtree(tmp_path / real)
    assert f"{real}.avi" in set(read(tmp_path, 1).manifest.table["path"])


def test_a_video_is_not_decoded_to_be_counted_where_each_frame_has_a_box(tmp_path):
    for name in ("a", "b"):
        write_frames(tmp_path / f"{name}.avi", grey_frames(3, (32, 32)))
    notes: list[str] = []
    found, _ = find_recordings(tmp_path, tmp_path, notes)
    told = []
    with reporting(lambda done, total: told.append((done, total))):
        rows = frame_rows(
            [(one, {}) for one in found],
            tmp_path,
            None,
            notes,
            lambda one: BoxTrack({0: (1, 1, 9, 9)}, (), 2 if one.name == "a" else 0),
        )
    assert told == [(1, 1)]
    assert [(row["path"], row["frame"]) for row in rows] == [
        ("a.avi", 0),
        ("a.avi", 1),
        *(("b.avi", n) for n in range(3)),
    ]
