"""Agreement of the seeds of one command."""

import json

import numpy as np

from autofas.commands.seeds import agreements
from autofas.config.search import SearchConfig
from autofas.models.space import load_space
from autofas.search.derive import derive
from autofas.search.strategy import SearchResult
from autofas.search.verdict import judge

SPACE = load_space("small")


def result(folder, seed):
    alphas = {kind: np.random.default_rng(seed).normal(size=(14, 6)) for kind in ("normal", "reduction")}
    folder.mkdir()
    verdict = judge(SPACE, alphas, derive(SPACE, alphas, {}, "auto-fas"))
    return SearchResult(None, [alphas], [], folder, verdict)


def test_seeds_are_compared_within_a_limit_and_fold(tmp_path, capsys):
    results = [
        (SearchConfig(max_params=most, seed=seed), result(tmp_path / f"{most}-{seed}", seed))
        for most in (20_000, 30_000)
        for seed in (0, 1)
    ]
    alone = SearchConfig(max_params=40_000), result(tmp_path / "alone", 0)
    without = SearchConfig(strategy="random"), SearchResult(None, [], [], tmp_path)
    found = agreements([*results, alone, without], SPACE)
    assert [(one["max_params"], one["seeds"], one["edges"]) for one in found] == [
        (20_000, (0, 1), 28), (30_000, (0, 1), 28)
    ]  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("agreement (max_params 20000) 2 seeds name the same operation on ")
    written = json.loads((tmp_path / "30000-1" / "verdict.json").read_text())
    assert written["agreement"]["share"] == found[1]["share"]
    assert not (tmp_path / "alone" / "verdict.json").exists()


def test_each_line_names_its_limit(tmp_path, capsys):
    results = [
        (SearchConfig(max_macs=most, seed=seed), result(tmp_path / f"{most}-{seed}", seed))
        for most in (5_000_000, 6_000_000)
        for seed in (0, 1)
    ]
    agreements(results, SPACE)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(")")[0] for line in lines] == [
        "agreement (max_macs 5000000", "agreement (max_macs 6000000"
    ]  # fmt: skip
