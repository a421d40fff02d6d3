"""A cell's drawing names every edge and draws every node, well formed."""

import xml.etree.ElementTree as ElementTree

import numpy as np

from autofas.models.space import load_space
from autofas.report.cells import cell_svg
from autofas.search.derive import random_cells


def test_every_edge_is_named_and_every_node_is_drawn():
    cell, _ = random_cells(load_space("small"), np.random.default_rng(0))
    tree = ElementTree.fromstring(cell_svg(cell, "normal <cell>"))
    words = [text.text for text in tree.iter("text")]
    assert sorted(word for word in words if word in {edge.operation for edge in cell.edges}) == sorted(
        edge.operation for edge in cell.edges
    )
    assert [word for word in words if word.isdigit() or word == "out"] == [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "out",
    ]
    assert len(list(tree.iter("path"))) == len(cell.edges) + len(cell.concat)
    assert tree.find("figcaption").text == "normal <cell>"
