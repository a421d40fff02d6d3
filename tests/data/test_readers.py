"""Readers beyond the full-size skeletons: polarity, lists that lie, layouts, manifests, and links out."""

from pathlib import Path

import pytest

from autofas.data.catalog import ENTRIES
from autofas.data.dataset import load_dataset
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import casia_mfsd, casia_surf, great_fasd_s, mmfd, nuaa, replay_attack
from autofas.data.readers.face_boxes import read_boxes
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.data_files import COLUMNS, picture, write_rows
from tests.data.video_files import grey_frames, write_frames

MODALITIES = ("color", "depth", "ir")


def surf_images(root: Path, stems: list[str]) -> None:
    for stem in stems:
        place = root / stem
        place.parent.mkdir(parents=True, exist_ok=True)
        picture(0, (8, 8)).save(place)


def challenge(root: Path, lines: list[str], name: str = "phase1/val_private_list.txt") -> Path:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join(lines) + "\n")
    return root


def sample(number: int, label: str = "", folder: str = "Val") -> str:
    stem = f"{folder}/0000/{number:06d}"
    return " ".join([*(f"{stem}-{name}.jpg" for name in MODALITIES), label])


def test_challenge_polarity_is_one_for_bona_fide(tmp_path):
    challenge(tmp_path, [sample(0, "1"), sample(1, "0"), sample(2, "0")])
    surf_images(tmp_path / "phase1", [f"Val/0000/{n:06d}-{m}.jpg" for n in range(3) for m in MODALITIES])
    reading = casia_surf.read(tmp_path)
    assert list(reading.manifest.table["pai"]) == [BONA_FIDE, "cut_print", "cut_print"]
    row = reading.manifest.table.iloc[1]
    assert row["path"] == "phase1/Val/0000/000001-color.jpg"
    assert row["depth"] == "phase1/Val/0000/000001-depth.jpg"
    assert row["ir"] == "phase1/Val/0000/000001-ir.jpg"
    assert "dev: 1 of 2994 bona_fide samples; 2993 missing" in reading.differences
    assert any("train: neither train_list.txt is there" in line for line in reading.differences)


def test_both_phases_in_one_folder(tmp_path):
    challenge(tmp_path, [sample(0, "1")], "val_private_list.txt")
    challenge(tmp_path, [sample(0, "0", "Testing")], "test_private_list.txt")
    names = [f"{f}/0000/000000-{m}.jpg" for f in ("Val", "Testing") for m in MODALITIES]
    surf_images(tmp_path, names)
    table = casia_surf.read(tmp_path).manifest.table
    assert list(table["path"]) == ["Val/0000/000000-color.jpg", "Testing/0000/000000-color.jpg"]
    assert list(table["split"]) == ["dev", "test"]


def test_public_lists_have_no_label(tmp_path):
    challenge(tmp_path, [sample(0), sample(1)], "phase1/val_public_list.txt")
    surf_images(tmp_path / "phase1", [f"Val/0000/{n:06d}-{m}.jpg" for n in range(2) for m in MODALITIES])
    with pytest.raises(DataError, match=r"val_public_list\.txt: 2 samples have no label; they are not used"):
        casia_surf.read(tmp_path)


def test_inverted_labels_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(casia_surf, "existing", lambda rows, *_: rows)
    labels = ["0"] * 2994 + ["1"] * 6614
    challenge(tmp_path, [sample(number, label) for number, label in enumerate(labels)])
    with pytest.raises(
        DataError, match="has 6614 bona fide and 2994 attack rows, the official counts exchanged"
    ):
        casia_surf.read(tmp_path)


def test_hostile_challenge_lines_are_listed_and_not_used(tmp_path):
    outside = "../../../etc/passwd"
    lines = [
        sample(0, "1"),
        "one two",
        sample(1, "2"),
        f"{outside} {outside} {outside} 1",
        "/etc/color /etc/depth /etc/ir 1",
        "Val/0000/000002-color.jpg Val/0000/000002-ir.jpg Val/0000/000002-depth.jpg 1",
        "Val/0000/000009-color.jpg Val/0000/000009-depth.jpg Val/0000/000009-ir.jpg 0",
    ]
    challenge(tmp_path, lines)
    surf_images(tmp_path / "phase1", [f"Val/0000/000000-{m}.jpg" for m in MODALITIES])
    reading = casia_surf.read(tmp_path)
    assert len(reading.manifest) == 1
    text = "\n".join(reading.differences)
    assert "5 lines not used; line 2: has 2 fields" in text
    assert "line 3: label '2' is not 0 or 1, line 4: '../../../etc/passwd' is not a path inside" in text
    assert "1 samples lack a file; line 7 Val/0000/000009-color.jpg" in text


