"""Skips and pools of cells, counted by hand."""

import re

from autofas.models.genotype import Cell, Edge, genotype_from_cells, save_genotype
from autofas.models.space import load_space
from benchmarks.experiment_cells import cells_table, layouts_table, values_table, weightless


def cell(*operations):
    nodes = [(node, source) for node in (2, 3, 4, 5) for source in (0, 1)]
    edges = tuple(Edge(node, source, name) for (node, source), name in zip(nodes, operations, strict=True))
    return Cell(edges=edges, concat=(2, 3, 4, 5))


FULL = cell(*["sep_conv_3x3"] * 8)
HALF = cell(*["sep_conv_3x3"] * 4, *["skip_connect"] * 2, "max_pool_3x3", "avg_pool_3x3")
FALLEN = cell("sep_conv_3x3", *["skip_connect"] * 7)


def test_skips_and_pools_are_counted_and_a_cell_of_nearly_nothing_else_has_fallen(tmp_path):
    assert [weightless(one) for one in (FULL, HALF, FALLEN)] == [0, 4, 7]
    for block, cells in {"0": (HALF, FALLEN), "2": (FULL, HALF), "9": (FALLEN, FALLEN)}.items():
        folder = tmp_path / f"{block}-darts"
        folder.mkdir()
        save_genotype(genotype_from_cells(load_space("small"), *cells, "darts"), folder / "genotype.json")
    table = cells_table(("darts", "feathernet_b"), ("0", "2", "2"), tmp_path)
    assert [one.strip() for one in table.splitlines()[2].split("|")[1:-1]] == [
        "darts", "2", "2.0", "4 of 8", "5.5", "7 of 8", "1 of 4",
    ]  # fmt: skip
    assert table.count("\n") == 2
    assert cells_table(("feathernet_b",), ("0",), tmp_path) == ""


def test_layouts_are_counted_where_they_differ(tmp_path):
    space = load_space("small_open")
    edges = tuple(Edge(node, source, "skip_connect") for node in (2, 3) for source in (0, 1))
    skips = Cell(edges=edges, concat=(2, 3))
    for block, changed in enumerate(
        ({}, {"normalise": "local"}, {"normalise": "local", "cells": ("normal",) * 3})
    ):
        folder = tmp_path / f"{block}-found"
        folder.mkdir()
        laid = space.with_layout(changed)
        save_genotype(genotype_from_cells(laid, skips, skips, "random"), folder / "genotype.json")
    table = layouts_table(("found", "feathernet_b"), "012", tmp_path)
    assert [one.strip() for one in table.splitlines()[2].split("|")[1:-1]] == [
        "found", "3", "local: 2, none: 1", "8: 3", "1: 2, 3: 1",
    ]  # fmt: skip
    assert table.count("\n") == 2
    assert layouts_table(("found",), "0", tmp_path) == ""

    aucs = {("found", "0"): 0.9, ("found", "1"): 0.8, ("found", "2"): 0.5, ("feathernet_b", "0"): 0.1}
    lines = [re.sub(" +", " ", line) for line in values_table(aucs, tmp_path).splitlines()[2:]]
    assert lines == [
        "| cells | 1 | 2 | 85.00 |", "| cells | 3 | 1 | 50.00 |", "| normalise | local | 2 | 65.00 |",
        "| normalise | none | 1 | 90.00 |", "| side of the map | 8 | 3 | 73.33 |",
    ]  # fmt: skip
    assert values_table({("found", "0"): 0.9}, tmp_path) == ""
