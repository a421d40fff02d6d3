"""Several searches from one command line."""

import json

from autofas.cli import build_parser, main, main_values
from autofas.commands.search import KEYS
from autofas.commands.variants import configurations, told

RANDOM = ["search", "--space", "small", "--strategy", "random", "--quiet"]


def asked(*words):
    return configurations(build_parser("search").parse_args([*RANDOM, *words]), KEYS)


def test_a_search_for_each_limit_and_seed():
    made = asked("--max-params", "20K", "0.04M", "--seeds", "3", "5", "--max-macs", "9M", "--name", "try")
    assert [(config.max_params, config.seed) for config in made] == [
        (20_000, 3), (20_000, 5), (40_000, 3), (40_000, 5)
    ]  # fmt: skip
    assert [config.name for config in made] == [
        "try-params20K-seed3", "try-params20K-seed5", "try-params0.04M-seed3", "try-params0.04M-seed5"
    ]  # fmt: skip
    assert told(made[0]) == {"seed": 3, "max_params": 20_000, "max_macs": 9_000_000}


def test_one_of_each_is_one_search_of_the_usual_name():
    (config,) = asked("--max-params", "20K", "--seeds", "4")
    assert (config.name, config.max_params, config.seed, config.runs_dir) == (None, 20_000, 4, "runs")
    (config,) = asked()
    assert (config.name, config.max_params, config.seed) == (None, None, 0)


def test_what_cannot_be_asked(capsys, tmp_path):
    for words, said in (
        (["--max-params", "20K", "30K", "--max-macs", "9M", "8M"], "not of both"),
        (["--seed", "1", "--seeds", "1", "2"], "not both"),
        (["--seeds", "1", "1"], "two of these searches are the same: a value of --seeds"),
        (["--max-params", "20K", "0.02M"], "two of these searches are the same"),
        (["--seeds", "1", "2", "--set", "seed=3"], "--set overrides them"),
        (["--max-macs", "9M", "8M", "--set", "max_macs=7M"], "--set overrides them"),
        (["--max-params", "lots"], "max_params: expected a count such as 300000, 300K"),
        (
            ["--max-params", "20K", "10", "--runs-dir", str(tmp_path)],
            "max_params 10: no network of space small",
        ),
    ):
        assert main([*RANDOM, *words]) == 2
        shown = capsys.readouterr().err
        assert said in shown, shown
        assert shown.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_front_of_limits_has_a_line_a_run(tmp_path, capsys):
    words = ["--max-params", "14K", "20K", "--runs-dir", str(tmp_path), "--json"]
    assert main([*RANDOM, *words]) == 0
    shown = capsys.readouterr().out.splitlines()
    values = json.loads(shown[-1])
    assert [run["max_params"] for run in values["runs"]] == [14_000, 20_000]
    assert all(run["params"] <= run["max_params"] for run in values["runs"])
    assert any("most params" in line for line in shown)
    assert values["agreements"] == []
    several = main_values([*RANDOM, "--seeds", "1", "2", "--runs-dir", str(tmp_path)])
    assert [run["seed"] for run in several["runs"]] == [1, 2]
