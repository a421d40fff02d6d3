"""CASIA-SURF: polarity of both releases, lists that lie, and every official count."""

from pathlib import Path

import pytest

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import casia_surf
from autofas.data.readers.reading import Reading
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.readers.indexing import counts, indexed
from tests.data.readers.reader_files import MODALITIES, challenge, sample, surf_images


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


def test_inverted_labels_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(casia_surf, "existing", lambda rows, *_: rows)
    labels = ["0"] * 2994 + ["1"] * 6614
    challenge(tmp_path, [sample(number, label) for number, label in enumerate(labels)])
    with pytest.raises(
        DataError, match="has 6614 bona fide and 2994 attack rows, the official counts exchanged"
    ):
        casia_surf.read(tmp_path)


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


pytest.importorskip("av")


SURF_CHALLENGE = {"train": (8942, 20324), "dev": (2994, 6614), "test": (17458, 40252)}


def check_surf_challenge(reading: Reading) -> None:
    assert reading.differences == ()
    table = reading.manifest.table
    assert counts(table, "none", dataset="casia-surf", unit="frames") == SURF_CHALLENGE
    train = table[table["split"] == "train"]
    assert train["subject"].nunique() == 300
    assert train["video"].nunique() == 1200
    by_type = train.groupby("pai").size()
    assert [by_type[casia_surf.ATTACKS[kind]] for kind in (4, 5, 6)] == [6518, 6942, 6864]


def test_casia_surf_challenge_lists(place, monkeypatch):
    monkeypatch.setattr(casia_surf, "existing", lambda rows, *_: rows)  # the pictures are in the slow test

    def make(root: Path, sources: Path) -> None:
        skeletons.surf_challenge(root, sources, files=False)

    reading = indexed(place, make, casia_surf.read, "surf-lists")
    check_surf_challenge(reading)


@pytest.mark.slow
def test_casia_surf_challenge_with_every_picture(place):
    reading = indexed(place, skeletons.surf_challenge, casia_surf.read, "surf")
    check_surf_challenge(reading)
    lost = place / "surf" / "phase1" / "Val" / "0003" / "003007-ir.jpg"
    lost.unlink()
    lines = "\n".join(casia_surf.read(place / "surf").differences)
    assert "val_private_list.txt: 1 samples lack a file; line 3008 Val/0003/003007-ir.jpg" in lines
    assert "1 missing" in lines


@pytest.mark.slow
def test_casia_surf_later_release(place):
    reading = indexed(place, skeletons.surf_release, casia_surf.read, "surf-release")
    assert reading.differences == ()
    assert counts(reading.manifest.table, "none", dataset="casia-surf") == {
        "train": (300, 900),
        "dev": (100, 300),
        "test": (600, 599 + 594 + 598),
    }
    table = reading.manifest.table
    one = table[table["video"] == "CLKJ_AS2007_02_e_b"].iloc[0]
    assert one["pai"] == casia_surf.ATTACKS[2]
    assert one["depth"] == one["path"].replace("/color/", "/depth/")
    assert one["ir"] == one["path"].replace("/color/", "/ir/")
