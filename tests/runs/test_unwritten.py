"""A run without a folder logs as any other and leaves nothing on the disk."""

import pytest

from autofas.config.run import RunConfig
from autofas.runs.unwritten import UnwrittenRun


def lived_through(run):
    """All that a run is asked to do between its beginning and its end."""
    with run, run.beginning():
        run.start(RunConfig(), "cpu", 1, ["a note"])
        run.log("a line")
        run.write_results([{"epoch": 1, "loss": 0.5}])
        run.discard()


def test_it_leaves_nothing_and_says_everything(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = UnwrittenRun("mine", echo=True)
    lived_through(run)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr() == ("", "a line\n")
    assert (run.name, run.notes()) == ("mine", ["a note"])
    assert not run.writes
    assert not run.has_folder


def test_a_quiet_one_says_nothing(capsys):
    lived_through(UnwrittenRun(None, echo=False))
    assert capsys.readouterr() == ("", "")


def test_it_is_no_folder_in_which_something_could_be_written_unseen():
    run = UnwrittenRun(None, echo=False)
    with pytest.raises(NotADirectoryError):
        (run.path / "weights.safetensors").write_bytes(b"")


def test_what_falls_in_it_falls_through():
    with pytest.raises(KeyboardInterrupt), UnwrittenRun(None, echo=False) as run, run.beginning():
        raise KeyboardInterrupt
