"""Cross-database pairs: train and dev of one set, test of the other, and files in both."""

import shutil

import pytest

from autofas.data.cross import cross_database, cross_leaks
from autofas.data.dataset import load_dataset
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, write_rows
from tests.data.leak_files import small


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
