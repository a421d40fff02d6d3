"""Leaks by content, cross-database pairs, and what autofas inspect says of them."""

import json
import shutil

import pytest

from autofas.cli import main, main_values
from autofas.data.cross import cross_database, cross_leaks
from autofas.data.dataset import load_dataset
from autofas.data.manifests.leaks import compare_files, find_leaks, read_content
from autofas.data.manifests.manifest import read_manifest
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, picture, write_rows


def small(root, prefix: str = "", seed: int = 0):
    """Bona fide and print of two subjects a split, every image another."""
    root.mkdir(exist_ok=True)
    rows: list[list[object]] = []
    for split in ("train", "dev", "test"):
        for subject in "ab":
            for pai in ("bona_fide", "print"):
                name = f"{prefix}{split}_{subject}_{pai}.png"
                picture(seed + len(rows)).save(root / name)
                rows.append([name, pai, f"{split}_{subject}", "1", name, 0, split])
    write_rows(root / "manifest.csv", COLUMNS, rows)
    return root / "manifest.csv"


def parts_of(place):
    return load_dataset(place).splits


def test_nothing_leaks(tmp_path):
    place = small(tmp_path)
    assert find_leaks(parts_of(place), read_content(read_manifest(place))) == []


def test_equal_content_under_another_name(tmp_path):
    place = small(tmp_path)
    shutil.copy(tmp_path / "train_a_print.png", tmp_path / "test_b_print.png")
    leaks = find_leaks(parts_of(place), read_content(read_manifest(place)))
    assert leaks == [
        "train and test share the content of 1 file: train_a_print.png = test_b_print.png",
    ]
    shutil.copy(tmp_path / "dev_a_print.png", tmp_path / "dev_a_bona_fide.png")
    leaks = find_leaks(parts_of(place), read_content(read_manifest(place)))
    assert "dev: 1 files are bona fide and attack with equal content: dev_a_bona_fide.png" in leaks


def test_equal_size_and_head_is_not_equal_content(tmp_path):
    head = bytes(100_000)
    files = {"a": head + b"1", "b": head + b"2", "c": head + b"1", "d": b"2" + head, "e": head}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    places = {name: tmp_path / name for name in files} | {"gone": tmp_path / "gone", "out": None}
    digests = compare_files(places).digests
    assert digests == {"a": "a", "b": "b", "c": "a", "d": "d", "e": "e", "gone": "gone", "out": "out"}


def test_a_dev_set_that_is_the_test_set(tmp_path):
    place = small(tmp_path)
    parts = dict(parts_of(place))
    parts["dev"] = parts["test"]
    leaks = find_leaks(parts, None)
    assert any("dev and test share subjects" in line for line in leaks)
    assert any(line.startswith("dev is test: the two hold the same frames") for line in leaks)
    for subject in "ab":
        for pai in ("bona_fide", "print"):
            shutil.copy(tmp_path / f"test_{subject}_{pai}.png", tmp_path / f"dev_{subject}_{pai}.png")
    leaks = find_leaks(parts_of(place), read_content(read_manifest(place)))
    assert "dev is test: the two hold files of equal content under other names" in leaks


def test_a_cross_database_pair(tmp_path):
    one, other = small(tmp_path / "one"), small(tmp_path / "other", "x", seed=50)
    source, target = load_dataset(one), load_dataset(other)
    pair = cross_database(source, target)
    assert pair.name == "one to other"
    assert {name: len(part) for name, part in pair.parts.items()} == {"train": 4, "dev": 4, "test": 4}
    assert set(pair.parts["test"]["path"].str.split("/").str[0]) == {"target"}
    assert cross_leaks(source, target, pair) == []  # equal subject names are other people
    shutil.copy(tmp_path / "one/dev_a_print.png", tmp_path / "other/xtest_b_print.png")
    assert cross_leaks(source, target, pair) == [
        "dev and test share the content of 1 file: source/dev_a_print.png = target/xtest_b_print.png"
    ]
    rows = [["a.png", "print", "1", "1", "a", 0, "train"], ["b.png", "bona_fide", "1", "1", "b", 0, "train"]]
    lacking = load_dataset(write_rows(tmp_path / "train.csv", COLUMNS, rows))
    with pytest.raises(DataError, match="train has no test rows; it has train"):
        cross_database(source, lacking)


def test_the_verb_on_a_manifest(tmp_path, capsys):
    place = small(tmp_path)
    assert main(["inspect", "--dataset", str(place), "--json"]) == 0
    out = capsys.readouterr().out
    values = json.loads(out.splitlines()[-1])
    assert "no leaks found" in out
    assert values["leaks"] == values["differences"] == []
    assert values["counts"][0] == {
        "protocol": "none",
        "fold": None,
        "split": "train",
        "pai": "bona_fide",
        "videos": 2,
        "frames": 2,
        "subjects": 2,
        "official": None,
        "official_unit": None,
    }
    shutil.copy(tmp_path / "train_a_print.png", tmp_path / "dev_b_print.png")
    assert main(["inspect", "--dataset", str(place), "--strict"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "protocol none: train and dev share the content of 1 file" in captured.err
    assert main_values(["inspect", "--dataset", str(place), "--names-only"])["leaks"] == []


def test_the_verb_on_a_published_set_and_on_a_pair(tmp_path, capsys):
    pytest.importorskip("av")
    from tests.data.video_files import grey_frames, write_frames

    root = tmp_path / "casia"
    for number in range(1, 5):
        for split in ("train_release", "test_release"):
            (root / split / str(number)).mkdir(parents=True)
            for stem in ("1", "3", "HR_4"):
                frames = [f // 2 + number for f in grey_frames(3 + number, (32, 32))]
                write_frames(root / split / str(number) / f"{stem}.avi", frames)
    words = ["inspect", "--dataset", "casia-mfsd", "--data-root", str(root), "--names-only"]
    values = main_values(words)
    assert {row["protocol"] for row in values["counts"]} == {"normal", "warped", "video", "overall"}
    assert any("protocol low cannot be made" in note for note in values["notes"])
    assert "train: 4 of 60 bona_fide videos; 56 missing" in values["differences"]
    values = main_values([*words, "--protocol", "warped"])
    rows = {(row["split"], row["pai"]): row for row in values["counts"]}
    assert (rows["test", "warped_print"]["videos"], rows["test", "warped_print"]["official"]) == (4, 90)
    assert "protocol warped test: 4 of 90 warped_print videos; 86 missing" in values["differences"]
    assert "protocol warped: dev is 1 of 4 training subjects, held out with seed 0" in values["notes"][0]
    assert main([*words, "--protocol", "low"]) == 2
    assert "autofas inspect:" in capsys.readouterr().err
    other = small(tmp_path / "other", "x")
    values = main_values([*words, "--cross", str(other)])
    assert values["dataset"] == "casia-mfsd to other"
    assert {row["protocol"] for row in values["counts"]} == {"cross-other"}
    assert {row["split"]: row["pai"] for row in values["counts"]}["test"] == "print"
