"""Run folders: names that never overwrite, one owner at a time, and what a folder says of its run."""

import json
import os
import subprocess
import sys

import pytest

from autofas.cli import main
from autofas.config.resolve import to_yaml
from autofas.config.train import TrainConfig
from autofas.errors import RunError
from autofas.runs.run_folder import FollowedRun, Run, stored_config
from autofas.runtime.launch import Launch


@pytest.fixture
def folder(tmp_path):
    """A run folder that was started with the defaults of feathernet_a."""
    with Run.create(str(tmp_path / "runs"), "train", "exp", echo=False) as run:
        run.start(TrainConfig(baseline="feathernet_a"), "cpu", 1, notes=["a recipe said so"])
    return run.path


def test_a_lock_that_is_a_link_is_not_written_through(folder, tmp_path, capsys) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret\n")
    (folder / ".lock").unlink()
    (folder / ".lock").symlink_to(secret)
    assert main(["evaluate", "--run", str(folder), "--quiet"]) == 2
    assert "is a link out of its run folder" in capsys.readouterr().err
    assert secret.read_text() == "secret\n"


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "/x"])
def test_a_runs_name_is_one_word(tmp_path, name) -> None:
    with pytest.raises(RunError, match="cannot name a run folder"):
        Run.create(str(tmp_path), "train", name)


def test_a_taken_name_is_numbered_so_that_it_reads_as_no_other(tmp_path) -> None:
    def made(name):
        return Run.create(str(tmp_path), "train", name).path.name

    assert [made("so0"), made("so0"), made("so0")] == ["so0", "so0-2", "so0-3"]
    assert [made("so"), made("so"), made("so2")] == ["so", "so2", "so2-2"]
    assert [made(None), made("exp"), made(None)] == ["exp", "exp2", "exp3"]


def test_a_restart_finds_its_own_numbered_folder(tmp_path, monkeypatch) -> None:
    for name in ("so0", "so0-2", "so02"):
        place = tmp_path / "train" / name
        place.mkdir(parents=True)
        (place / "config.yaml").write_text(to_yaml(TrainConfig(baseline="feathernet_a")))
        launch = "this" if name == "so0-2" else "another"
        (place / "env.json").write_text(json.dumps({"schema_version": 1, "launch": launch}))
    monkeypatch.setattr("autofas.runs.run_folder.launched", lambda: Launch(run_id="this", restarts=1))
    assert Run.before_restart(str(tmp_path), "train", "so0") == tmp_path / "train" / "so0-2"


def test_a_run_in_use_is_waited_for(tmp_path):
    with Run.create(str(tmp_path), "search", "exp") as run:
        (run.path / "config.yaml").write_text("{}")
        with pytest.raises(RunError, match=r"is in use by process \d+ on .*; wait for it to end, or end it$"):
            Run.open(run.path).__enter__()
        run.discard()


