"""A genotype of the Auto-FAS space, the same operation on every edge of a cell."""

from autofas.models.genotype import Cell, Genotype, genotype_from_cells
from autofas.models.space import load_space


def cell(operation: str = "sep_conv_3x3") -> Cell:
    edges = [(node, source, operation) for node in range(2, 6) for source in (0, 1)]
    return Cell(edges=edges, concat=(2, 3, 4, 5))


def paper_genotype() -> Genotype:
    return genotype_from_cells(load_space("auto_fas"), cell(), cell("max_pool_3x3"), "test", {"seed": 3})
