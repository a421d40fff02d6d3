"""Peak memory of a process of its own that loads a network and runs it."""

import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from autofas.deploy import memory
from autofas.deploy.memory import peak_mb
from autofas.errors import RunError


def test_a_process_with_onnxruntime_stays_below_torchs(exported):
    assert 20 < peak_mb(str(exported / "model.onnx")) < 400  # torch alone takes more than that


def test_what_cannot_be_started_is_one_line_that_names_the_file(tmp_path):
    place = str(tmp_path / "gone.onnx")
    with pytest.raises(
        RunError, match=r"gone.onnx: its memory cannot be measured: .*does not exist"
    ) as caught:
        peak_mb(place)
    assert "\n" not in str(caught.value)


def test_it_scores_a_face_and_prints_one_number(exported, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["memory", str(exported / "model.onnx")])
    memory.main()
    assert float(capsys.readouterr().out) > 20


def test_what_a_process_once_held_counts_after_it_was_given_back():
    before, page = memory._high_water_mb(), resource.getpagesize()
    now = int(Path("/proc/self/statm").read_text().split()[1]) * page / 2**20
    # 256 MB above all that was ever held: the system may take pages of files back meanwhile
    held = np.ones(int((before - now + 256) * 2**17))
    del held
    assert memory._high_water_mb() >= before + 50


def test_where_proc_is_absent_the_systems_own_count_is_taken(monkeypatch):
    known = memory._high_water_mb()

    def absent(self, *given, **keys):
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "read_text", absent)
    assert memory._high_water_mb() == pytest.approx(known, rel=0.5)
