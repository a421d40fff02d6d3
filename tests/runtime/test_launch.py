"""What torchrun says: read whole or not at all."""

import pytest

from autofas.runtime.launch import Launch, launched

TOLD = {"RANK": "3", "WORLD_SIZE": "4", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.fixture(autouse=True)
def no_torchrun(monkeypatch):
    names = ("LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")
    for name in (*TOLD, *names):
        monkeypatch.delenv(name, raising=False)


def test_a_process_that_torchrun_did_not_start_is_alone():
    assert launched() == Launch()
    assert launched().first
    assert not launched().several


@pytest.mark.parametrize("missing", TOLD)
def test_half_of_what_torchrun_says_is_nothing(monkeypatch, missing):
    for name, value in TOLD.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    assert launched() == Launch()


def test_a_rank_among_others(monkeypatch):
    for name, value in {**TOLD, "TORCHELASTIC_RUN_ID": "night", "TORCHELASTIC_RESTART_COUNT": "2"}.items():
        monkeypatch.setenv(name, value)
    assert launched() == Launch(3, 4, 3, 4, "night", 2)
    assert launched().several
    assert not launched().first
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert (launched().local_rank, launched().local_size) == (1, 2)
