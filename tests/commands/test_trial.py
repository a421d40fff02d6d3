"""autofas trial: as typed, with what it prints, and what it cannot take."""

import json

from autofas.analysis.text_tables import count
from autofas.cli import main, main_values
from tests.commands.conftest import SMALL

TINY = ["trial", "--space", "small", "--epochs", "1", "--threads", "1", "--quiet"]
TINY += ["--set", "input_size=16", "--set", "batch_size=16", "--set", SMALL]


def point():
    from autofas.models.space import load_space
    from autofas.search.trials.points import choice_counts

    return dict.fromkeys(choice_counts(load_space("small")), 1)


def test_a_point_is_trained_and_told(tmp_path, capsys):
    words = [*TINY, "--runs-dir", str(tmp_path), "--latency", "--json"]
    assert main([*words, "--point", json.dumps(point()), "--name", "one"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed.splitlines()[-1])
    assert f"network   small: {count(found['params'])} parameters" in printed
    assert found["latency_ms"] > 0
    assert [row["epoch"] for row in found["epochs"]] == [1]
    (tmp_path / "point.json").write_text(json.dumps(point()))
    again = main_values([*TINY, "--runs-dir", str(tmp_path), "--point", str(tmp_path / "point.json")])
    assert again["arch_auc"] == found["arch_auc"]
    assert (tmp_path / "trial" / "one" / "genotype.json").is_file()


def test_the_choices_of_a_space_are_shown(capsys):
    assert main(["trial", "--space", "small", "--show-choices"]) == 0
    assert json.loads(capsys.readouterr().out)["normal.3.inputs"] == 3


def test_what_cannot_be_asked(capsys, monkeypatch):
    import sys

    for words, told in (
        ([], "give genotype, baseline or point, not none"),
        (["--point", "[1]"], "expected names and numbers, as --show-choices prints them"),
        (["--point", '{"normal": 1}'], "space small has no choice normal"),
        (["--baseline", "feathernet"], "baseline feathernet does not exist"),
        (["--baseline", "a", "--point", "b"], "not allowed with argument"),
    ):
        assert main([*TINY, *words]) == 2
        assert told in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "nni", None)
    assert main([*TINY, "--nni"]) == 2
    assert "pip install 'autofas[nni]'" in capsys.readouterr().err
