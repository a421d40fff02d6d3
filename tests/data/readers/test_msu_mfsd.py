"""MSU-MFSD: every official count on a full-size skeleton, names by hand, boxes, lists."""

import pytest

from autofas.data.dataset import load_dataset
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import msu_mfsd
from tests.data import skeletons
from tests.data.readers.indexing import counts, indexed
from tests.data.video_files import grey_frames, write_frames

pytest.importorskip("av")


def test_msu_mfsd(place):
    reading = indexed(place, skeletons.msu_mfsd, msu_mfsd.read, "msu")
    table = reading.manifest.table
    # six videos lie upside down, and their boxes do not fit
    upside_down = [name for name in reading.differences if name.startswith("6 videos have no face boxes")]
    assert reading.differences == tuple(upside_down)
    assert (table["video"].nunique(), table["subject"].nunique()) == (280, 35)
    found = counts(table, "official", dataset="msu-mfsd")
    assert found["test"] == (40, 120)
    assert tuple(map(sum, zip(found["train"], found["dev"], strict=True))) == (30, 90)
    assert table.groupby("device")["video"].nunique().to_dict() == {"android": 140, "laptop": 140}
    assert set(table["pai"]) == {BONA_FIDE, "ipad_video", "iphone_video", "printed_photo"}
    one = table[table["video"] == "attack_client001_laptop_SD_ipad_video_scene01"]
    assert one[["frame", "bbox_x", "bbox_y", "bbox_w", "bbox_h"]].to_numpy().tolist() == [
        [0, 10, 12, 20, 24], [1, 10, 12, 20, 24], [2, 14, 12, 20, 24], [3, 14, 12, 20, 24]
    ]  # fmt: skip
    turned = table[table["video"] == "real_client009_android_SD_scene01"]
    assert set(turned["bbox_w"]) == {0}
    data = load_dataset("msu", data_root=place / "msu")
    assert (data.name, data.protocol, set(data.splits)) == ("msu-mfsd", "official", {"train", "dev", "test"})


def test_msu_names_by_hand(tmp_path):
    for name in (
        "real/real_client002_android_SD_scene01.mp4",
        "real/real_client004_android_SD_scene01.mp4",  # not one of the 35 that are public
        "real/attack_client002_android_SD_ipad_video_scene01.mp4",  # in the wrong folder
        "attack/attack_client001_laptop_SD_printed_photo_scene01.mov",
        "attack/attack_client001_laptop_SD_scene01.mov",  # of no instrument
        "attack/attack_client001_laptop_SD_mask_scene01.mov",
    ):
        place = tmp_path / "MSU-MFSD-Publish/scene01" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_frames(place, grey_frames(2, (32, 32)), "mjpeg" if name.endswith("mov") else "mpeg4")
    (tmp_path / "MSU-MFSD-Publish/train_sub_list.txt").write_text("02\n03\n")
    (tmp_path / "MSU-MFSD-Publish/scene01/real/real_client002_android_SD_scene01.face").write_text("a,b\n")
    reading = msu_mfsd.read(tmp_path, 1)
    found = reading.manifest.table[["subject", "pai", "split", "device", "session"]]
    assert found.to_numpy().tolist() == [
        ["client001", "printed_photo", "test", "laptop", "scene01"],
        ["client002", BONA_FIDE, "train", "android", "scene01"],
    ]
    text = "\n".join(reading.differences)
    assert "real: attack_client002_android_SD_ipad_video_scene01.mp4, real_client004" in text
    assert "attack_client001_laptop_SD_mask_scene01.mov" in text
    assert "train_sub_list.txt: differs from the published train clients, which are used" in text
    assert "scene01.face line 1: 'a,b' is not frame, left, top, right, bottom" in text
    assert "train: 1 of 30 bona_fide videos; 29 missing" in text
