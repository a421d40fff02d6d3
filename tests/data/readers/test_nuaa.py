"""NUAA by its lists and without them, on a skeleton and, where there is one, on the real set."""

import os
from pathlib import Path

import numpy as np
import pytest

from autofas.data.batches.crop_store import FrameStore
from autofas.data.dataset import load_dataset
from autofas.data.frames import check_files
from autofas.data.manifests.manifest import read_manifest
from autofas.data.protocols.partition import check_disjoint, split_halves
from autofas.data.readers import nuaa
from tests.data import skeletons
from tests.data.data_files import picture
from tests.data.readers.indexing import counts, indexed

PLACE = Path(os.environ.get("AUTOFAS_DATA", "")) / "nuaa" / "manifest.csv"


pytestmark = pytest.mark.skipif(
    not os.environ.get("AUTOFAS_DATA") or not PLACE.is_file(),
    reason="AUTOFAS_DATA holds no nuaa/manifest.csv",
)


def test_counts():
    table = read_manifest(PLACE).table
    assert len(table) == 3427
    assert table.groupby(["split", "pai"]).size().to_dict() == {
        ("dev", "bona_fide"): 449,
        ("dev", "print"): 562,
        ("train", "bona_fide"): 1283,
        ("train", "print"): 1133,
    }
    assert table["subject"].nunique() == 9


def test_its_own_split_and_the_development_protocols():
    assert load_dataset(PLACE).notes == ()
    shared = load_dataset(PLACE, protocol="leave-one-session-out:02")
    assert any("not subject-disjoint" in note for note in shared.notes)
    apart = load_dataset(PLACE, protocol="leave-one-session-and-subjects-out:02")
    assert check_disjoint(apart.splits) == ()
    assert set(apart.split("test")["session"]) == {"02"}
    for fold in (1, 2, 3):
        parts = load_dataset(PLACE, protocol="leave-subjects-out:3", fold=fold).splits
        assert check_disjoint(parts) == ()
    weight, architecture = split_halves(load_dataset(PLACE).split("train"))
    assert set(weight["pai"]) == set(architecture["pai"]) == {"bona_fide", "print"}
    assert check_disjoint({"weight": weight, "architecture": architecture}) == ()


def test_every_tenth_image_decodes_and_is_cropped():
    manifest = read_manifest(PLACE)
    some = manifest.table.iloc[::10]
    assert check_files(manifest, table=some) == len(some)
    store = FrameStore.build(manifest, table=some, size=32)
    crops = store.crops("color", store.rows(some))
    assert crops.std(axis=(1, 2, 3)).min() > 5
    assert len(np.unique(crops.reshape(len(some), -1), axis=0)) == len(some)


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


pytest.importorskip("av")


def test_nuaa_lists(place):
    reading = indexed(place, skeletons.nuaa, nuaa.read, "nuaa")
    assert reading.differences == ()
    table = reading.manifest.table
    sizes = table.groupby(["split", "pai"]).size().to_dict()
    assert sizes == {
        ("train", "bona_fide"): 1743,
        ("test", "bona_fide"): 3362,
        ("train", "print"): 1748,
        ("test", "print"): 5761,
    }
    found = counts(table, "official", dataset="nuaa", unit="frames")
    assert found["test"] == (3362, 5761)
    assert [a + b for a, b in zip(found["train"], found["dev"], strict=True)] == [1743, 1748]
    data = load_dataset("nuaa", data_root=place / "nuaa")
    assert any("not subject-disjoint: train and test share" in note for note in data.notes)
    assert not any("train and dev share" in note for note in data.notes)
