"""Groups of rows: pairs of a value and a class, instruments, and what has nothing to balance."""

import pandas as pd
import pytest

from autofas.data.batches.groups import groups_of
from autofas.errors import DataError

ROWS = pd.DataFrame(
    {
        "pai": ["bona_fide", "print", "replay", "bona_fide", "print"],
        "session": ["2", "1", "1", "1", "2"],
        "device": ["a", "a", "a", "a", "a"],
    },
    index=pd.RangeIndex(2, 7, name="line"),
)


def test_a_group_is_a_value_and_a_class():
    found = groups_of(ROWS, "session")
    assert found.names == (
        "session 1, attack", "session 1, bona fide", "session 2, attack", "session 2, bona fide"
    )  # fmt: skip
    assert found.codes.tolist() == [3, 0, 0, 1, 2]


def test_an_instrument_is_a_group_and_bona_fide_one():
    found = groups_of(ROWS, "pai")
    assert found.names == ("bona_fide", "print", "replay")
    assert found.codes.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("key", "rows", "said"),
    [
        ("dataset", ROWS, r"do not say their dataset; name several manifests, a.csv\+b.csv"),
        ("session", ROWS.drop(columns="session"), "add a column session"),
        ("device", ROWS, "all training rows have the device a, so there is nothing to balance"),
        ("pai", ROWS[ROWS["pai"] != "replay"], "all attacks have the pai print, so there is nothing"),
        ("pai", ROWS[ROWS["pai"] == "bona_fide"], "there are no attacks, so"),
        ("session", ROWS.assign(session=["1", "", "2", "1", "1"]), "line 3 of the manifest has no session"),
    ],
)
def test_what_cannot_be_balanced(key, rows, said):
    with pytest.raises(DataError, match=said):
        groups_of(rows, key)
