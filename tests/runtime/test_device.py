"""Where a run computes: threads among the ranks of a machine, seeds of every generator, absent GPUs."""

import os
import random

import numpy as np
import pytest
import torch

from autofas.errors import ConfigError
from autofas.runtime import device
from autofas.runtime.launch import Launch


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_one_seed_gives_the_same_numbers_everywhere(no_gpu):
    def drawn(seed):
        device.prepare("cpu", 1, seed)
        return random.random(), float(np.random.random()), float(torch.rand(1))

    assert drawn(3) == drawn(3) != drawn(4)
    random.seed(0)
    before = random.getstate()
    device.prepare("cpu", 1)
    assert random.getstate() == before


def test_threads_are_shared_among_the_ranks_of_a_machine(no_gpu, monkeypatch):
    monkeypatch.setattr(device.ranks, "start", lambda chosen: None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert device.prepare("auto", None) == (torch.device("cpu"), 8)
    monkeypatch.setattr(device, "launched", lambda: Launch(1, 2, 1, 4))
    assert device.prepare("auto", None)[1] == 2
    assert device.prepare("auto", 3)[1] == 3
    assert torch.get_num_threads() == 3


def test_where_the_system_does_not_say_which_cores_are_free_all_are_taken(no_gpu, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert device.prepare("cpu", None)[1] == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert device.prepare("cpu", None)[1] == 1


def test_an_absent_gpu_is_said(no_gpu):
    with pytest.raises(ConfigError, match="torch sees no CUDA device here; use --device cpu or auto"):
        device.prepare("cuda", 1)


def test_more_ranks_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(device, "launched", lambda: Launch(1, 2, 1, 2))
    with pytest.raises(ConfigError, match="rank 1 finds no GPU: this machine has 1 for 2 ranks"):
        device.prepare("auto", 1)
