"""GREAT-FASD-S through its manifest, and its cameras as folds."""

import pytest

from autofas.data.dataset import load_dataset
from autofas.data.readers import great_fasd_s
from autofas.errors import DataError
from tests.data.readers.reader_files import great


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
