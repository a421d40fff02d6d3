"""Where studies are kept: journals, databases, what they say of themselves, locks that die with owners."""

import subprocess
import sys
import time

import pytest

from autofas.errors import RunError
from autofas.search.trials import storage
from tests.search.searches import config

TWO = {"strategy": "nsga2", "trials": 4}


@pytest.fixture
def place(tmp_path, optuna):
    return str(tmp_path / "one.journal")


def made(place, tmp_path, name="one", **changes):
    chosen = config(tmp_path, {}, **(TWO | changes))
    return storage.create_study(place, chosen, name, {"config": chosen.model_dump(mode="json")})


def test_a_study_says_what_a_worker_needs(place, tmp_path):
    made(place, tmp_path)
    found = storage.load_study(place, None)
    assert found.study_name == "one"
    assert len(found.directions) == 2
    assert storage.about(found, place)["config"]["strategy"] == "nsga2"


def test_a_database_does_as_well(tmp_path, optuna):
    place = f"sqlite:///{tmp_path}/studies.db"
    made(place, tmp_path)
    made(place, tmp_path, "two")
    assert storage.study_names(place) == ["one", "two"]
    assert storage.load_study(place, "two").study_name == "two"
    with pytest.raises(RunError, match="has 2 studies: one, two; name one with --study"):
        storage.load_study(place, None)


def test_what_is_not_there_or_is_already_is_one_line(place, tmp_path):
    with pytest.raises(RunError, match=r"is not there; --join takes a run's study\.journal"):
        storage.load_study(place, None)
    made(place, tmp_path)
    with pytest.raises(RunError, match=r"has a study one already: add a worker with .*--join .*--study one"):
        made(place, tmp_path)
    with pytest.raises(RunError, match="has no study other; it has one"):
        storage.load_study(place, "other")


def test_a_study_of_someone_else_is_refused(place, optuna):
    other = optuna.create_study(storage=storage.open_storage(place), study_name="theirs")
    with pytest.raises(RunError, match=r"study theirs .* was not made by autofas search"):
        storage.about(other, place)
    other.set_user_attr(storage.ABOUT, '{"version": 9}')
    with pytest.raises(RunError, match="is of version 9; this autofas reads 1"):
        storage.about(other, place)


def test_a_storage_that_cannot_be_opened_is_one_line_without_its_password(optuna):
    with pytest.raises(RunError) as caught:
        storage.open_storage("nosuch+driver://me:secret@host/name")
    assert "cannot be opened as a study's storage" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert storage.shown("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"


def test_pruners_by_hand(optuna):
    # of four trials at one epoch successive halving lets the better half go on
    study = optuna.create_study(pruner=storage.pruner_of("halving", 4))
    verdicts = []
    for error in (0.1, 0.2, 0.3, 0.05):
        trial = study.ask()
        trial.report(error, 1)
        verdicts.append(trial.should_prune())
    assert verdicts == [False, True, True, False]


def test_a_lock_is_given_up_by_a_process_that_is_killed(tmp_path):
    journal = tmp_path / "a.journal"
    holding = (
        "import sys, time; from pathlib import Path; from autofas.search.trials.storage import FileLock; "
        "FileLock(Path(sys.argv[1])).acquire(); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holding, str(journal)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.wait()
    process.stdout.close()
    started, lock = time.monotonic(), storage.FileLock(journal)
    assert lock.acquire()
    lock.release()
    assert time.monotonic() - started < 5
