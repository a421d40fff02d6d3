"""Genotypes: the discrete cells that a search ends with, and all that is needed to rebuild the network.

The waist between searching and retraining: a search writes a genotype, the derived network reads it,
and nothing else passes between them. On disk a genotype is readable, diff-able JSON.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter, field_validator, model_validator

from autofas.errors import GenotypeError
from autofas.models.candidates import CANDIDATES
from autofas.models.other_genotypes import (
    OtherCells,
    cells_of_mapping,
    cells_of_nni,
    cells_of_text,
    is_darts_mapping,
    is_genotype_text,
    is_nni_export,
)
from autofas.models.space import SPACE_NAME, CellKind, Layout, Space, load_space
from autofas.models.yaml_genotypes import genotype_values
from autofas.storage.files import whole_file
from autofas.storage.schema import Name, Schema, nearest, parse_json, read_text, validated

_READ = "a genotype is autofas' or NNI's JSON or YAML, or a Genotype(...) as DARTS prints it"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
Provenance = Mapping[str, str | int | float | bool | None]
"""Where a genotype comes from: facts by name."""
FIRST_NODE = 2
"""Nodes 0 and 1 are a cell's inputs (the outputs of the two cells before it)."""


class Edge(NamedTuple):
    """`operation` carries node `input` to node `node`."""

    node: int
    input: int
    operation: str


class Cell(Schema):
    """The chosen edges of a cell and the nodes whose concatenation is its output."""

    edges: tuple[Edge, ...] = Field(min_length=1, max_length=256)
    concat: tuple[int, ...] = Field(min_length=1, max_length=16)

    @model_validator(mode="after")
    def _is_a_graph(self) -> "Cell":
        nodes = {edge.node for edge in self.edges}
        last = max(nodes)
        for edge in self.edges:
            if edge.operation not in CANDIDATES:
                hint = nearest(edge.operation, CANDIDATES) or f"; choose {', '.join(CANDIDATES)}"
                raise ValueError(f"operation {edge.operation} does not exist{hint}")
            if edge.operation == "none":
                raise ValueError(f"edge {edge.input}->{edge.node} holds none, which no network is built of")
            if edge.node < FIRST_NODE:
                raise ValueError(f"node {edge.node} is a cell input and takes no edge")
            if not 0 <= edge.input < edge.node:
                raise ValueError(f"edge {edge.input}->{edge.node} does not go forward")
        if len({(edge.node, edge.input) for edge in self.edges}) != len(self.edges):
            raise ValueError("two edges join the same pair of nodes")
        if missing := set(range(FIRST_NODE, last + 1)) - nodes:
            raise ValueError(f"node {min(missing)} has no incoming edge")
        if len(set(self.concat)) != len(self.concat) or not set(self.concat) <= nodes:
            raise ValueError(f"concat {list(self.concat)} must name distinct nodes from {sorted(nodes)}")
        return self

    def inputs_of(self, node: int) -> list[Edge]:
        """The edges that end in `node`, in order of their input."""
        return sorted((edge for edge in self.edges if edge.node == node), key=lambda edge: edge.input)


class Genotype(Schema):
    """Two cells and the layout they are stacked in."""

    schema_version: Literal[1] = 1
    space: str = Field(pattern=SPACE_NAME)
    space_hash: str = Field(max_length=64)
    derivation: str = Field(max_length=64)
    normal: Cell
    reduction: Cell
    layout: Layout
    provenance: dict[str, Annotated[str, Field(max_length=4096)] | int | float | bool | None] = Field(
        default_factory=dict, max_length=64
    )

    @model_validator(mode="after")
    def _cells_fit_layout(self) -> "Genotype":
        for kind in ("normal", "reduction"):
            last = max(edge.node for edge in self.cell(kind).edges)
            expected = FIRST_NODE + self.layout.intermediate_nodes - 1
            if last != expected:
                raise ValueError(f"{kind} cell ends at node {last}, the layout's cells at node {expected}")
        return self

    @property
    def name(self) -> str:
        """The run that found it, or its space."""
        return str(self.provenance.get("run", self.space))

    @field_validator("provenance")
    @classmethod
    def _run_is_a_name(cls, values: dict[str, Any]) -> dict[str, Any]:
        TypeAdapter(Name).validate_python(values.get("run", "none"))
        return values

    def cell(self, kind: CellKind) -> Cell:
        """The normal or the reduction cell."""
        return self.normal if kind == "normal" else self.reduction

    def same_network(self, other: "Genotype") -> bool:
        """True if both describe the same network, whatever run they come from."""
        return (self.normal, self.reduction, self.layout) == (other.normal, other.reduction, other.layout)


