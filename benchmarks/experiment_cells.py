"""What the experiment's networks are made of: skips and pools in each cell, which carry no weights.

DARTS is known to fall into them when it searches for long (Zela et al., "Understanding and robustifying
differentiable architecture search", ICLR 2020): a cell of skips and pools alone learns nothing by itself.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from autofas.analysis.text_tables import markdown_table
from autofas.models.candidates import CANDIDATES, Pool, Skip
from autofas.models.genotype import Cell, load_genotype

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
    places = sorted(set(blocks), key=int)
    for arm in arms:
        files = [found / f"{block}-{arm}" / "genotype.json" for block in places]
        genotypes = [load_genotype(file) for file in files if file.is_file()]
        if not genotypes:
            continue  # hand-designed
        cells = {kind: [getattr(one, kind) for one in genotypes] for kind in ("normal", "reduction")}
        line = [arm, str(len(genotypes))]
        for each in cells.values():
            counts = [weightless(cell) for cell in each]
            line += [f"{sum(counts) / len(counts):.1f}", f"{max(counts)} of {len(each[0].edges)}"]
        fallen = _fallen(cells)
        lines.append([*line, f"{fallen} of {2 * len(genotypes)}"])
    return markdown_table(header, lines, numeric=header[1:]) if lines else ""


def _fallen(cells: Mapping[str, list[Cell]]) -> int:
    return sum(weightless(cell) >= COLLAPSED * len(cell.edges) for each in cells.values() for cell in each)
