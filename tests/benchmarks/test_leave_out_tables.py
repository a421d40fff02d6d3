"""Tables of leave-out experiments: means with intervals, differences within one fold and seed."""

import pytest

from benchmarks.leave_out_tables import (
    COMPARED,
    RULES,
    SHOWN,
    differences,
    distinct,
    interval,
    noise,
    summary,
    told_apart,
    write_summary,
)


def row(recipe, seed, auc):
    figures = dict.fromkeys((*SHOWN, *COMPARED, *(f"acer_{rule}" for rule in RULES)), "0.5")
    key = {"protocol": "p", "network": "n", "recipe": recipe, "fold": "1", "seed": str(seed)}
    return {**key, **figures, "params": "7", "cpu_seconds": "1", "auc": str(auc)}


ROWS = [row("a", 0, 0.6), row("a", 1, 0.8), row("b", 0, 0.7), row("b", 1, 0.9), row("b", 2, 0.1)]


def test_an_interval_holds_its_mean_and_one_training_has_none():
    mean, low, high = interval([0.2, 0.4, 0.9])
    assert low < mean < high
    assert mean == pytest.approx(0.5)
    assert "| 60.00 |" in summary(ROWS[:1])
    assert "| 70.00 [60.00, 80.00] |" in summary(ROWS[:2])


def test_a_training_that_two_seeds_share_counts_once(tmp_path):
    rows = [{**each, "commit": "c"} for each in (*ROWS, row("b", 7, 0.9), row("c", 7, 0.9))]
    assert distinct(rows) == [*rows[:5], rows[6]]  # another recipe with the same figures is another training
    text = write_summary("Q", rows, tmp_path / "t.md", "run")
    assert "All rows are in t.csv. 1 of them repeat another's training and count once." in text
    assert "repeat" not in write_summary("Q", rows[:5], tmp_path / "t.md", "run")


def test_differences_are_taken_where_both_were_trained():
    table = differences(ROWS, ("n", "a"))
    (line,) = [line for line in table.splitlines() if "| b " in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3:5] == ["2", "10.00 [10.00, 10.00]"]  # seed 2 has no partner


def test_noise_is_what_two_trainings_of_one_network_differ_by():
    pairs, found = noise(ROWS, "a", "b")
    assert pairs == 2
    assert found["auc"] == pytest.approx(0.1 / 2**0.5)  # 0.6 and 0.7, 0.8 and 0.9: each pair's deviation
    assert noise(ROWS, "a", "c") == (0, {})


def test_spread_is_between_networks_of_one_seed_and_noise_between_trainings_of_one():
    def made(network, recipe, seed, auc):
        return {**ROWS[0], "network": network, "recipe": recipe, "seed": seed, **dict.fromkeys(COMPARED, auc)}

    rows = [
        made("x", "a", "0", "0.90"), made("y", "a", "0", "0.80"),  # 10 apart: a variance of 50 in points
        made("x", "b", "0", "0.92"), made("y", "b", "0", "0.78"),  # 14 apart: 98
        made("x", "a", "1", "0.50"),  # alone with its people: no spread, and no pair
    ]  # fmt: skip
    line = next(line for line in told_apart(rows, {"a": "b"}).splitlines() if "| auc " in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == ["a", "auc", "2", "78.00", "8.60", "1.41", "0.16"]  # sqrt(74), 2 / sqrt 2
