"""Who works: names, the dead of this machine, and the silent of others."""

import subprocess
import sys
from dataclasses import replace

from autofas.search.trials import workers
from autofas.search.trials.workers import Watch, WorkerName, known_dead, own_name


def test_a_name_can_be_read_back_and_nothing_else_is_one():
    name = own_name()
    assert WorkerName.parse(str(name)) == name
    for text in ("", "a|b", "a|b|c", "a|1|c|d"):
        assert WorkerName.parse(text) is None


def test_this_process_lives_and_one_that_has_ended_is_dead():
    assert not known_dead(own_name())
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    other = replace(own_name(), pid=process.pid, since="")
    assert not known_dead(other)
    process.kill()
    process.wait()
    assert known_dead(other)


def test_another_process_of_the_same_number_is_not_the_worker():
    assert known_dead(replace(own_name(), since="1"))


def test_a_process_of_another_machine_is_not_known():
    assert not known_dead(replace(own_name(), place="elsewhere", since="1"))


def test_silence_is_measured_by_ones_own_clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(workers.time, "monotonic", lambda: now[0])
    watch = Watch(lease_s=10)
    assert not watch.silent(1, "a")
    now[0] += 9
    assert not watch.silent(1, "a")
    now[0] += 2
    assert watch.silent(1, "a")
    assert not watch.silent(1, "b")
    assert not watch.silent(2, "a")
    now[0] += 11
    assert watch.silent(1, "b")