def test_a_training_label_that_contradicts_its_folder(tmp_path):
    clip = "Training/real_part/CLKJ_AS0001/real.rssdk"
    row = " ".join(f"{clip}/{name}/1.jpg" for name in MODALITIES)
    challenge(tmp_path, [f"{row} 0"], "phase1/train_list.txt")
    surf_images(tmp_path / "phase1", [f"{clip}/{name}/1.jpg" for name in MODALITIES])
    reading = casia_surf.read(tmp_path)
    assert list(reading.manifest.table["pai"]) == [BONA_FIDE]
    assert any(
        "1 labels contradict their folder (real_part is 1 here)" in line for line in reading.differences
    )


def test_later_release_polarity_is_zero_for_bona_fide(tmp_path):
    clips = [("real_part", "real"), ("fake_part", "01_e_s")]
    for part, code in clips:
        surf_images(tmp_path / "Data", [f"Val/{part}/A/{code}.rssdk/{m}/0001.jpg" for m in MODALITIES])
    surf_images(tmp_path / "Data", ["Val/fake_part/A/01_e_s.rssdk/color/0002.jpg"])
    (tmp_path / "protocol").mkdir()
    listing = tmp_path / "protocol" / "CASIA_SURF@p1_video_dev.txt"
    lines = [f"CASIA_SURF/Data/Val/{part}/A/{code}.rssdk/color" for part, code in clips]
    listing.write_text(f"{lines[0]} 0\n{lines[1]} 1\n")
    reading = casia_surf.read(tmp_path)
    assert dict(zip(reading.manifest.table["video"], reading.manifest.table["pai"], strict=True)) == {
        "A_real": BONA_FIDE,
        "A_01_e_s": "cut_eyes_flat",
    }
    assert not any("contradict" in line for line in reading.differences)
    assert any(
        "0002.jpg: has no depth and no ir image; it is not used" in line for line in reading.differences
    )
    listing.write_text(f"{lines[0]} 1\n{lines[1]} 0\nnonsense\n")
    text = "\n".join(casia_surf.read(tmp_path).differences)
    assert "2 labels contradict their folder (real_part is 0 here)" in text
    assert "1 lines are not <path> <label>: line 3: 'nonsense'" in text


@pytest.mark.parametrize("name", sorted(set(ENTRIES) - {"synthetic"}))
def test_every_absent_set_says_what_it_is_in_one_line(tmp_path, name):
    reader = ENTRIES[name].load()
    about, read = reader.ABOUT, reader.read
    (tmp_path / "something").mkdir()
    for root, seen in ((tmp_path / "gone", "that folder does not exist"), (tmp_path, "it holds something")):
        with pytest.raises(DataError) as caught:
            read(root)
        text = str(caught.value)
        assert "\n" not in text
        for part in (about.title, seen, "Expected", "--dataset synthetic works now"):
            assert part in text
    if name in ("great-fasd-s", "mmfd"):
        assert "its layout on disk is not public" in text


