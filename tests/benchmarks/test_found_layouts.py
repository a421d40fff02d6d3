"""The benchmark of layouts found: its chances, its table, and that a row is not searched again."""

import numpy as np
import pytest

from autofas.models.genotype import genotype_from_cells
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from benchmarks import found_layouts
from benchmarks.found_layouts import CARRY_OVER, chance, main, summary, values_of
from benchmarks.rows import append

SPACE = load_space("small_open")


def row(seed, split="session", normalise="local", side="16", cells="1"):
    found = {"normalise": normalise, "map": side, "cells": cells}
    return {"seed": str(seed), "split": split, **found, "commit": "a"}


def test_what_carries_over_is_a_value_of_the_space():
    cells = random_cells(SPACE, np.random.default_rng(0))
    for part, key in (("normalise", "normalise"), ("map", "stem"), ("cells", "cells")):
        laid = [SPACE.with_layout({key: value}) for value in SPACE.variants.open[key]]
        found = {values_of(genotype_from_cells(one, *cells, "random"))[part] for one in laid}
        assert set(CARRY_OVER[part]) < found
        assert chance(part) == pytest.approx(len(CARRY_OVER[part]) / len(found))


def test_hits_are_counted_by_half_and_part():
    rows = [row(0), row(1, normalise="none"), row(2, side="8"), row(0, "subject", cells="3")]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in summary(rows).splitlines()[2:]]
    assert [line[:2] + line[3:4] for line in lines] == [
        ["session", "normalise", "2 of 3"],
        ["session", "map", "2 of 3"],
        ["session", "cells", "3 of 3"],
        ["subject", "normalise", "1 of 1"],
        ["subject", "map", "1 of 1"],
        ["subject", "cells", "0 of 1"],
    ]
    assert lines[0][6] == "none 1, local 2"
    assert float(lines[2][5]) == 0.25  # three of three at a chance of one half, two-sided


def test_a_row_that_is_there_is_not_searched_again(tmp_path, monkeypatch):
    searched = []

    def one(seed, split, *rest):
        searched.append((seed, split))
        return row(seed, split)

    monkeypatch.setattr(found_layouts, "one", one)
    append(tmp_path / "found_layouts.csv", row(4))
    assert main(["manifest.csv", "--seeds", "4", "5", "--out", str(tmp_path)]) == 0
    assert searched == [(4, "subject"), (5, "session"), (5, "subject")]
    assert "4 of 4" not in (tmp_path / "found_layouts.md").read_text()
    assert "2 of 2" in (tmp_path / "found_layouts.md").read_text()
