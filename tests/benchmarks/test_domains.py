"""Domains: what is thinned, the worst pair of sessions, and a training of every way, resumed by row."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import domains
from tests.benchmarks.test_leave_out import write_manifest


def test_the_session_foretells_the_class_after_thinning():
    rows = pd.DataFrame(
        {"session": ["01"] * 200 + ["02"] * 200, "pai": (["bona_fide"] * 100 + ["print"] * 100) * 2}
    )
    kept = pd.crosstab(*(domains.skewed(rows, 0.1, 0)[name] for name in ("session", "pai")))
    assert kept.loc["01", "bona_fide"] == kept.loc["02", "print"] == 100
    assert max(kept.loc["02", "bona_fide"], kept.loc["01", "print"]) < 25
    assert domains.skewed(rows, 1.0, 0) is rows


def test_the_worst_pair_by_hand():
    # session 1's faces lie above all attacks, session 2's between those of session 1 and of 2
    scores = np.array([0.9, 0.5, 0.2, 0.7])
    bona_fide, sessions = np.array([True, True, False, False]), np.array(["1", "2", "1", "2"])
    assert domains.worst_pair(scores, bona_fide, sessions) == 0.0
    assert domains.worst_pair(scores[:3], bona_fide[:3], sessions[:3]) == 1.0


@pytest.fixture
def words(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOFAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    write_manifest(tmp_path)
    places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "domains.csv")]
    data = ["--dataset", str(tmp_path / "manifest.csv"), "--protocol", "leave-subjects-out:2"]
    return [*data, *places, "--epochs", "1", "--seeds", "1"]


def test_every_way_is_trained_once_and_compared(words, tmp_path, capsys, monkeypatch):
    assert domains.main([*words, "--most", "3"]) == 0
    assert domains.main(words) == 0
    with (tmp_path / "domains.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len({tuple(row[key] for key in domains.KEY) for row in rows}) == 6
    table = capsys.readouterr().out
    assert "group-dro" in table
    monkeypatch.setattr(domains, "one", lambda *args: pytest.fail("trained"))
    assert domains.main(words) == 0
    assert domains.main([*words, "--summary"]) == 0
