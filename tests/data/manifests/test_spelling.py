"""Manifests as spreadsheets and other systems write them: what is said, what refused."""

from pathlib import Path

import pytest

from autofas.data.manifests.manifest import read_manifest
from autofas.data.manifests.spelling import split_words
from autofas.errors import DataError
from tests.data.manifest_files import HEADER, fault, write


def rows(*splits: str) -> list[str]:
    return [f"{n}.png,print,s{n},1,v{n},0,{split}" for n, split in enumerate(splits)]


@pytest.mark.parametrize(
    ("called", "splits", "note"),
    [
        (["Train", "val", "TEST"], ["train", "dev", "test"], "split TEST as test, Train as train"),
        (["training", "valid", "testing"], ["train", "dev", "test"], "testing as test, training as train"),
        (["train", "devel", "eval"], ["train", "dev", "test"], "split devel as dev, eval as test"),
        (["train", "Train", "test"], ["train", "train", "test"], "split Train as train"),
    ],
)  # fmt: skip
def test_splits_by_their_other_names(tmp_path, called, splits, note) -> None:
    manifest = read_manifest(write(tmp_path, *rows(*called)))
    assert list(manifest.table["split"]) == splits
    assert note in manifest.notes[0]
    assert len(manifest.notes) == 1
    assert read_manifest(write(tmp_path, *rows("train", "dev", "test"))).notes == ()


@pytest.mark.parametrize(
    ("called", "message"),
    [
        (["train", "val", "dev"], "column split: dev and val both mean dev; write train, dev, test"),
        (["train", "eval", "test"], "column split: eval and test both mean test"),
        (["train", "eval"], "column split: eval may mean dev or test where there is no dev"),
    ],
)
def test_splits_that_could_be_either_are_refused(tmp_path, called, message) -> None:
    assert message in fault(tmp_path, *rows(*called))
    with pytest.raises(DataError, match="both mean dev"):
        split_words(["valid", "Validation"], "list")
    assert "'holdout' is not one of train, dev, test" in fault(tmp_path, *rows("train", "holdout"))


def test_paths_of_another_system(tmp_path: Path) -> None:
    place = write(tmp_path, "a\\b\\1.png,print,s,1,v,0,train", f"{tmp_path}/c/2.png,print,s,1,w,0,train")
    manifest = read_manifest(place)
    assert list(manifest.table["path"]) == ["a/b/1.png", "c/2.png"]
    assert "2 cells of path such as 'a\\\\b\\\\1.png' are read as a/b/1.png" in manifest.notes[0]
    for path in ("C:\\photos\\a.png", "\\\\server\\photos\\a.png", "/elsewhere/a.png"):
        assert "is an absolute path; write it relative to the manifest" in fault(
            tmp_path, f"{path},print,s,1,v,0,train"
        )
    assert "leaves the manifest's folder" in fault(tmp_path, "..\\a.png,print,s,1,v,0,train")


def test_boxes_with_decimal_commas_and_marks_below_the_table(tmp_path: Path) -> None:
    header = f"{HEADER},bbox_x,bbox_y,bbox_w,bbox_h"
    lines = [header, *(f"{row},10,5,2,20,30,4" for row in rows("train", "test"))]
    text = "sep=;\n" + "\n".join(lines).replace(",", ";") + "\n;;;;;;;;;;\n"
    text = text.replace("10;5", "10,5").replace("30;4", "30,4")
    place = tmp_path / "manifest.csv"
    place.write_bytes(text.encode("utf-16"))
    manifest = read_manifest(place)
    assert manifest.table[["bbox_x", "bbox_y", "bbox_w", "bbox_h"]].values.tolist() == [[10, 2, 20, 30]] * 2
    assert list(manifest.table.index) == [3, 4]
    assert manifest.notes[0] == f"{place}: read with columns parted by semicolons, UTF-16 text"
    assert [note.removeprefix(f"{place}: ") for note in manifest.notes[1:]] == [
        "bbox_x is read with decimal commas",
        "bbox_h is read with decimal commas",
    ]
    place.write_text(text.replace("10,5", "1,250"))
    with pytest.raises(DataError, match="column bbox_x: 1,250 may be a decimal or a thousand"):
        read_manifest(place)
