"""Checkpoints: damage, versions, schedules, and what is left when a write fails."""

import json
import os
import random
import shutil

import numpy as np
import pytest
import torch

from autofas.errors import RunError
from autofas.runs import checkpoint
from autofas.runs.checkpoint import (
    DAMAGED,
    LAST,
    PREVIOUS,
    Schedule,
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
)


def flip(path, place):
    payload = bytearray(path.read_bytes())
    payload[place] ^= 1
    path.write_bytes(payload)


@pytest.fixture
def two(tmp_path):
    for epoch in (1, 2):
        save_checkpoint(tmp_path, {"epoch": epoch, "weights": torch.full((3,), float(epoch))})
    return tmp_path


def no_warning(line):
    raise AssertionError(line)


def test_the_newest_is_read_and_the_one_before_it_kept(two):
    assert load_checkpoint(two, no_warning)["epoch"] == 2
    shutil.rmtree(two / LAST)
    assert load_checkpoint(two, no_warning)["epoch"] == 1
    assert sorted(path.name for path in two.iterdir()) == [PREVIOUS]


@pytest.mark.parametrize("name", ["state.pt", "manifest.json"])
@pytest.mark.parametrize("damage", ["first byte", "last byte", "cut", "emptied", "removed"])
def test_every_damage_falls_back_and_is_said(two, name, damage):
    path = two / LAST / name
    if damage == "removed":
        path.unlink()
    elif damage in ("cut", "emptied"):
        path.write_bytes(path.read_bytes()[:-1] if damage == "cut" else b"")
    else:
        flip(path, 0 if damage == "first byte" else -1)
    told = []
    assert load_checkpoint(two, told.append)["epoch"] == 1
    assert len(told) == 1
    assert str(path) in told[0] or "state.pt" in told[0]


def test_a_damaged_one_is_never_pushed_over_the_good_one(two):
    flip(two / LAST / "state.pt", 100)
    assert load_checkpoint(two, lambda line: None)["epoch"] == 1
    assert (two / DAMAGED).is_dir()
    save_checkpoint(two, {"epoch": 3})
    shutil.rmtree(two / LAST)  # the next save was cut short before its last rename
    assert load_checkpoint(two, no_warning)["epoch"] == 1


def test_nothing_that_can_be_read_is_an_error_that_says_why(two):
    for name in (LAST, PREVIOUS):
        flip(two / name / "state.pt", 100)
    with pytest.raises(RunError, match=r"no readable checkpoint: .*last.*SHA-256.*previous.*SHA-256"):
        load_checkpoint(two, no_warning)


def test_a_later_version_is_refused_and_a_flipped_version_is_damage(two):
    path = two / LAST / "manifest.json"
    good = path.read_text()
    path.write_text(good.replace('"schema_version": 2', '"schema_version": 3'))
    assert load_checkpoint(two, lambda line: None)["epoch"] == 1
    (two / DAMAGED).rename(two / LAST)
    path.write_text(path.read_text().replace("checkpoint 2", "checkpoint 3"))
    with pytest.raises(RunError, match="has schema_version 3; this autofas reads 1 and 2"):
        load_checkpoint(two, no_warning)


def test_the_version_before_is_read(two):
    path = two / LAST / "manifest.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({"schema_version": 1, "sha256": values["sha256"], "bytes": values["bytes"]}))
    assert load_checkpoint(two, no_warning)["epoch"] == 2


def test_no_code_in_a_checkpoint_runs(two, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    save_checkpoint(two, {"epoch": Bomb()})
    told = []
    assert load_checkpoint(two, told.append)["epoch"] == 2
    assert "holds more than tensors, which could run code" in told[0]
    assert not (tmp_path / "executed").exists()


def test_a_write_that_fails_leaves_the_last_one(two, monkeypatch):
    def full(path, payload):
        path.write_bytes(payload[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_synced", full)
    with pytest.raises(
        RunError, match=r"cannot be written \(No space left on device\); the last one is intact"
    ):
        save_checkpoint(two, {"epoch": 3})
    assert load_checkpoint(two, no_warning)["epoch"] == 2
    assert sorted(path.name for path in two.iterdir()) == [LAST, PREVIOUS]


def test_free_space_is_looked_at_first(two, monkeypatch):
    usage = shutil.disk_usage(two)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    monkeypatch.setattr(checkpoint, "write_synced", lambda *arguments: no_warning("it was written"))
    with pytest.raises(RunError, match=r"the checkpoint needs 0\.0 MB and 0\.0 MB are free; make room"):
        save_checkpoint(two, {"epoch": 3})


def test_every_generator_goes_on_where_it_was():
    state = random_state()

    def drawn():
        return random.random(), np.random.rand(), np.random.randn(), float(torch.rand(())), random.gauss(0, 1)

    expected = drawn()
    assert drawn() != expected
    restore_random_state(state)
    assert drawn() == expected


def test_a_schedule_counts_batches_and_minutes(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("autofas.runs.checkpoint.time.monotonic", lambda: now[0])
    by_steps = Schedule(3, None)
    assert [by_steps.due() for _ in range(3)] == [False, False, True]
    by_steps.saved((0, 3))
    assert not by_steps.due()
    by_minutes = Schedule(None, 0.5)
    assert not by_minutes.due()
    now[0] = 30.0
    assert by_minutes.due()
    by_minutes.saved((1, 0))
    assert not by_minutes.due()
    assert by_minutes.holds((1, 0))
    assert not by_minutes.holds((1, 1))
    assert not Schedule(None, None).due()
