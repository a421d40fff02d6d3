"""Replay-Attack: names, protocols and every official count."""

import pytest

from autofas.data.inspection import protocols_of
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import replay_attack
from tests.data import skeletons
from tests.data.readers.indexing import counts, indexed
from tests.data.video_files import grey_frames, write_frames


def test_replay_names_by_hand(tmp_path):
    for name in (
        "train/real/client001_session01_webcam_authenticate_adverse_1.mov",
        "devel/real/client001_session01_webcam_authenticate_adverse_1.mov",  # twice
        "train/real/client003_session01_webcam_authenticate_adverse_1.avi",  # a devel client
        "train/real/client099_session01_webcam_authenticate_adverse_1.mov",  # nobody
        "train/attack/fixed/attack_print_client001_session01_mobile_photo_adverse.mov",  # no such kind
        "train/attack/hand/attack_highdef_client001_session01_highdef_video_controlled.mov",
        "train/real/attack_print_client001_session01_highdef_photo_adverse.mov",  # in the wrong folder
    ):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_frames(place, grey_frames(2, (32, 32)), "mjpeg")
    (tmp_path / "test/real").mkdir(parents=True)
    (tmp_path / "test/real/client009_session01_webcam_authenticate_adverse_1.mov").write_bytes(b"")
    reading = replay_attack.read(tmp_path, 1)
    found = reading.manifest.table.set_index("video")[["subject", "pai", "split", "support", "session"]]
    assert found.to_numpy().tolist() == [
        ["client001", BONA_FIDE, "train", "none", "adverse"],
        ["client003", BONA_FIDE, "dev", "none", "adverse"],
        ["client001", "highdef_video", "train", "hand", "controlled"],
    ]
    text = "\n".join(reading.differences)
    assert "devel/real/client001_session01_webcam_authenticate_adverse_1.mov: repeats train/real/" in text
    assert ": a dev video in the train folder; it stays dev" in text
    assert "client099" in text
    assert "mobile_photo_adverse.mov" in text
    assert "client009_session01_webcam_authenticate_adverse_1.mov: is damaged or not a video" in text


pytest.importorskip("av")


REPLAY_ATTACKS = {  # over all three sets; each is divided 3 : 3 : 4
    "grandtest": 1000,
    "print": 200,
    "mobile": 400,
    "highdef": 400,
    "photo": 600,
    "video": 400,
    "digitalphoto": 400,
    "fixed": 500,
    "hand": 500,
}


def test_replay_attack(place):
    reading = indexed(place, skeletons.replay_attack, replay_attack.read, "replay")
    table = reading.manifest.table
    assert reading.differences == ()
    assert table["video"].nunique() == 1200
    assert table.groupby("split")["subject"].nunique().to_dict() == {"train": 15, "dev": 15, "test": 20}
    for name, attacks in REPLAY_ATTACKS.items():
        expected = {
            "train": (60, attacks * 3 // 10),
            "dev": (60, attacks * 3 // 10),
            "test": (80, attacks * 4 // 10),
        }
        assert counts(table, name, dataset="replay-attack") == expected, name
        if name not in ("fixed", "hand"):
            for support in ("fixed", "hand"):
                half = {split: (real, attack // 2) for split, (real, attack) in expected.items()}
                assert counts(table, f"{name}-{support}", dataset="replay-attack") == half
    assert len(protocols_of("replay-attack", table)) == 7 * 3 + 2
    # the nearest frame with a box stands in: frame 2 of 4 has none, so it takes frame 3's
    one = table[table["video"] == "client001_session01_webcam_authenticate_adverse_1"]
    assert list(one["frame"]) == [0, 1, 2, 3]
    assert list(one["bbox_x"]) == [10, 10, 14, 14]
