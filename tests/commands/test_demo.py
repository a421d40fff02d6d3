"""autofas demo: the verbs it calls, in order, each with the same data, seed and device."""

import argparse

from autofas.cli import build_parser
from autofas.commands import demo


def test_it_calls_the_verbs_that_a_person_would():
    called = []

    def call(words):
        called.append(words)
        number = len(called)
        return {
            "search": {"genotype": f"g{number}.json"},
            "train": {"run": f"run{number}"},
            "evaluate": {"runs": []},
            "pareto": {"front": []},
            "compare": {"verdict": words[2]},
        }[words[0]]

    words = ["demo", "--runs-dir", "here", "--seed", "5", "--threads", "1", "--quiet"]
    args = build_parser().parse_args(words)
    values = demo.run(argparse.Namespace(**{**vars(args), "call": call}))
    verbs = [words[0] for words in called]
    trainings = ["train"] * (2 + len(demo.BASELINES))
    assert verbs == ["search", "search", *trainings, "evaluate", "pareto", "compare", "compare"]
    searched, random, hand_designed = "run3", "run4", "run5"
    assert [words[1:3] for words in called[-2:]] == [[searched, random], [searched, hand_designed]]
    called = called[:-2]
    for words in called[:-2]:
        for given in (["--dataset", "synthetic"], ["--preset", "quick"], ["--seed", "5"], ["--threads", "1"]):
            at = words.index(given[0])
            assert words[at : at + 2] == given
    assert [words[-1] for words in called[2:4]] == ["g1.json", "g2.json"]
    runs = [f"run{number}" for number in range(3, 3 + 2 + len(demo.BASELINES))]
    assert called[-2][-len(runs) :] == runs
    assert called[-1][1:-2] == runs
    assert called[-1][-2:] == ["--leaderboard", "here/leaderboard.csv"]
    assert values["search"] == {"genotype": "g1.json"}


def test_without_threads_none_are_asked_for():
    args = build_parser().parse_args(["demo"])
    called = []

    def call(words):
        called.append(words)
        raise InterruptedError

    try:
        demo.run(argparse.Namespace(**{**vars(args), "call": call}))
    except InterruptedError:
        assert "--threads" not in called[0]
        assert "--quiet" not in called[0]
