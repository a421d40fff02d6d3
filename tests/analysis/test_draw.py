"""Cells and alphas: the layout's boxes, the pictures' pixels, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from autofas.analysis.draw import draw_alphas, draw_cell, draw_genotype
from autofas.analysis.palette import PALETTE
from autofas.errors import GenotypeError
from autofas.models.genotype import Cell, Edge, genotype_from_cells
from autofas.models.space import Space
from tests.analysis.cells import CHOICES, SPACE, _check, _random_cell


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved while a test runs."""
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    return figures


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


@pytest.mark.parametrize(("epochs", "kinds"), [(1, ["normal", "reduction"]), (20, ["normal"])])
def test_draw_alphas(tmp_path: Path, epochs: int, kinds: list[str]) -> None:
    # sep_conv_3x3 wins on every edge, so its colour must be seen far more than that of a loser.
    alphas = np.zeros((14, 6))
    alphas[:, SPACE.operations.index("sep_conv_3x3")] = 1.0
    history = [dict.fromkeys(kinds, epoch * alphas + alphas) for epoch in range(epochs + 1)]
    path = tmp_path / "alphas.png"
    draw_alphas(history, SPACE, path)
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)

    def area(name: str) -> int:
        return int((pixels == list(bytes.fromhex(PALETTE[name][1:]))).all(axis=1).sum())

    assert area("sep_conv_3x3") > 2 * area("max_pool_3x3") > 0


def test_draw_alphas_of_a_larger_space(tmp_path: Path) -> None:
    values = SPACE.model_dump()
    values["layout"]["intermediate_nodes"] = 6
    space = Space.model_validate(values)
    alphas = np.random.default_rng(0).normal(size=(len(space.edges), 6))
    draw_alphas([{"normal": alphas, "reduction": alphas}] * 3, space, tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 10_000


def test_draw_alphas_refuses(tmp_path: Path) -> None:
    with pytest.raises(GenotypeError, match="no normal or reduction cell"):
        draw_alphas([], SPACE, tmp_path / "a.png")
    with pytest.raises(GenotypeError, match="search an epoch first"):
        draw_alphas([{"normal": np.zeros((14, 6))}], SPACE, tmp_path / "a.png")
    good, bad = {"normal": np.zeros((14, 6))}, {"normal": np.zeros((14, 5))}
    with pytest.raises(GenotypeError, match=r"epoch 1 have shape \(14, 5\), space auto_fas needs \(14, 6\)"):
        draw_alphas([good, bad], SPACE, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("epochs", [1, 2, 8, 40])
def test_alphas_are_drawn_for_each_epoch_that_was_searched(
    drawn: list[Figure], tmp_path: Path, epochs: int
) -> None:
    history = [{"normal": np.full((14, 6), float(epoch))} for epoch in range(epochs + 1)]
    for epoch, record in enumerate(history):
        record["normal"][:, 0] += epoch
    draw_alphas(history, SPACE, tmp_path / "a.png")
    panels = drawn[0].axes
    assert len(panels) == 14
    for panel in panels:
        assert all(list(line.get_xdata()) == list(range(1, epochs + 1)) for line in panel.get_lines())
        last = np.exp(epochs) / (np.exp(epochs) + 5)
        assert panel.get_lines()[0].get_ydata()[-1] == pytest.approx(last)
        ticks = panel.get_xticks()
        assert ticks[0] == 1
        assert ticks[-1] == epochs


def test_nodes_are_numbered_as_in_the_genotype(drawn: list[Figure], tmp_path: Path) -> None:
    cell = _random_cell(1)
    draw_cell(cell, tmp_path / "cell.png", "a cell")
    inputs = ["$c_{k-2}$", "$c_{k-1}$"]
    numbers = [str(node) for node in cell.concat]
    assert numbers == ["2", "3", "4", "5"]
    shown = [text.get_text() for text in drawn[0].axes[0].texts]
    assert [text for text in shown if text in (*inputs, *map(str, range(9)))] == [*inputs, *numbers]
    draw_alphas([{"normal": np.zeros((14, 6))}] * 3, SPACE, tmp_path / "a.png")
    ends = [*inputs, *numbers]
    expected = [f"{ends[source]} → {ends[node]}" for node, source in SPACE.edges]
    assert [panel.get_title() for panel in drawn[1].axes] == expected


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("cells", [("normal",), ("normal", "reduction")])
def test_the_legend_of_alphas_covers_neither_titles_nor_panels(
    drawn: list[Figure], tmp_path: Path, nodes: int, cells: tuple[str, ...]
) -> None:
    layout = SPACE.layout.model_copy(update={"intermediate_nodes": nodes, "cells": cells})
    space = SPACE.model_copy(update={"layout": layout})
    alphas = np.zeros((len(space.edges), 6))
    draw_alphas([{"normal": alphas, "reduction": alphas}] * 3, space, tmp_path / "a.png")
    figure = drawn[0]
    assert [text.get_text() for text in figure.texts] == [f"{kind} cell" for kind in cells]
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    canvas.draw()
    legend = figure.legends[0].get_window_extent(renderer)
    assert legend.x0 >= 0
    others = [text.get_window_extent(renderer) for text in figure.texts]
    others += [panel.get_tightbbox(renderer) for panel in figure.axes]
    assert not any(legend.overlaps(other) for other in others)


def test_a_kind_of_cell_that_the_network_lacks_is_not_drawn(tmp_path: Path) -> None:
    cell = _random_cell(np.random.default_rng(0), 4)
    layout = SPACE.layout.model_copy(update={"cells": ("normal",)})
    genotype = genotype_from_cells(SPACE.model_copy(update={"layout": layout}), cell, cell, "auto-fas", {})
    assert [path.name for path in draw_genotype(genotype, tmp_path)] == ["normal.png"]
