"""The picture of error against cost: every model named, no label over another, all within the axes."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.transforms import Bbox
from PIL import Image

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.palette import PALETTE
from autofas.analysis.pareto_plot import ParetoPicture, pareto_picture, plot_pareto
from tests.analysis.leaderboard_rows import row_of


def _crowd(count: int) -> list[LeaderboardRow]:
    generator = np.random.default_rng(5)
    kinds = ["searched", "hand-designed", "random"]
    rows = []
    for i in range(count):
        clustered = i % 2
        params = int(270_000 + 9_000 * i) if clustered else int(10 ** generator.uniform(5.3, 7.4))
        acer = float(0.03 + 0.003 * generator.normal() if clustered else generator.uniform(0.01, 0.09))
        for seed in range(1 + i % 3):
            rows.append(row_of(f"network-{i}", params, acer + 0.002 * seed, kind=kinds[i % 3], seed=seed))
    return rows


def _within_axes(picture: ParetoPicture, extent: Bbox) -> None:
    frame = picture.figure.axes[0].get_window_extent()
    assert extent.x0 >= frame.x0
    assert extent.y0 >= frame.y0
    assert extent.x1 <= frame.x1
    assert extent.y1 <= frame.y1


@pytest.mark.parametrize("count", [1, 3, 12, 25])
@pytest.mark.parametrize("x", ["params", "macs"])
def test_picture_labels_do_not_overlap(count: int, x: str) -> None:
    picture = pareto_picture(_crowd(count), x)  # type: ignore[arg-type]
    assert len(picture.points) == len(picture.labels) == count
    assert not [pair for pair in combinations(picture.labels, 2) if pair[0].overlaps(pair[1])]
    # The boxes are those of the texts as drawn, so nothing overlaps on the page either.
    renderer = picture.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    names = {point.model for point in picture.points}
    drawn = [
        t.get_window_extent(renderer) for t in picture.figure.texts if t.get_text().split("  ")[0] in names
    ]
    assert len(drawn) == count
    for extent in drawn:
        assert any(
            b.x0 - 1 <= extent.x0 and extent.x1 <= b.x1 + 1 and b.y0 - 1 <= extent.y0 for b in picture.labels
        )
        _within_axes(picture, extent)


@pytest.mark.parametrize("place", ["cheapest", "dearest", "best", "worst"])
def test_a_long_name_at_any_edge_stays_inside_the_axes(place: str) -> None:
    name = "feathernet_with_a_name_that_is_long_72x72"
    params = {"cheapest": 20_000, "dearest": 40_000_000}.get(place, 900_000)
    acer = {"best": 0.0, "worst": 0.5}.get(place, 0.05)
    rows = [row_of(name, params, acer), *_crowd(7)]
    picture = pareto_picture(rows)
    renderer = picture.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [
        text for text in picture.figure.texts if "network-" in text.get_text() or name in text.get_text()
    ]
    assert len(texts) == 8
    for text in texts:
        _within_axes(picture, text.get_window_extent(renderer))


@pytest.mark.parametrize("protocol", ["none", "None"])
def test_a_set_without_a_protocol_names_none(protocol: str) -> None:
    figure = pareto_picture([row_of("a", 1000, 0.1, protocol=protocol)]).figure
    texts = [text.get_text() for text in figure.texts]
    assert "synthetic: ACER against parameters" in texts
    assert not [text for text in texts if "rotocol" in text]


def test_plot_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pareto.png"
    picture = plot_pareto(_crowd(6), path)
    with Image.open(path) as image:
        assert image.size == (1600, 1000)
        colours = {pixel for _, pixel in image.convert("RGB").getcolors(2**20) or []}
    for kind in ("searched", "hand-designed", "random"):
        assert tuple(bytes.fromhex(PALETTE[kind][1:])) in colours
    texts = " ".join(text.get_text() for text in picture.figure.texts)
    assert "synthetic, protocol 1" in texts
    assert "commit 0123456789" in texts
    assert "MACs counted by autofas" in " ".join(
        t.get_text() for t in pareto_picture(_crowd(2), "macs").figure.texts
    )


def test_ranges_of_sizes_and_errors_are_drawn_and_kept_clear_of_names() -> None:
    rows = [
        row_of("found", params, acer, kind="searched", seed=seed)
        for seed, (params, acer) in enumerate(((18_000, 0.1), (22_000, 0.2)))
    ]
    picture = pareto_picture([*rows, row_of("other", 350_000, 0.3)])
    axes = picture.figure.axes[0]
    bars = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() in ("_", "|")]
    assert np.allclose(bars, [[[20_000, 10], [20_000, 20]], [[18_000, 15], [22_000, 15]]])
    names = [text.get_text() for text in picture.figure.texts]
    assert "found  18.0K to 22.0K" in names
    ends = axes.transData.transform([(18_000, 15), (22_000, 15)])
    box = picture.labels[0]
    assert not (box.y0 <= ends[0][1] <= box.y1 and box.x0 < ends[1][0] and ends[0][0] < box.x1)