def test_links_out_of_the_set_are_not_read(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (outside / "3").mkdir(parents=True)
    write_frames(outside / "3/1.avi", grey_frames(2, (32, 32)))
    (root / "train_release/1").mkdir(parents=True)
    write_frames(root / "train_release/1/1.avi", grey_frames(2, (32, 32)))
    (root / "train_release/1/2.avi").symlink_to(outside / "3/1.avi")
    (root / "train_release/3").symlink_to(outside / "3")
    (root / "test_release").symlink_to(outside)
    (root / "train_release/2").symlink_to(root / "train_release/1")  # a link inside is a name like another
    reading = casia_mfsd.read(root)
    assert set(reading.manifest.table["video"]) == {"train_01_1", "train_02_1"}
    text = "\n".join(reading.differences)
    assert "train_release/1/2.avi: is a link out of the data set; it is not used" in text
    assert "train_release/3: is a link out of the data set; it is not used" in text
    assert "test: 0 of 90 bona_fide videos; 90 missing" in text


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
    assert "devel/real/client001_session01_webcam_authenticate_adverse_1.mov repeats train/real/" in text
    assert "is a dev video in the train folder; it stays dev" in text
    assert "client099" in text
    assert "mobile_photo_adverse.mov" in text
    assert "client009_session01_webcam_authenticate_adverse_1.mov: is damaged or not a video" in text


def test_face_box_files(tmp_path):
    place = tmp_path / "a.face"
    place.write_text(
        "0 1 2 30 40\r\n\r\n1 0 0 0 0\n2 5 6\n3 a b c d\n-1 1 1 1 1\n9 5 6 10 12\n10 1 1 999999 9\n"
    )
    track = read_boxes(place)
    assert track.found == {0: (1, 2, 30, 40), 9: (5, 6, 10, 12)}
    assert [track.box(frame) for frame in (0, 4, 5, 50)] == [(1, 2, 30, 40)] * 2 + [(5, 6, 10, 12)] * 2
    assert [line.split(":")[0] for line in track.unreadable] == [f"a.face line {n}" for n in (4, 5, 6, 8)]
    place.write_text("0 1.0 2.0 30.0 40.0\n1 10.37 -5.6 0.4 60.5\n2 nan 1 1 1\n3 inf 1 1 1\n4 1 1 0.0 9\n")
    track = read_boxes(place)
    assert track.found == {0: (1, 2, 30, 40), 1: (10, -6, 1, 60)}
    assert len(track.unreadable) == 2
    place.write_text("")
    assert read_boxes(place).box(0) is None


def test_nuaa_without_lists_follows_the_rule(tmp_path):
    for folder, names in {
        "ClientRaw": ["0001_00_00_01_1", "0001_00_00_03_2", "0012_00_00_01_3", "0012_00_00_03_4"],
        "ImposterRaw": ["0002_01_00_02_1", "0002_01_00_03_2"],
    }.items():
        for name in names:
            place = tmp_path / "raw" / folder / name[:4] / f"{name}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            picture(0).save(place)
    reading = nuaa.read(tmp_path)
    table = reading.manifest.table
    assert list(table["split"]) == ["train", "test", "test", "train", "test"]
    assert table["video"].iloc[0] == "0001_00_00_01_bona_fide"
    text = "\n".join(reading.differences)
    assert "there is no client_train_raw.txt; the rule by session is used" in text
    assert "ClientRaw: 1 images are in no list; 0012_00_00_01_3.jpg" in text
    (tmp_path / "raw/client_train_raw.txt").write_text(
        "0001\\0001_00_00_01_1.jpg\r\n..\\x\r\n0009\\0009_00_00_01_9.jpg\r\n"
    )
    text = "\n".join(nuaa.read(tmp_path).differences)
    assert "1 lines are not NNNN\\NNNN_GG_CC_SS_n.jpg; line 2: '..\\\\x'" in text
    assert "train: 1 bona_fide images are listed but missing; 0009_00_00_01_9.jpg" in text


def great(root: Path, subjects: int = 8) -> Path:
    rows: list[list[object]] = []
    for device in ("sr300", "dcam710"):
        for subject in range(subjects):
            split = "test" if subject >= subjects - 2 else "train"
            for pai in (BONA_FIDE, "color_print"):
                name = f"{device}_{subject}_{pai}"
                rows.append([f"{name}.png", pai, str(subject), "1", name, 0, split, device])
    root.mkdir(exist_ok=True)
    write_rows(root / "manifest.csv", [*COLUMNS, "device"], rows)
    return root


def test_great_fasd_s_and_its_cameras(tmp_path):
    root = great(tmp_path / "great")
    reading = great_fasd_s.read(root)
    assert "8 subjects; the paper gives 96" in reading.differences
    assert "6 dcam710 train bona_fide images; the paper gives 15399" in reading.differences
    for fold, (source, target) in ((1, ("dcam710", "sr300")), (2, ("sr300", "dcam710"))):
        data = load_dataset("GREAT-FASD-S", data_root=root, protocol="cross-device", fold=fold)
        assert {part: set(rows["device"]) for part, rows in data.splits.items()} == {
            "train": {source},
            "dev": {source},
            "test": {target},
        }
        assert set(data.split("test")["split"]) == {"test"}
        assert f"train and dev from camera {source}, test from camera {target}" in data.notes
    named = load_dataset("great-fasd-s", data_root=root, protocol="cross-device:sr300:dcam710")
    assert named.split("test").equals(data.split("test"))
    for protocol, fold, message in (
        ("cross-device", None, r"needs a fold; choose 1 \(dcam710 to sr300\), 2 \(sr300 to dcam710\)"),
        ("cross-device", 3, "has no fold 3"),
        ("cross-device:a:b", None, "names no pair of cameras"),
        ("cross-device:sr300:dcam710", 1, "has no folds; drop --fold"),
    ):
        with pytest.raises(DataError, match=message):
            load_dataset("great-fasd-s", data_root=root, protocol=protocol, fold=fold)


def test_mmfd_counts(tmp_path):
    rows = [[f"{n}.png", pai, str(n), "1", f"{n}", 0, "train"] for n, pai in enumerate((BONA_FIDE, "print"))]
    write_rows(tmp_path / "manifest.csv", COLUMNS, rows)
    assert mmfd.read(tmp_path).differences == (
        "2 subjects; the paper gives 15",
        "1 bona_fide samples; the paper gives 15415",
        "1 attack samples; the paper gives 28438",
    )


def test_named_protocols_of_other_data_are_refused(tmp_path):
    skeletons.casia_mfsd(tmp_path / "casia", tmp_path)
    for protocol, message in (
        ("grandtest", "protocol grandtest is Replay-Attack's, which has no pai cut_print"),
        ("print-hand", "protocol print-hand is Replay-Attack's"),
        ("cross-device", "needs a fold"),
    ):
        with pytest.raises(DataError, match=message):
            load_dataset("casia-mfsd", data_root=tmp_path / "casia", protocol=protocol, frames_per_video=1)
    with pytest.raises(DataError, match="has no folds; drop --fold"):
        load_dataset("casia-mfsd", data_root=tmp_path / "casia", protocol="low", fold=1)
    manifest = great(tmp_path / "great") / "manifest.csv"
    with pytest.raises(DataError, match="protocol overall is CASIA-MFSD's, which has no pai color_print"):
        load_dataset(manifest, protocol="overall")
