"""What the experiment's networks are made of: layouts, and skips and pools, which carry no weights.

DARTS is known to fall into them when it searches for long (Zela et al., "Understanding and robustifying
differentiable architecture search", ICLR 2020): a cell of skips and pools alone learns nothing by itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autofas.analysis.text_tables import markdown_table
from autofas.models.candidates import CANDIDATES, Pool, Skip
from autofas.models.genotype import Cell, Genotype, load_genotype

PARTS = ("normalise", "side of the map", "cells")
"""The parts of a layout that are told, in the order of `_parts`."""
COLLAPSED = 7 / 8
"""A cell is fallen in where this share of its edges, or more, carries no weights."""


def weightless(cell: Cell) -> int:
    """How many edges of a cell are skips or pools."""
    return sum(isinstance(CANDIDATES[edge.operation], Skip | Pool) for edge in cell.edges)


def cells_table(arms: Iterable[str], blocks: Iterable[str], found: Path) -> str:
    """A line an arm that has cells in `found`: how many edges are skips and pools, by kind of cell.

    Means and most over the blocks; the last column counts the cells that have fallen in, of both kinds.
    """
    header = ("arm", "networks", "normal", "most", "reduction", "most", "fallen in")
    lines = []
    for arm, genotypes in _genotypes(arms, blocks, found):
        cells = {kind: [getattr(one, kind) for one in genotypes] for kind in ("normal", "reduction")}
        line = [arm, str(len(genotypes))]
        for each in cells.values():
            counts = [weightless(cell) for cell in each]
            line += [f"{sum(counts) / len(counts):.1f}", f"{max(counts)} of {len(each[0].edges)}"]
        fallen = _fallen(cells)
        lines.append([*line, f"{fallen} of {2 * len(genotypes)}"])
    return markdown_table(header, lines, numeric=header[1:]) if lines else ""


def layouts_table(arms: Iterable[str], blocks: Iterable[str], found: Path) -> str:
    """A line an arm: how many networks have which input normalisation, side of the live map, number of cells.

    Empty where all networks have the same.
    """
    lines, met = [], set()
    for arm, genotypes in _genotypes(arms, blocks, found):
        parts = [_parts(one) for one in genotypes]
        met |= set(parts)
        counted = [Counter(values).most_common() for values in zip(*parts, strict=True)]
        told = [", ".join(f"{value}: {count}" for value, count in each) for each in counted]
        lines.append([arm, str(len(parts)), *told])
    header = ("arm", "networks", *PARTS)
    return markdown_table(header, lines, numeric=header[1:2]) if len(met) > 1 else ""


def values_table(aucs: Mapping[tuple[str, str], float], found: Path) -> str:
    """A line a value of a part of the layout: how many networks have it, and their mean AUC.

    `aucs` has the AUC of a network by arm and block. Empty where all networks have the same layout.
    """
    by_value: dict[tuple[str, str], list[float]] = {}
    for (arm, block), auc in aucs.items():
        if (file := _place(found, block, arm)).is_file():  # a hand-designed one has none
            for part, value in zip(PARTS, _parts(load_genotype(file)), strict=True):
                by_value.setdefault((part, str(value)), []).append(auc)
    lines = [
        [*key, str(len(each)), f"{100 * sum(each) / len(each):.2f}"] for key, each in sorted(by_value.items())
    ]
    header = ("part", "value", "networks", "AUC, %")
    return markdown_table(header, lines, numeric=header[2:]) if len(lines) > len(PARTS) else ""


def _parts(genotype: Genotype) -> tuple[str, int, int]:
    """What `PARTS` names, of a network."""
    layout = genotype.layout
    return layout.normalise, layout.map_size(), len(layout.cells)


def _genotypes(
    arms: Iterable[str], blocks: Iterable[str], found: Path
) -> Iterator[tuple[str, list[Genotype]]]:
    """The genotypes of every arm that has any: a hand-designed one has none."""
    places = sorted(set(blocks), key=int)
    for arm in arms:
        files = [_place(found, block, arm) for block in places]
        if genotypes := [load_genotype(file) for file in files if file.is_file()]:
            yield arm, genotypes


def _place(found: Path, block: str, arm: str) -> Path:
    return found / f"{block}-{arm}" / "genotype.json"


def _fallen(cells: Mapping[str, list[Cell]]) -> int:
    return sum(weightless(cell) >= COLLAPSED * len(cell.edges) for each in cells.values() for cell in each)
