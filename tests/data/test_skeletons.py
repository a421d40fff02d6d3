"""Every official count, for every protocol, fold and set, on full-size skeletons; each indexed in 10 s."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autofas.data.dataset import load_dataset
from autofas.data.inspection import inspect_protocol, protocols_of
from autofas.data.manifests.leaks import find_leaks
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import casia_mfsd, casia_surf, nuaa, oulu, replay_attack
from autofas.data.readers.reading import Reading
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.data_files import write_video

pytest.importorskip("av")
INDEXED_IN_S = 10
OULU_COUNTS = json.loads((Path(__file__).parent / "oulu_counts.json").read_text())


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    # names in memory where that can be: some disks take a minute to forget twenty thousand
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def indexed(
    place: Path, make: Callable[[Path, Path], object], read: Callable[..., Reading], name: str
) -> Reading:
    (place / f"{name}-sources").mkdir()
    make(place / name, place / f"{name}-sources")
    started = time.process_time()
    reading = read(place / name)
    seconds = time.process_time() - started
    print(f"{name}: {len(reading.manifest)} rows indexed in {seconds:.2f} CPU seconds")
    assert seconds < INDEXED_IN_S
    return reading


def counts(table, protocol: str, fold: int | None = None, dataset: str = "", unit: str = "videos"):
    """(bona fide, attacks) of train, dev and test; the official counts must be the same."""
    found = inspect_protocol(dataset, table, protocol, fold)
    assert found.split is not None, found.fault
    assert found.differences() == []
    shared = found.split.shared_subjects
    assert find_leaks(found.split.parts, None, shared_subjects=shared) == []
    rows = found.rows()
    return {
        split: (
            sum(row[unit] for row in rows if row["split"] == split and row["pai"] == BONA_FIDE),
            sum(row[unit] for row in rows if row["split"] == split and row["pai"] != BONA_FIDE),
        )
        for split in found.split.parts
    }


def test_oulu(place):
    reading = indexed(place, skeletons.oulu, oulu.read, "oulu")
    table = reading.manifest.table
    assert reading.differences == ()
    assert table["video"].nunique() == 4950
    wanted = protocols_of("oulu", table)
    assert len(wanted) == 14
    for protocol, fold in wanted:
        key = f"Protocol_{protocol}" + (f"_{fold}" if fold else "")
        found = counts(table, protocol, fold, "oulu")
        assert {s: list(c) for s, c in found.items()} == {
            "train": OULU_COUNTS[f"{key}/train"],
            "dev": OULU_COUNTS[f"{key}/dev"],
            "test": OULU_COUNTS[f"{key}/eval"],
        }
    for split, part in table.groupby("split"):
        sizes = part.groupby("pai")["video"].nunique().to_dict()
        each = {"train": 360, "dev": 270, "test": 360}[split]
        assert sizes == dict.fromkeys(("bona_fide", "print1", "print2", "replay1", "replay2"), each)


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


CASIA_COUNTS = {  # train (all of it, dev included) and test
    "low": ((20, 60), (30, 90)),
    "normal": ((20, 60), (30, 90)),
    "high": ((20, 60), (30, 90)),
    "warped": ((60, 60), (90, 90)),
    "cut": ((60, 60), (90, 90)),
    "video": ((60, 60), (90, 90)),
    "overall": ((60, 180), (90, 270)),
}


def test_casia_mfsd(place):
    reading = indexed(place, skeletons.casia_mfsd, casia_mfsd.read, "casia")
    table = reading.manifest.table
    assert reading.differences == ()
    assert (table["video"].nunique(), table["subject"].nunique()) == (600, 50)
    assert {name for name, _ in protocols_of("casia-mfsd", table)} == set(CASIA_COUNTS)
    for name, (train, test) in CASIA_COUNTS.items():
        found = counts(table, name, dataset="casia-mfsd")
        assert found["test"] == test
        both = tuple(sum(pair) for pair in zip(found["train"], found["dev"], strict=True))
        assert both == train, name
        assert found["dev"] == (train[0] // 4, train[1] // 4)  # 5 of 20 subjects
    data = load_dataset("casia-fasd", data_root=place / "casia")
    assert (data.name, data.protocol) == ("casia-mfsd", "overall")
    assert "dev is 5 of 20 training subjects, held out with seed 0" in data.notes[0]
    # the real videos of a subject are 1, 2 and HR_1, and no name that merely contains them
    real = table[table["pai"] == BONA_FIDE]
    assert set(real["path"].str.rsplit("/", n=1).str[1]) == {"1.avi", "2.avi", "HR_1.avi"}


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


SURF_CHALLENGE = {"train": (8942, 20324), "dev": (2994, 6614), "test": (17458, 40252)}


def test_casia_surf_challenge_lists(place, monkeypatch):
    monkeypatch.setattr(casia_surf, "existing", lambda rows, *_: rows)  # the pictures are in the slow test

    def make(root: Path, sources: Path) -> None:
        skeletons.surf_challenge(root, sources, files=False)

    reading = indexed(place, make, casia_surf.read, "surf-lists")
    check_surf_challenge(reading)


def check_surf_challenge(reading: Reading) -> None:
    assert reading.differences == ()
    table = reading.manifest.table
    assert counts(table, "none", dataset="casia-surf", unit="frames") == SURF_CHALLENGE
    train = table[table["split"] == "train"]
    assert train["subject"].nunique() == 300
    assert train["video"].nunique() == 1200
    by_type = train.groupby("pai").size()
    assert [by_type[casia_surf.ATTACKS[kind]] for kind in (4, 5, 6)] == [6518, 6942, 6864]


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


def test_what_is_missing_or_extra_is_named(tmp_path):
    for number, name in ((1, "1"), (1, "HR_1"), (1, "9"), (2, "3"), (99, "1")):
        place = tmp_path / "train_release" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        write_video(place / f"{name}.avi", 2, (32, 32))
    lines = casia_mfsd.read(tmp_path).differences
    assert "train: 2 of 60 bona_fide videos; 58 missing" in lines
    assert "train: 1 of 60 warped_print videos; 59 missing" in lines
    assert "test: 0 of 90 bona_fide videos; 90 missing" in lines
    assert any("99" in line and "1/9.avi" in line and "not recognised" in line for line in lines)
    found = inspect_protocol("casia-mfsd", casia_mfsd.read(tmp_path).manifest.table, "overall", None)
    assert "cannot be divided" in found.fault
    (tmp_path / "other" / "a").mkdir(parents=True)
    (tmp_path / "other" / "b").mkdir()
    with pytest.raises(DataError, match=r"CASIA-MFSD was not found in .*: it holds a, b"):
        casia_mfsd.read(tmp_path / "other")
