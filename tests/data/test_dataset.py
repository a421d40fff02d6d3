"""From names and paths to data sets: splits, notes, and what unknown names are told."""

import numpy as np
import pytest
from PIL import Image

from autofas.data.batches.crop_store import FrameStore
from autofas.data.dataset import load_dataset
from autofas.data.manifests.manifest import write_manifest
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, frames_folder, write_rows

TINY = {
    "users": {"train": 2, "dev": 1, "test": 1},
    "frames_per_video": 1,
    "size": 32,
    "phones": (1,),
    "sessions": (1, 3),
}


def test_a_manifest_by_path_or_folder(make_manifest, tmp_path):
    make_manifest()
    for name in (tmp_path / "manifest.csv", str(tmp_path)):
        data = load_dataset(name)
        assert list(data.splits) == ["train"]
        assert data.name == tmp_path.name
        assert data.protocol == "none"
        assert len(data.split("train")) == 24
    with pytest.raises(DataError, match="has no test rows; it has train"):
        data.split("test")


def test_a_development_protocol_of_a_manifest(make_manifest, tmp_path):
    make_manifest(subjects=8)
    data = load_dataset(tmp_path, protocol="leave-one-session-out:2", seed=4)
    assert set(data.split("test")["session"]) == {"2"}
    assert any("not subject-disjoint" in note for note in data.notes)
    data = load_dataset(tmp_path, protocol="leave-one-session-and-subjects-out", fold=2, seed=4)
    assert data.notes == ("test is of session 2, which train and dev leave out",)
    assert data.fold == 2


def test_frames_per_video_of_a_manifest(make_manifest, tmp_path):
    make_manifest(frames=6)  # sessions alternate: 3 frames a video
    assert len(load_dataset(tmp_path).split("train")) == 72
    assert len(load_dataset(tmp_path, frames_per_video=2).split("train")) == 48


def test_shared_subjects_stop_unless_permitted(tmp_path):
    rows = [
        [f"{s}{p}{split}.png", p, s, "1", f"{s}{p}{split}", 0, split]
        for s in "ab"
        for p in ("bona_fide", "print")
        for split in ("train", "test")
    ]
    write_rows(tmp_path / "manifest.csv", COLUMNS, rows)
    with pytest.raises(DataError, match="train and test share subjects a, b"):
        load_dataset(tmp_path)
    notes = load_dataset(tmp_path, shared_subjects=True).notes
    assert notes == ("not subject-disjoint: train and test share subjects a, b, which this protocol permits",)


def test_oulu_without_a_folder_says_what_it_is(tmp_path):
    with pytest.raises(DataError, match=r"no --data-root given\. It is the University of Oulu"):
        load_dataset("oulu", protocol=1)
    with pytest.raises(DataError, match="that folder does not exist"):
        load_dataset("oulu", protocol=1, data_root=tmp_path / "absent")


def test_oulu_from_a_folder(tmp_path):

    for user in ("01", "21", "36"):
        for session in "13":
            for file in "12345":
                frames_folder(tmp_path, f"1_{session}_{user}_{file}", range(2))
    data = load_dataset("oulu", protocol=1, data_root=tmp_path, frames_per_video=1)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 5, "dev": 5, "test": 5}
    assert any("1 of 360 bona_fide" in note or "2 of 360 bona_fide" in note for note in data.notes)
    with pytest.raises(DataError, match="OULU protocol 3 fold 2 leaves no bona fide rows in test"):
        load_dataset("oulu", protocol=3, fold=2, data_root=tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("olu", "data set 'olu' is not known; did you mean oulu?"),
        ("synthetc", "did you mean synthetic?"),
        ("imagenet", "data set 'imagenet' is not known; choose oulu, replay-attack, casia-mfsd, casia-surf,"),
        ("siw-m", "SiW-M has no reader yet; list its frames in a manifest.csv"),
        ("SiW", "SiW was not found: no --data-root given"),
        ("ReplayAttack", "Replay-Attack was not found: no --data-root given. It is Idiap's"),
        ("casia_surf", "CASIA-SURF was not found: no --data-root given"),
        ("casia-fasd", "CASIA-MFSD was not found: no --data-root given"),
        ("MMFD", "MMFD was not found: no --data-root given"),
        ("nothing/manifest.csv", "nothing/manifest.csv: no such manifest"),
        ("faces.csv", "faces.csv: no such manifest"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(DataError) as caught:
        load_dataset(name)
    assert message in str(caught.value)


def test_a_folder_without_a_manifest(tmp_path):
    with pytest.raises(DataError, match=r"is a folder without a manifest\.csv"):
        load_dataset(tmp_path)


def test_synthetic_faces_are_made_once_and_divided(tmp_path):
    pytest.importorskip("autofas.data.synthetic")
    data = load_dataset("synthetic", protocol=1, cache_dir=tmp_path, synthetic=TINY)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 10, "dev": 5, "test": 5}
    assert "generated faces in" in data.notes[0]
    made = data.manifest.root
    stamp = (made / "manifest.csv").stat().st_mtime_ns
    again = load_dataset("synthetic", protocol=2, cache_dir=tmp_path, synthetic=TINY)
    assert again.manifest.root == made
    assert (made / "manifest.csv").stat().st_mtime_ns == stamp
    store = FrameStore.build(data.manifest, size=32)
    assert store.crops("color", np.arange(2)).std() > 10
    with pytest.raises(DataError, match="synthetic faces cannot be made with sizes"):
        load_dataset("synthetic", cache_dir=tmp_path, synthetic={"sizes": 3})
    with pytest.raises(DataError, match="protocol 3 fold 2 leaves no bona fide rows in test"):
        load_dataset("synthetic", protocol=3, fold=2, cache_dir=tmp_path, synthetic=TINY)
    write_manifest(data.manifest, made / "copy.csv")


def test_a_folder_named_nuaa_is_divided_by_its_split_column(tmp_path):
    folder = tmp_path / "nuaa"
    folder.mkdir()
    lines = ["path,pai,subject,session,video,frame,split"]
    for number, (pai, split) in enumerate(
        [("bona_fide", "train"), ("print", "train"), ("bona_fide", "dev"), ("print", "dev")]
    ):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{pai},{number},1,v{number},0,{split}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    dataset = load_dataset(folder / "manifest.csv")
    assert dataset.name == "nuaa"
    assert {name: len(rows) for name, rows in dataset.splits.items() if len(rows)} == {"train": 2, "dev": 2}
