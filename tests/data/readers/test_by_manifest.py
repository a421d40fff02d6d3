"""A set read through its manifest.csv: thinned on request, and told what to do where there is none."""

import pytest

from autofas.data.readers.by_manifest import compared, read_rows
from autofas.data.readers.mmfd import ABOUT
from autofas.errors import DataError


def test_rows_are_those_of_the_manifest_or_a_few_of_each_video(make_manifest, tmp_path):
    whole = make_manifest(frames=6)
    assert read_rows(tmp_path, ABOUT, None).table.equals(whole.table)
    few = read_rows(tmp_path, ABOUT, 1)
    assert len(few) == whole.table["video"].nunique()
    assert few.root == whole.root


def test_without_a_manifest_the_layout_is_said(tmp_path):
    with pytest.raises(
        DataError, match=r"MMFD was not found in .*: it is empty\..*a manifest\.csv in that folder"
    ):
        read_rows(tmp_path, ABOUT, None)


def test_a_count_is_compared_with_the_papers():
    assert compared("subjects", 15, 15) == []
    assert compared("subjects", 14, 15) == ["14 subjects; the paper gives 15"]
