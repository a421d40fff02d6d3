"""Crossed sessions: bona fide frames of one beside the attacks of the other."""

import pandas as pd
import pytest

from autofas.errors import DataError
from benchmarks.crossed_sessions import crossed, main


def table(*rows):
    return pd.DataFrame(rows, columns=["path", "pai", "session"])


def test_each_class_takes_the_other_session_of_the_other(tmp_path, capsys):
    frames = table(
        ("a", "bona_fide", "01"), ("b", "print", "01"), ("c", "bona_fide", "02"), ("d", "print", "02")
    )
    for name in frames["path"]:
        (tmp_path / name).write_bytes(name.encode())
    frames.to_csv(tmp_path / "manifest.csv", index=False)
    assert main([str(tmp_path / "manifest.csv"), str(tmp_path / "out")]) == 0
    written = pd.read_csv(capsys.readouterr().out.strip())
    assert list(written["session"]) == ["A", "B", "B", "A"]
    assert (tmp_path / "out" / "d").read_bytes() == b"d"


def test_other_than_two_sessions_are_refused():
    with pytest.raises(DataError, match="has 1"):
        crossed(table(("a", "bona_fide", "01")))