def genotype_from_cells(
    space: Space,
    normal: Cell,
    reduction: Cell,
    derivation: str,
    provenance: Provenance | None = None,
) -> Genotype:
    """A genotype of `space`; raises GenotypeError if a cell holds what the space does not offer."""
    for kind, cell in (("normal", normal), ("reduction", reduction)):
        for edge in cell.edges:
            if edge.operation not in space.operations:
                raise GenotypeError(f"{kind} cell holds {edge.operation}, which space {space.name} lacks")
    values = {
        "space": space.name,
        "space_hash": space.hash,
        "derivation": derivation,
        "normal": normal,
        "reduction": reduction,
        "layout": space.layout,
        "provenance": dict(provenance or {}),
    }
    return validated(Genotype, values, f"genotype of {space.name}", GenotypeError)


def genotype_to_json(genotype: Genotype) -> str:
    """The genotype as JSON text, one edge a line, so that two genotypes can be compared with diff."""
    values = genotype.model_dump(mode="json")
    edges = {}
    for kind in ("normal", "reduction"):
        rows = [json.dumps(row) for row in values[kind]["edges"]]
        edges[f'"@{kind}"'] = "[\n      " + ",\n      ".join(rows) + "\n    ]"
        values[kind]["edges"] = f"@{kind}"
    text = json.dumps(values, indent=2)
    for mark, rows_text in edges.items():
        text = text.replace(mark, rows_text)
    return text + "\n"


def save_genotype(genotype: Genotype, path: str | os.PathLike[str]) -> None:
    """Write `path` in one piece: a reader never sees half a genotype."""
    with whole_file(path) as stream:
        stream.write(genotype_to_json(genotype))


def load_genotype(path: str | os.PathLike[str]) -> Genotype:
    """The genotype in a file: our JSON, a pasted `Genotype(...)` of DARTS or its fields, or NNI's JSON.

    A mapping may be YAML as well, and may stand under a key `genotype`. All but our own come without
    a network around their cells and take that of the space darts. Raises GenotypeError in one line that names
    file and fault.
    """
    if not Path(path).exists():
        from autofas.baselines import BASELINES  # here: a genotype is read without torch

        if str(path) in BASELINES:
            raise GenotypeError(f"{path} is a hand-designed network; give --baseline {path}")
    inside = Path(path) / "genotype.json"
    if inside.exists():
        raise GenotypeError(f"{path} is a folder; give {inside}")
    values = _values(read_text(Path(path), GenotypeError), Path(path))
    if isinstance(values, dict) and isinstance(values.get("genotype"), dict | str):
        values = values["genotype"]  # beside the settings of a search
    elif isinstance(values, dict) and len(values) == 1:
        ((_, inner),) = values.items()
        values = inner if isinstance(inner, dict | str) else values
    if isinstance(values, str) and is_genotype_text(values):
        return _in_darts(cells_of_text(values, str(path)), Path(path), "a Genotype(...) text")
    if not isinstance(values, dict):
        raise GenotypeError(f"{path} holds a {type(values).__name__}, expected a genotype")
    if is_darts_mapping(values):
        return _in_darts(cells_of_mapping(values, str(path)), Path(path), "DARTS' fields")
    if is_nni_export(values):
        return _in_darts(cells_of_nni(values, str(path)), Path(path), "NNI's export")
    if not {"normal", "reduction"} & {*values}:
        raise GenotypeError(f"{path} holds no cells, neither normal nor reduction; {_READ}")
    return validated(Genotype, values, str(path), GenotypeError)


def _values(text: str, path: Path) -> Any:
    """What a genotype's text holds: the data of JSON or YAML, or the text itself with a `Genotype(...)`."""
    if not text.strip():
        raise GenotypeError(f"{path} is empty; {_READ}")
    try:
        return parse_json(text, str(path), GenotypeError)
    except GenotypeError as error:
        if is_genotype_text(text):
            return text
        reason = error
    if not text.lstrip().startswith(("{", "[")) or path.suffix.lower() in (".yaml", ".yml"):
        try:
            values = genotype_values(text, str(path))
        except GenotypeError as error:
            reason = error if path.suffix.lower() in (".yaml", ".yml") else reason
        else:
            if isinstance(values, dict):
                return values
    raise GenotypeError(f"{reason}; {_READ}")


def _in_darts(cells: OtherCells, path: Path, origin: str) -> Genotype:
    """Cells of another project in the layout of the space darts, with as many nodes as they have."""
    space = load_space("darts")
    last = max(node for node, _, _ in [*cells.normal, *cells.reduction])
    name = cells.name if cells.name not in ("", "genotype") else path.stem
    values = {
        "space": space.name,
        "space_hash": space.hash,
        "derivation": "darts",
        "normal": {"edges": cells.normal, "concat": cells.normal_concat},
        "reduction": {"edges": cells.reduction, "concat": cells.reduction_concat},
        "layout": {**space.layout.model_dump(), "intermediate_nodes": last - FIRST_NODE + 1},
        "provenance": {"run": name if _PLAIN.fullmatch(name) else "other", "from": origin},
    }
    return validated(Genotype, values, str(path), GenotypeError)
