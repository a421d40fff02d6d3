"""A lock is one process's at a time, refused at once to the next, and gone with the file that held it."""

import pytest

from autofas.storage.locks import lock


def test_a_second_taker_is_refused_at_once_and_served_once_the_first_has_left(tmp_path):
    place = tmp_path / "lock"
    with place.open("a") as first:
        lock(first)
        with place.open("a") as second:
            with pytest.raises(BlockingIOError):
                lock(second)
            first.close()
            lock(second)


def test_taking_ones_own_lock_again_is_no_conflict(tmp_path):
    with (tmp_path / "lock").open("a") as handle:
        lock(handle)
        lock(handle)


def test_files_are_locked_apart(tmp_path):
    with (tmp_path / "a").open("a") as one, (tmp_path / "b").open("a") as other:
        lock(one)
        lock(other)


def test_a_closed_file_cannot_be_locked(tmp_path):
    with (tmp_path / "a").open("a") as handle:
        pass
    with pytest.raises(ValueError, match="closed file"):
        lock(handle)
