"""SiW: counts on a full-size skeleton, its three protocols, names by hand, boxes."""

import pytest

from autofas.data.dataset import load_dataset
from autofas.data.inspection import protocols_of
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.protocols.division import apply_protocol
from autofas.data.readers import siw
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.readers.indexing import counts, indexed
from tests.data.video_files import grey_frames, write_frames

pytest.importorskip("av")


@pytest.fixture(scope="module")
def reading(place):
    return indexed(place, skeletons.siw, siw.read, "siw")


def test_siw(place, reading):
    table = reading.manifest.table
    assert reading.differences == ()
    assert table["video"].nunique() == 4478
    assert table.groupby("split")["subject"].nunique().to_dict() == {"train": 90, "test": 75}
    kinds = {BONA_FIDE, "print1", "print2", *(f"replay{number}" for number in range(1, 5))}
    assert set(table["pai"]) == kinds
    assert protocols_of("siw", table) == [
        ("official", None), ("siw-1", None), *(("siw-2", fold) for fold in (1, 2, 3, 4)),
        ("siw-3", 1), ("siw-3", 2),
    ]  # fmt: skip
    missing = 64  # people of test without one of their replays on screen 4
    assert counts(table, "official", dataset="siw")["test"] == (600, 1500 - missing)
    assert counts(table, "siw-2", 1, dataset="siw")["test"] == (600, 300)
    assert counts(table, "siw-3", 2, dataset="siw")["test"] == (600, 300)
    first = table[table["video"] == "153-2-1-1-1"]  # delivered as 153-2-1-1-1.m.mp4
    assert first[["frame", "bbox_x", "bbox_w"]].to_numpy().tolist() == [
        [0, 10, 20], [1, 10, 20], [2, 14, 20], [3, 14, 20]
    ]  # fmt: skip
    data = load_dataset("Spoof in the Wild", data_root=place / "siw")
    assert (data.name, data.protocol) == ("siw", "official")


def test_the_three_protocols_by_their_rules(reading):
    table = reading.manifest.table
    table = table[table["frame"].isin((0, 2))]
    for fold in (1, 2, 3, 4):
        parts = apply_protocol(table, "siw-2", fold).parts
        learnt = set(parts["train"]["pai"]) | set(parts["dev"]["pai"])
        assert learnt == {BONA_FIDE, *(f"replay{other}" for other in (1, 2, 3, 4) if other != fold)}
        assert set(parts["test"]["pai"]) == {BONA_FIDE, f"replay{fold}"}
    screens, prints = {f"replay{number}" for number in (1, 2, 3, 4)}, {"print1", "print2"}
    for fold, learnt, tested in ((1, prints, screens), (2, screens, prints)):
        parts = apply_protocol(table, "siw-3", fold).parts
        assert set(parts["train"]["pai"]) == {BONA_FIDE, *learnt}
        assert set(parts["test"]["pai"]) == {BONA_FIDE, *tested}
    late = table.assign(frame=table["frame"] // 2 + 59)  # frames 59 and 60
    parts = apply_protocol(late, "siw-1").parts
    assert set(parts["train"]["frame"]) == set(parts["dev"]["frame"]) == {59}
    assert set(parts["test"]["frame"]) == set(late["frame"])
    for protocol, fold, said in (
        ("siw-1", 1, "has no folds; drop --fold"),
        ("siw-2", None, "needs a fold; choose 1, 2, 3, 4"),
        ("siw-3", 3, "has no fold 3; choose 1, 2"),
    ):
        with pytest.raises(DataError, match=said):
            apply_protocol(table, protocol, fold)
    with pytest.raises(DataError, match="is SiW's, which has no pai mask"):
        apply_protocol(table.assign(pai="mask"), "siw-2", 1)


def test_siw_names_by_hand(tmp_path):
    for name in (
        "Train/live/003/003-1-1-1-1.mov",
        "Train/live/003/003-1-2-1-1.mov",  # an attack among the live ones
        "Train/spoof/003/003_2_3_4_2.mp4",
        "Train/spoof/003/003-2-2-3-2.mp4",  # no third print
        "Test/live/stray.mov",
    ):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_frames(place, grey_frames(2, (32, 32)), "mjpeg" if name.endswith("mov") else "mpeg4")
    reading = siw.read(tmp_path, 1)
    found = reading.manifest.table[["video", "subject", "pai", "device", "session", "split"]]
    assert found.to_numpy().tolist() == [
        ["003-1-1-1-1", "003", BONA_FIDE, "canon", "1", "train"],
        ["003-2-3-4-2", "003", "replay4", "logitech", "2", "train"],
    ]
    text = "\n".join(reading.differences)
    assert "2 videos; the paper gives 4478" in text
    assert "1 people of train; the paper gives 90" in text
    for name in ("live/003/003-1-2-1-1.mov", "spoof/003/003-2-2-3-2.mp4", "live/stray.mov"):
        assert name in text
