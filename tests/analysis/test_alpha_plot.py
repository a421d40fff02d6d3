"""The picture of the alphas: every curve where its epoch and weight say, nothing over the legend."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from autofas.analysis.alpha_plot import PANEL_HEIGHT, draw_alphas, lay_out_alphas
from autofas.analysis.palette import PALETTE
from autofas.errors import GenotypeError
from autofas.models.space import Space
from tests.analysis.cells import SPACE


def with_nodes(nodes: int, cells: tuple[str, ...] = ("normal", "reduction")) -> Space:
    layout = SPACE.layout.model_copy(update={"intermediate_nodes": nodes, "cells": cells})
    return SPACE.model_copy(update={"layout": layout})


@pytest.mark.parametrize(("epochs", "kinds"), [(1, ["normal", "reduction"]), (20, ["normal"])])
def test_the_winners_colour_is_seen_most(tmp_path: Path, epochs: int, kinds: list[str]) -> None:
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


def test_a_larger_space_is_drawn(tmp_path: Path) -> None:
    space = with_nodes(6)
    alphas = np.random.default_rng(0).normal(size=(len(space.edges), 6))
    draw_alphas([{"normal": alphas, "reduction": alphas}] * 3, space, tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 10_000


def test_histories_without_an_epoch_or_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GenotypeError, match="no normal or reduction cell"):
        draw_alphas([], SPACE, tmp_path / "a.png")
    with pytest.raises(GenotypeError, match="search an epoch first"):
        draw_alphas([{"normal": np.zeros((14, 6))}], SPACE, tmp_path / "a.png")
    good, bad = {"normal": np.zeros((14, 6))}, {"normal": np.zeros((14, 5))}
    with pytest.raises(GenotypeError, match=r"epoch 1 have shape \(14, 5\), space auto_fas needs \(14, 6\)"):
        draw_alphas([good, bad], SPACE, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def curves(figure: Figure, operation: str, thick: bool) -> list[np.ndarray]:
    """An operation's curves (epochs, 2) in inches, of the edges that it wins or of the others."""
    (lines,) = [
        lines
        for lines in figure.axes[0].collections
        if lines.get_gid() == operation and (lines.get_linewidth()[0] > 2) == thick
    ]
    assert to_hex(lines.get_color()[0]).upper() == PALETTE[operation]
    return lines.get_segments()


@pytest.mark.parametrize("epochs", [1, 2, 8, 40])
def test_alphas_are_drawn_for_each_epoch_that_was_searched(
    saved_figures: list[Figure], tmp_path: Path, epochs: int
) -> None:
    history = []
    for epoch in range(epochs + 1):  # the first operation rises on every edge, the last edge alone falls
        alphas = np.zeros((14, 6))
        alphas[:13, 0] = epoch
        alphas[13, 0] = -epoch
        history.append({"normal": alphas})
    draw_alphas(history, SPACE, tmp_path / "a.png")
    panels = lay_out_alphas(SPACE, ["normal"]).panels
    assert len(panels) == 14
    figure = saved_figures[0]
    winning, losing = curves(figure, SPACE.operations[0], True), curves(figure, SPACE.operations[0], False)
    assert (len(winning), len(losing)) == (13, 1)
    weight = np.exp(epochs) / (np.exp(epochs) + 5)
    top = min(1.0, np.ceil(11 * weight) / 10)
    for panel, points in zip(panels, winning + losing, strict=True):
        assert len(points) == epochs
        if epochs > 1:
            assert points[0, 0] == pytest.approx(panel.left)
            assert points[-1, 0] == pytest.approx(panel.left + panel.width)
            assert np.diff(points[:, 0]) == pytest.approx(panel.width / (epochs - 1))
        value = weight if panel.edge < 13 else np.exp(-epochs) / (np.exp(-epochs) + 5)
        assert (points[-1, 1] - panel.bottom) / PANEL_HEIGHT == pytest.approx(value / top)
    named = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "epoch"]
    assert named[0] == "1"
    assert named[-1] == str(epochs)


def test_panels_are_named_as_the_genotype_numbers_its_nodes(
    saved_figures: list[Figure], tmp_path: Path
) -> None:
    draw_alphas([{"normal": np.zeros((14, 6))}] * 3, SPACE, tmp_path / "a.png")
    ends = ["$c_{k-2}$", "$c_{k-1}$", "2", "3", "4", "5"]
    expected = [f"{ends[source]} → {ends[node]}" for node, source in SPACE.edges]
    named = [text.get_text() for text in saved_figures[0].axes[0].texts if text.get_gid() == "edge"]
    assert named == expected


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("cells", [("normal",), ("normal", "reduction")])
def test_nothing_in_the_picture_covers_anything_else(
    saved_figures: list[Figure], tmp_path: Path, nodes: int, cells: tuple[str, ...]
) -> None:
    space = with_nodes(nodes, cells)
    alphas = np.zeros((len(space.edges), 6))
    draw_alphas([{"normal": alphas, "reduction": alphas}] * 3, space, tmp_path / "a.png")
    figure = saved_figures[0]
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    canvas.draw()
    axes = figure.axes[0]
    headings = [text.get_text() for text in axes.texts if text.get_text().endswith(" cell")]
    assert headings == [f"{kind} cell" for kind in cells]
    boxes = [figure.legends[0].get_window_extent(renderer)]
    boxes += [text.get_window_extent(renderer) for text in axes.texts]
    (frames,) = [found for found in axes.collections if found.get_gid() == "frames"]
    boxes += [path.get_extents(frames.get_transform()) for path in frames.get_paths()]
    whole = figure.bbox
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in boxes)
    assert all(whole.y0 <= box.y0 and box.y1 <= whole.y1 for box in boxes)
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
