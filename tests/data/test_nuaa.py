"""Real faces, where they are: set AUTOFAS_DATA to a folder that holds nuaa/manifest.csv."""

import os
from pathlib import Path

import numpy as np
import pytest

from autofas.data.batches.crop_store import FrameStore
from autofas.data.dataset import load_dataset
from autofas.data.frames import check_files
from autofas.data.manifests.manifest import read_manifest
from autofas.data.protocols.partition import check_disjoint, split_halves

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
