"""The other workers here: their command line, their share of the cores, their end."""

import subprocess
import sys

import pytest

from autofas.search.trials import processes
from tests.search.searches import config


def test_cores_are_divided(tmp_path, monkeypatch):
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert processes.threads_of(config(tmp_path, {}, threads=None, study={"workers": 3})) == 2
    assert processes.threads_of(config(tmp_path, {}, threads=None, study={"workers": 9})) == 1
    assert processes.threads_of(config(tmp_path, {}, threads=5, study={"workers": 3})) == 5


@pytest.mark.parametrize(
    ("workers", "threads", "said"), [(2, 2, True), (2, 1, False), (1, 4, False), (3, None, False)]
)
def test_workers_with_more_threads_than_cores_are_warned(tmp_path, monkeypatch, workers, threads, said):
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    told = processes.crowding(config(tmp_path, {}, threads=threads, study={"workers": workers}))
    assert (told is not None) == said
    assert not said or told.startswith("note: 2 workers of 2 threads each wait for each other on 2 cores")


def test_a_worker_is_told_what_is_this_machines(tmp_path):
    chosen = config(tmp_path, {"data_root": "/data", "cache_dir": "/cache"}, study={"workers": 2}, threads=3)
    words = processes.joining(chosen, "a.journal", "one")
    assert words[1:8] == ["-m", "autofas", "search", "--join", "a.journal", "--study", "one"]
    assert words[8:] == [
        "--threads", "3", "--device", "cpu", "--data-root", "/data", "--set", "data.cache_dir=/cache",
    ]  # fmt: skip


def test_workers_end_with_their_parent(tmp_path, monkeypatch):
    sleeping = [sys.executable, "-c", "print('here', flush=True); import time; time.sleep(60)"]
    monkeypatch.setattr(processes, "joining", lambda *given: sleeping)
    chosen = config(tmp_path, {}, study={"workers": 3})
    kept = []

    def work():
        with processes.other_workers(chosen, "a", "one", tmp_path) as started:
            kept.extend(started)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert [process.poll() is None for process in kept] == [False, False]
    assert (tmp_path / "worker-3.log").exists()


def test_one_worker_starts_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    with processes.other_workers(config(tmp_path, {}), "a", "one", None) as started:
        assert started == []
