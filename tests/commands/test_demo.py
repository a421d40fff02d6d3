"""autofas demo: the verbs it calls, in order, each with the same data, seed and device."""

import argparse

import pytest

from autofas.cli import build_parser
from autofas.commands import demo
from autofas.errors import ConfigError


def _called(words: list[str], printed=None) -> tuple[list[list[str]], dict]:
    """The command lines of a demo whose verbs do nothing, and what it returns."""
    called: list[list[str]] = []

    def call(words):
        called.append(words)
        number = len(called)
        return {
            "search": {"genotype": f"g{number}.json"},
            "train": {"run": f"run{number}"},
            "evaluate": {"runs": []},
            "pareto": {"front": []},
            "compare": {"words": words[1:]},
        }[words[0]]

    args = build_parser().parse_args(["demo", *words])
    return called, demo.run(argparse.Namespace(**{**vars(args), "call": call}))


def test_it_calls_the_verbs_that_a_person_would(capsys):
    called, values = _called(["--runs-dir", "here", "--seeds", "5", "7", "--threads", "1", "--quiet"])
    seed = ["search", "search", "train", "train", "train"]
    assert [words[0] for words in called] == [*seed, *seed, "evaluate", "pareto", "compare", "compare"]
    for number, words in enumerate(called[:10]):
        own = ("5", "7")[number // 5]
        given = {"--dataset": "synthetic", "--preset": "quick", "--seed": own, "--threads": "1"}
        for name, value in {**given, "--runs-dir": f"here/seed{own}"}.items():
            at = words.index(name)
            assert words[at : at + 2] == [name, value]
    assert [words[-2:] for words in called[2:5]] == [
        ["--genotype", "g1.json"],
        ["--genotype", "g2.json"],
        ["--baseline", demo.BASELINE],
    ]
    runs = [f"run{number}" for number in (3, 4, 5, 8, 9, 10)]
    assert called[10][-6:] == runs
    assert called[11][1:] == [*runs, "--out", "here/pareto-params.png"]
    assert called[12][1:] == ["run3", "run8", "--against", "run4", "run9", "--brief", "--quiet"]
    assert called[13][1:] == ["run3", "run8", "--against", "run5", "run10", "--brief", "--quiet"]
    assert [one["seed"] for one in values["seeds"]] == [5, 7]
    assert (
        "2 seeds, generated faces: no figure here says anything about real attacks" in capsys.readouterr().out
    )


def test_without_threads_none_are_asked_for_and_seeds_are_several(capsys):
    called, _ = _called([])
    assert "--threads" not in called[0]
    assert "--quiet" not in called[0]
    assert len([words for words in called if words[0] == "search"]) == 2 * len(demo.SEEDS) > 2
    told = capsys.readouterr()
    assert "demo: seed 1, 2 of 3" in told.err
    _called(["--seeds", "0", "--quiet"])
    told = capsys.readouterr()
    assert "one seed, generated faces" in told.out
    assert told.err == ""


def test_a_seed_stands_once():
    with pytest.raises(ConfigError, match="--seeds has one of them twice"):
        _called(["--seeds", "1", "1"])
