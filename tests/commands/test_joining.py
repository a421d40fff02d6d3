"""autofas search --join: one more worker of a study, and what it is refused for."""

from dataclasses import replace
from pathlib import Path

import pytest

from autofas.cli import main, main_values
from tests.commands.test_studies import TINY


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The folder of a search of two trials."""
    pytest.importorskip("optuna", reason="the extra [trials] is not installed")
    runs = tmp_path_factory.mktemp("runs")
    found = main_values([*TINY, "--strategy", "random", "--trials", "2", "--runs-dir", str(runs)])
    return found["run"]


def test_a_worker_finds_its_configuration_in_the_study(study, capsys):
    found = main_values(["search", "--join", study, "--threads", "1", "--quiet"])
    assert found["trials"] == 2
    assert "small-random-seed0" in capsys.readouterr().out


def test_a_worker_does_what_is_left(study, tmp_path):
    from autofas.search.trials.storage import load_study
    from autofas.search.trials.workers import own_name

    kept = load_study(f"{study}/study.journal", None)
    last = kept.get_trials()[-1]
    copy = tmp_path / "study.journal"
    text = Path(study, "study.journal").read_text(encoding="utf-8")
    killed = str(replace(own_name(), since="1"))
    text = text.replace(str(own_name()), killed).splitlines(keepends=True)
    ended = max(number for number, line in enumerate(text) if '"state":1' in line)
    copy.write_text("".join(text[:ended]), encoding="utf-8")  # as if killed before the last trial was told
    found = main_values(["search", "--join", str(copy), "--threads", "1", "--quiet"])
    assert found["trials"] == 2
    again = [trial for trial in load_study(str(copy), None).get_trials() if "again" in trial.user_attrs]
    assert [(trial.params, trial.user_attrs["row"]["error"]) for trial in again] == [
        (last.params, last.user_attrs["row"]["error"])
    ]


def test_what_would_change_the_study_is_refused(study, capsys, tmp_path):
    for words, told in (
        (["--preset", "quick"], "leave out --preset"),
        (["--strategy", "tpe"], "leave out --strategy"),
        (["--epochs", "3"], "epochs would differ from the study's"),
        (["--set", "data.synthetic.seed=4"], "data.synthetic.seed would differ"),
        (["--study", "other"], "has no study other; it has small-random-seed0"),
    ):
        assert main(["search", "--join", study, "--quiet", *words]) == 2
        assert told in capsys.readouterr().err
    assert main(["search", "--join", str(tmp_path / "none.journal")]) == 2
    assert "is not there; --join takes a run's study.journal" in capsys.readouterr().err
