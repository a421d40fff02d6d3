"""The count of edges without weights: by hand, and one search of every kind resumed by rows."""

import sys

import pytest

from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.models.genotype import Cell, Edge
from autofas.models.space import load_space
from benchmarks import collapse
from benchmarks.rows import read_rows


def test_skips_and_pools_by_hand():
    operations = ["skip_connect", "max_pool_3x3", "sep_conv_3x3", "avg_pool_3x3"]
    edges = tuple(Edge(2 + number // 2, number % 2, name) for number, name in enumerate(operations))
    assert collapse.weightless(Cell(edges=edges, concat=(2, 3))) == (1, 2)


def row(arm, seed, skips, pools):
    return {
        "arm": arm, "seed": str(seed), "skips": str(skips), "pools": str(pools), "reduction": "4",
        "entropy": "0.5", "margin": "0.1", "epochs": "24", "params": "20000", "cpu_seconds": "10",
        "commit": "abc",
    }  # fmt: skip


def test_the_page_has_means_and_ranges():
    page = collapse.page("small", [row("DARTS", 0, 4, 9), row("DARTS", 1, 2, 5)])
    (line,) = [line for line in page.splitlines() if line.startswith("| DARTS")]
    assert [cell.strip() for cell in line.strip("|").split("|")][:8] == [
        "DARTS", "2", "3.0", "7.0", "10.0", "7-13", "4.0", "50 %"
    ]  # fmt: skip
    assert (
        "benchmarks.collapse --setting small --seeds 0 1 --out results`, as far as it has run,\ncommits abc"
        in page
    )


def test_what_is_there_is_not_searched_again(monkeypatch, tmp_path):
    arms = {"the preset quick": {"epochs": 1}, "DARTS": {"strategy": "darts", "epochs": 1}}
    small = {"warmup_epochs": 0, "input_size": 16, "data.synthetic.train_users": 4}
    small |= {"data.synthetic.size": 32}
    chosen = collapse.Setting("collapse", {name: keys | small for name, keys in arms.items()}, "Words.")
    monkeypatch.setattr(collapse, "SETTINGS", {"small": chosen})
    monkeypatch.setattr(sys, "argv", ["collapse", "--seeds", "3", "--out", str(tmp_path)])
    collapse.main()
    rows = read_rows(tmp_path / "collapse.csv")
    assert [(row["arm"], row["seed"], row["epochs"]) for row in rows] == [
        ("the preset quick", "3", "1"), ("DARTS", "3", "1")
    ]  # fmt: skip
    assert all(0 <= int(row["skips"]) + int(row["pools"]) <= 16 for row in rows)
    monkeypatch.setattr(collapse, "search", lambda config: pytest.fail("not again"))
    collapse.main()
    assert read_rows(tmp_path / "collapse.csv") == rows


def test_every_search_of_a_setting_is_one_and_deep_has_as_many_weightless_edges_by_chance_as_its_page_says():
    for setting in collapse.SETTINGS.values():
        for keys in setting.arms.values():
            resolve(SearchConfig, "search", preset="quick", flags=dict(keys))
    space = load_space(collapse.DEEP["space"])
    edges = 2 * 2 * space.layout.intermediate_nodes  # two cells, two edges a node
    assert edges * space.operations.index("sep_conv_3x3") / len(space.operations) == 8


def test_an_arm_that_is_none_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["collapse", "--out", "results", "--arms", "DARTZ"])
    with pytest.raises(SystemExit):
        collapse.main()
    assert "no arm DARTZ; there are the preset quick" in capsys.readouterr().err
