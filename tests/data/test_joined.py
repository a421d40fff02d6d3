"""Several manifests as one, and each of them left out in turn."""

import pandas as pd
import pytest

from autofas.cli import main
from autofas.config.data import DataConfig
from autofas.data.dataset import load_dataset
from autofas.data.joined import join_manifests, places_of
from autofas.data.manifests.manifest import write_manifest
from autofas.data.opening import open_whole
from autofas.errors import DataError
from tests.data.data_files import picture


def made(root, name, *, splits=("train", "dev", "test"), people=4, box=False):
    """A manifest of two pictures a person and split, people of one name in every set."""
    rows = []
    for split in splits:
        for person in range(people):
            for pai in ("bona_fide", "print"):
                path = f"{split}/{person}_{pai}.png"
                place = root / name / path
                place.parent.mkdir(parents=True, exist_ok=True)
                picture(len(rows) + 100 * len(name)).save(place)
                row = {"path": path, "pai": pai, "subject": f"{split}{person}", "session": "1",
                       "video": f"{split}{person}{pai}", "frame": 0, "split": split}  # fmt: skip
                rows.append(row | ({"bbox_x": 1, "bbox_y": 1, "bbox_w": 9, "bbox_h": 9} if box else {}))
    pd.DataFrame(rows).to_csv(root / name / "manifest.csv", index=False)
    return root / name / "manifest.csv"


@pytest.fixture
def four(tmp_path):
    splits = {"casia": ("train", "test"), "msu": ("train", "test")}
    names = ("oulu", "casia", "idiap", "msu")
    usual = ("train", "dev", "test")
    return [made(tmp_path, name, splits=splits.get(name, usual), box=name == "idiap") for name in names]


def test_rows_say_where_they_are_from_and_share_no_person(four, tmp_path):
    name, manifest = join_manifests(four)
    assert name == "oulu+casia+idiap+msu"
    table = manifest.table
    assert len(table) == (3 + 2 + 3 + 2) * 8
    people = table.groupby("dataset")["subject"].nunique()
    assert people.to_dict() == {"casia": 8, "idiap": 12, "msu": 8, "oulu": 12}
    assert table["subject"].nunique() == 40
    assert all(manifest.resolve(path).is_file() for path in table["path"])
    assert set(table[table["bbox_w"] > 0]["dataset"]) == {"idiap"}


def test_each_set_is_left_out_in_turn(four):
    text = "+".join(map(str, four))
    seen = []
    for fold in (1, 2, 3, 4):
        dataset = load_dataset(text, protocol="leave-one-dataset-out", fold=fold)
        (target,) = dataset.split("test")["dataset"].unique()
        seen.append(target)
        assert set(dataset.split("test")["split"]) == {"test"}
        sources = {"oulu", "casia", "idiap", "msu"} - {target}
        for part in ("train", "dev"):
            rows = dataset.split(part)
            assert set(rows["dataset"]) == sources
            assert "test" not in set(rows["split"])
        assert not set(dataset.split("train")["subject"]) & set(dataset.split("dev")["subject"])
        assert any(f"test is the test split of {target}" in note for note in dataset.notes)
    assert seen == ["casia", "idiap", "msu", "oulu"]
    by_name = load_dataset(text, protocol="leave-one-dataset-out:idiap")
    second = load_dataset(text, protocol="leave-one-dataset-out", fold=2)
    assert by_name.split("test").equals(second.split("test"))


@pytest.mark.parametrize(
    ("protocol", "fold", "message"),
    [
        ("leave-one-dataset-out", None, r"needs a fold; choose 1 \(casia\), 2 \(idiap\)"),
        ("leave-one-dataset-out", 5, "has no fold 5"),
        ("leave-one-dataset-out:siw", None, "names no data set of these; choose casia, idiap, msu, oulu"),
        ("leave-one-dataset-out:msu", 1, "has no folds; drop --fold"),
    ],
)
def test_what_cannot_be_left_out(four, protocol, fold, message):
    with pytest.raises(DataError, match=message):
        load_dataset("+".join(map(str, four)), protocol=protocol, fold=fold)


def test_one_manifest_cannot_be_left_out(four):
    with pytest.raises(DataError, match="needs several manifests, joined by"):
        load_dataset(four[0], protocol="leave-one-dataset-out", fold=1)


def test_a_missing_manifest_and_two_of_one_name_are_named(four, tmp_path):
    with pytest.raises(DataError, match=r"gone\.csv: no such manifest"):
        places_of(f"{four[0]}+{tmp_path / 'gone.csv'}")
    assert places_of("oulu") == []
    other = made(tmp_path / "again", "oulu")
    with pytest.raises(DataError, match="two manifests are called 'oulu'"):
        join_manifests([four[0], other])


def test_the_command_line_counts_every_fold(four, capsys):
    text = "+".join(map(str, four))
    words = ["inspect", "--dataset", text, "--protocol", "leave-one-dataset-out", "--names-only"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.count("leave-one-dataset-out") >= 4 * 6
    assert "no leaks found" in out


READ = {  # two people of train and one of test (Replay-Attack: and of devel), bona fide and attack each
    "casia-mfsd": [f"{split}_release/{number}/{stem}" for split, number in
                   (("train", 1), ("train", 2), ("test", 1)) for stem in ("1", "HR_2")],
    "replay-attack": [
        f"{split}/{kind.format(client)}"
        for split, client in (("train", "001"), ("train", "002"), ("devel", "003"), ("test", "009"))
        for kind in ("real/client{}_session01_webcam_authenticate_adverse_1",
                     "attack/hand/attack_print_client{}_session01_highdef_photo_adverse")
    ],
    "msu-mfsd": [
        f"scene01/{kind.format(client)}" for client in ("002", "003", "001")
        for kind in ("real/real_client{}_laptop_SD_scene01",
                     "attack/attack_client{}_laptop_SD_ipad_video_scene01")
    ],
    "siw": [
        f"{split}/{kind.format(name)}"
        for split, name in (("Train", "003"), ("Train", "006"), ("Test", "001"))
        for kind in ("live/{0}/{0}-1-1-1-1", "spoof/{0}/{0}-1-2-1-1")
    ],
    "celeba-spoof": [
        f"Data/{person}/{kind}" for person in ("train/1", "train/2", "test/9") for kind in ("live", "spoof")
    ],
}  # fmt: skip


def test_sets_as_their_readers_read_them_are_left_out_in_turn(tmp_path):
    places = []
    for number, (name, folders) in enumerate(READ.items()):
        for position, folder in enumerate(folders):
            (tmp_path / name / folder).mkdir(parents=True)
            for frame in (0, 1):
                picture(100 * number + 10 * position + frame).save(
                    tmp_path / name / folder / f"{position}{frame}.png"
                )
        whole = open_whole(DataConfig(dataset=name, data_root=str(tmp_path / name)))
        places.append(tmp_path / name / "manifest.csv")
        write_manifest(whole.manifest, places[-1])
    text = "+".join(map(str, places))
    for name in READ:
        dataset = load_dataset(text, protocol=f"leave-one-dataset-out:{name}")
        assert {part: set(rows["dataset"]) for part, rows in dataset.splits.items()} == {
            "train": {*READ} - {name}, "dev": {*READ} - {name}, "test": {name}
        }  # fmt: skip
