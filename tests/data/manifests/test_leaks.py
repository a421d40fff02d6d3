"""Leaks by content: nothing, another name, equal heads, a dev set that is the test set."""

import shutil

from autofas.data.dataset import load_dataset
from autofas.data.manifests.leaks import compare_files, find_leaks, read_content
from autofas.data.manifests.manifest import read_manifest
from tests.data.leak_files import small


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
