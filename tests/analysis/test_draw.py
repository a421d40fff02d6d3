"""Cells: the layout's boxes and the pictures' pixels."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from autofas.analysis.draw import draw_cell, draw_genotype
from autofas.analysis.palette import PALETTE
from autofas.models.genotype import Cell, Edge, genotype_from_cells
from tests.analysis.cells import CHOICES, SPACE, _check, _random_cell


def test_draw_cell_writes_its_colours(tmp_path: Path) -> None:
    cell = Cell(
        edges=tuple(Edge(2 + i // 2, i % 2, name) for i, name in enumerate([*CHOICES, "skip_connect"])),
        concat=(2, 3, 4),
    )
    path = tmp_path / "cell.png"
    layout = draw_cell(cell, path, "a cell")
    _check(layout, 6)
    with Image.open(path) as image:
        assert image.width == int(layout.width)
        colours = {pixel for _, pixel in image.convert("RGB").getcolors(2**20) or []}
    for name in {edge.operation for edge in cell.edges}:
        assert tuple(bytes.fromhex(PALETTE[name][1:])) in colours


def test_draw_genotype_writes_both_cells(tmp_path: Path) -> None:
    genotype = genotype_from_cells(SPACE, _random_cell(1), _random_cell(2), "darts")
    paths = draw_genotype(genotype, tmp_path / "pictures")
    assert [path.name for path in paths] == ["normal.png", "reduction.png"]
    pictures = []
    for path in paths:
        with Image.open(path) as image:
            pictures.append(np.asarray(image.convert("L")))
    assert all(picture.std() > 5 for picture in pictures)
    assert pictures[0].shape != pictures[1].shape or (pictures[0] != pictures[1]).any()


def test_nodes_are_numbered_as_in_the_genotype(saved_figures: list[Figure], tmp_path: Path) -> None:
    cell = _random_cell(1)
    draw_cell(cell, tmp_path / "cell.png", "a cell")
    inputs = ["$c_{k-2}$", "$c_{k-1}$"]
    numbers = [str(node) for node in cell.concat]
    assert numbers == ["2", "3", "4", "5"]
    shown = [text.get_text() for text in saved_figures[0].axes[0].texts]
    assert [text for text in shown if text in (*inputs, *map(str, range(9)))] == [*inputs, *numbers]


def test_a_kind_of_cell_that_the_network_lacks_is_not_drawn(tmp_path: Path) -> None:
    cell = _random_cell(np.random.default_rng(0), 4)
    layout = SPACE.layout.model_copy(update={"cells": ("normal",)})
    genotype = genotype_from_cells(SPACE.model_copy(update={"layout": layout}), cell, cell, "auto-fas", {})
    assert [path.name for path in draw_genotype(genotype, tmp_path)] == ["normal.png"]
