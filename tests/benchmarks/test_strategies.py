"""The comparison of strategies: curves and areas by hand, a command a search, nothing done twice."""

import argparse
import csv

import pytest
from PIL import Image

from benchmarks.strategies import (
    BEGIN,
    END,
    best_so_far,
    draw,
    front_area,
    judged,
    replaced,
    run_of,
    searched,
    summary,
)


def trial(error, params, seconds=2.0):
    return {"error": str(error), "params": str(params), "cpu_seconds": str(seconds)}


def arguments(folder):
    return argparse.Namespace(trials=3, epochs=1, seeds=[0], nni="other-python", work=folder)


def written(place, rows):
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_the_best_so_far_never_rises_and_seconds_add_up():
    rows = [trial(0.3, 10, 1.0), trial(0.4, 10, 2.0), trial(0.1, 10, 4.0)]
    assert best_so_far(rows) == [(1.0, 0.3), (3.0, 0.3), (7.0, 0.1)]


def test_the_front_area_is_what_two_points_cover():
    # the rectangle is 0.5 high and 10 wide; at 2 parameters an error of 0.3, at 6 one of 0.1
    rows = [trial(0.3, 2), trial(0.1, 6), trial(0.4, 4), trial(0.05, 20)]
    assert front_area(rows, 10) == pytest.approx((0.2 * 8 + 0.2 * 4) / 5)
    assert front_area([trial(0.6, 2)], 10) == 0


def test_a_search_is_one_command_and_is_not_done_twice(tmp_path):
    args, asked = arguments(tmp_path), []

    def command(words):
        asked.append(words)
        folder = run_of("tpe", 0, args)
        written(folder / "results.csv", [trial(0.3, 10)])
        (folder / "genotype.json").write_text("{}")

    for _ in range(2):
        assert searched("tpe", 0, args, command) == [trial(0.3, 10)]
    assert len(asked) == 1
    assert asked[0][1:4] == ["-m", "autofas", "search"]
    assert " --strategy tpe --trials 3 --epochs 1 --seed 0 --threads 1 " in " ".join(asked[0])


def test_a_search_cut_short_is_resumed_and_nnis_is_begun_by_its_own_python(tmp_path):
    args, asked = arguments(tmp_path), []
    for strategy in ("random", "NNI evolution"):
        written(run_of(strategy, 0, args) / "config.yaml", [{"seed": 0}])
        written(run_of(strategy, 0, args) / "results.csv", [trial(0.3, 10)])
        searched(strategy, 0, args, asked.append)
    assert asked[0][3:] == ["search", "--resume", str(run_of("random", 0, args)), "--quiet"]
    assert asked[1][0] == "other-python"
    assert " --strategy evolution --engine nni " in " ".join(asked[1])


def test_the_best_is_judged_by_seeds_of_its_own_once(tmp_path):
    args, asked = arguments(tmp_path), []

    def command(words):
        asked.append(words[words.index("--seed") + 1])
        name = words[words.index("--name") + 1]
        rows = [{"epoch": "1", "arch_auc": "0.5"}, {"epoch": "2", "arch_auc": f"0.{len(asked)}"}]
        written(tmp_path / "trial" / name / "results.csv", rows)

    for _ in range(2):
        assert judged("tpe", 0, args, command) == [0.1, 0.2, 0.3]
    assert asked == ["1000", "1001", "1002"]


def test_a_table_a_picture_and_a_part_of_the_page(tmp_path):
    rows = [trial(0.3, 10), trial(0.1, 6)]
    found = {("tpe", seed): {"rows": rows, "judged": [0.8 + 0.1 * seed]} for seed in (0, 1)}
    table = summary(found, ("random", "tpe"))
    assert table.count("\n") == 2  # one strategy ran
    assert [cell.strip() for cell in table.splitlines()[2].split("|")[1:-2]] == [
        "tpe", "2", "4", "70.0", "70.0", "90.0", "90.0-90.0", "85.0", "80.0-90.0", "6",
    ]  # fmt: skip
    draw(found, ("random", "tpe"), tmp_path / "strategies.png")
    assert Image.open(tmp_path / "strategies.png").size == (1600, 1000)
    part = f"{BEGIN}new\n{END}"
    assert replaced(f"before\n{BEGIN}old\n{END}after\n", part) == f"before\n{part}after\n"
    assert replaced("before\n", part) == f"before\n{part}"
