"""autofas verify: a line a folder, every fault beneath, exit code 2 after all were looked at."""

import json
import shutil

import pytest

from autofas.cli import main, main_values


@pytest.fixture
def run(evaluated_run, tmp_path):
    """A copy of a run to edit."""
    return shutil.copytree(evaluated_run, tmp_path / "tiny")


def test_a_run_as_it_was_left_is_as_recorded(run, capsys):
    values = main_values(["verify", str(run), "--rescore"])
    (told,) = values["runs"]
    assert (told["run"], told["ok"], told["faults"]) == (str(run), True, [])
    assert told["checked"]["scores"] == 120 + 60  # dev and test
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{run}  as recorded  (")
    assert f"{told['checked']['figures']} figures" in first


def test_every_folder_is_looked_at_before_the_first_fault_ends_it(run, evaluated_run, capsys):
    values = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps(values | {"acer": 0.0}))
    (run / "notes.txt").write_text("mine")
    assert main(["verify", str(run), str(evaluated_run), "--skip-data", "--json"]) == 2
    captured = capsys.readouterr()
    *lines, last = captured.out.splitlines()
    assert lines[0].startswith(f"{run}  NOT as recorded")
    assert "  fault  notes.txt is not in the record" in lines
    assert any(line.startswith(f"{evaluated_run}  as recorded") for line in lines)
    told = json.loads(last)["runs"]
    assert [one["ok"] for one in told] == [False, True]
    error = captured.err
    assert error.count("\n") == 1
    count = len(told[0]["faults"])
    assert f"autofas verify: {count} fault(s) in 1 of 2 run(s); the first: {told[0]['faults'][0]}" in error
    assert count >= 3  # the file was changed, its figure does not follow, one more file


def test_the_data_set_is_not_opened_where_that_is_asked(run, monkeypatch):
    monkeypatch.setattr("autofas.data.opening.open_manifest", lambda *_, **__: pytest.fail("it was opened"))
    (told,) = main_values(["verify", str(run), "--skip-data"])["runs"]
    assert told["ok"]
    assert not told["checked"].get("labels")


def test_what_cannot_be_asked(run, tmp_path, capsys):
    assert main(["verify", str(run), "--skip-data", "--rescore"]) == 2
    assert "--rescore needs the data set; remove --skip-data" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is not a run folder" in capsys.readouterr().err
