"""Batches of small data sets: they shrink to what is there, or say in one line that it is too little."""

from types import SimpleNamespace

import pandas as pd
import pytest

from autofas.errors import DataError
from autofas.runs.training_batches import whole_batch
from autofas.runtime import ranks


def batch(rows, monkeypatch, *, asked, balance=False, world=1):
    monkeypatch.setattr(ranks, "world_size", lambda: world)
    table = pd.DataFrame({"pai": ["bona_fide", "print"] * rows}).head(rows)
    return whole_batch(SimpleNamespace(batch_size=asked, balance=balance), table)


@pytest.mark.parametrize(
    ("rows", "given", "expected"),
    [
        (100, {"asked": 32}, 32),
        (32, {"asked": 32}, 32),
        (9, {"asked": 32}, 9),
        (9, {"asked": 32, "balance": True}, 8),  # four pairs of a bona fide face and an attack
        (9, {"asked": 9, "balance": True}, 8),
        (9, {"asked": 8, "balance": True}, 8),
        (2, {"asked": 2}, 2),
        (9, {"asked": 32, "world": 2}, 8),
        (11, {"asked": 32, "balance": True, "world": 4}, 8),
    ],
)
def test_a_batch_is_what_was_asked_for_or_all_there_is(rows, given, expected, monkeypatch):
    assert batch(rows, monkeypatch, **given) == expected


@pytest.mark.parametrize(
    ("rows", "world", "line"),
    [
        (1, 1, "1 training frames are too few: a batch needs 2; add subjects"),
        (3, 2, "3 training frames are too few for 2 ranks: a batch needs 2 on each; add subjects"),
    ],
)
def test_too_few_frames_for_a_batch_are_one_line(rows, world, line, monkeypatch):
    with pytest.raises(DataError) as error:
        batch(rows, monkeypatch, asked=32, world=world)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