HOLD = """
import sys, time
from pathlib import Path
from autofas.runs.run_folder import Run
with Run(Path(sys.argv[1]), echo=False):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_owner_is_named_and_a_killed_ones_lock_is_stale(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=f"in use by process {first.pid} on "), Run(tmp_path, echo=False):
            pass
        first.kill()
    with Run(tmp_path, echo=False):
        assert f"process {first.pid} on" in (tmp_path / "resumed.txt").read_text()
        assert "its stale lock is ignored" in (tmp_path / "resumed.txt").read_text()
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()
    (tmp_path / "resumed.txt").unlink()
    with Run(tmp_path, echo=False):  # the one before left in peace
        assert not (tmp_path / "resumed.txt").exists()


def test_a_folder_says_what_it_was_started_with(folder):
    assert stored_config(folder)["baseline"] == "feathernet_a"
    told = json.loads((folder / "env.json").read_text())
    assert (told["device"], told["threads"]) == ("cpu", 1)
    assert Run.open(folder).notes() == ["a recipe said so"]
    assert (folder / ".lock").read_text() == ""  # the owner has left


def test_what_is_no_run_folder_or_cannot_be_written_is_said(folder, tmp_path):
    with pytest.raises(RunError, match=r"is not a run folder: it has no config.yaml"):
        Run.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written: Not a directory; choose another --runs-dir"):
        Run.create(str(tmp_path / "file"), "train", None)
    (folder / ".lock").unlink()
    (folder / ".lock").mkdir()
    with pytest.raises(RunError, match=r"exp cannot be written: Is a directory"), Run.open(folder):
        pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "env.json holds a list, expected the run's environment"),
        ('{"schema_version": 5}', "env.json has schema_version 5; this autofas reads 1"),
    ],
)
def test_an_environment_that_is_none_is_refused(folder, text, message):
    (folder / "env.json").write_text(text)
    with pytest.raises(RunError, match=message):
        Run.open(folder).note_other_machine("cpu", 1)


def test_another_machine_is_noted_and_the_same_is_not(folder):
    run = Run.open(folder, echo=False)
    run.note_other_machine("cpu", 1)
    assert not (folder / "resumed.txt").exists()
    run.note_other_machine("cuda", 4)
    (line,) = (folder / "resumed.txt").read_text().splitlines()
    assert "device was cpu, is cuda; threads was 1, is 4: results may differ in the last bits" in line
    (folder / "env.json").unlink()  # killed before it was written: nothing is known, nothing said
    run.note_other_machine("cuda", 8)
    assert (folder / "resumed.txt").read_text().count("\n") == 1


def test_another_configuration_is_shown_and_taken_only_if_accepted(folder):
    run = Run.open(folder, echo=False)
    same = TrainConfig(baseline="feathernet_a", threads=3, runs_dir="elsewhere", name="x")
    assert run.require_same(same) == ""  # where it is and how it is computed changes no figure
    other = TrainConfig(baseline="feathernet_a", epochs=7, data={"workers": 1})
    with pytest.raises(
        RunError, match=r"data.workers was \d, is 1; epochs was \d+, is 7; use --accept-chang"
    ):
        run.require_same(other)
    difference = run.require_same(other, accepted=True)
    run.change(other, difference)
    assert stored_config(folder)["epochs"] == 7
    assert f"configuration changed: {difference}" in (folder / "resumed.txt").read_text()
    many = {"batch_size": 3, "input_size": 48, "seed": 4, "keep": "last", "drop_path": 0.5, "epochs": 9}
    with pytest.raises(RunError, match=r"; and 1 more; use"):
        run.require_same(TrainConfig(baseline="feathernet_a", data={"workers": 1}, **many))


def test_a_log_is_cut_back_to_what_a_checkpoint_vouches_for(folder, capsys):
    run = Run.open(folder, echo=True)
    run.log("one")
    length = run.log_bytes()
    with run.silenced(True):
        run.log("said before")
    run.log("two")
    run.cut_log(length)
    run.cut_log(length + 100)  # a log that is shorter than that stays
    assert [line.split()[2:] for line in (folder / "log.txt").read_text().splitlines()] == [["one"]]
    assert capsys.readouterr().err == "one\ntwo\n"


def test_a_warning_is_printed_in_a_quiet_run_too(folder, capsys):
    run = Run.open(folder, echo=False)
    run.note("a note")
    run.warn("a warning")
    assert capsys.readouterr().err == "a warning\n"
    assert (folder / "resumed.txt").read_text().count("\n") == 2


def test_what_never_began_leaves_no_trace(tmp_path):
    runs = str(tmp_path / "a" / "b")
    with pytest.raises(KeyboardInterrupt), Run.create(runs, "train", None) as run, run.beginning():
        raise KeyboardInterrupt
    assert list((tmp_path / "a").iterdir()) == []


def test_other_ranks_neither_lock_nor_write(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with Run.open(folder, echo=False), FollowedRun(folder) as run:
        run.log("a line")
        run.note("a note")
        run.change(TrainConfig(baseline="cdcn"), "baseline")
        run.write_results([{"epoch": 1}])
        run.discard()
    assert not run.writes
    assert run.notes() == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
