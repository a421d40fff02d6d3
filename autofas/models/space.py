"""Search spaces: what a searched network may be made of.

A space names the candidate operations of a cell's edges and the macro layout around the cells:
stem, number and kind of cells, channels, input size. It is data (a YAML file of search_spaces/ or a
user's own); nothing here computes with tensors. Terms follow Auto-FAS (Yu et al., ICASSP 2020,
section 2.1.1) and DARTS (Liu et al., ICLR 2019): a cell has two input nodes, `intermediate_nodes`
intermediate nodes, each the sum of its incoming edges, and an output that concatenates them.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from autofas.errors import GenotypeError
from autofas.models.candidates import CANDIDATES, THETA, Candidate, candidate
from autofas.storage.schema import Schema, nearest, read_yaml, validated

SPACE_NAME = r"^[a-z][a-z0-9_]{0,40}$"
MAX_CHANNELS = 8192
CellKind = Literal["normal", "reduction"]
Normalise = Literal["none", "image", "local"]
"""What an image loses first: nothing, each channel's mean and deviation, or those about every pixel."""


def _without_defaults(values: dict[str, Any], **later: Any) -> dict[str, Any]:
    """Values without the keys that came later where they say nothing: older spaces keep their hash."""
    return {name: value for name, value in values.items() if name not in later or value != later[name]}


class StemLayer(Schema):
    """Convolution - batch norm - ReLU, then an optional 3x3 max pool of stride 2.

    `theta` above 0 makes it a convolution of central differences (autofas.models.central_difference).
    """

    channels: int = Field(ge=1, le=4096)
    kernel: Literal[1, 3, 5, 7] = 3
    stride: Literal[1, 2] = 1
    pool: bool = False
    theta: float = Field(default=0.0, ge=0, le=1)

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_defaults(handler(self), theta=0.0)


class Layout(Schema):
    """The network around the cells: everything but the cells' insides.

    `channels` is the width C of the first cell's nodes, so a cell of n nodes puts out n*C channels;
    `channel_factor` multiplies C at every reduction cell (1: constant width, 2: doubling as in DARTS).
    `theta` is the share of the difference in the cells' `cd_` operations; with `learn_theta` every
    convolution of central differences, the stem's too, learns its own from there on. `normalise` is what
    the stem does to an image first (autofas.models.input_norm).
    """

    input_size: int = Field(ge=8, le=1024)
    stem: tuple[StemLayer, ...] = Field(min_length=1, max_length=8)
    channels: int = Field(ge=1, le=1024)
    channel_factor: Literal[1, 2] = 1
    cells: tuple[CellKind, ...] = Field(min_length=1, max_length=64)
    intermediate_nodes: int = Field(default=4, ge=1, le=8)
    theta: float = Field(default=THETA, ge=0, le=1)
    learn_theta: bool = False
    normalise: Normalise = "none"

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_defaults(handler(self), theta=THETA, learn_theta=False, normalise="none")

    @model_validator(mode="after")
    def _channels_are_bounded(self) -> "Layout":
        widest = self.channels * self.channel_factor ** self.cells.count("reduction")
        if widest > MAX_CHANNELS:
            raise ValueError(f"channels would grow beyond {MAX_CHANNELS}; take fewer reduction cells")
        return self

    @property
    def kinds(self) -> tuple[CellKind, ...]:
        """The kinds of cells there are, the normal one first."""
        return tuple(kind for kind in get_args(CellKind) if kind in self.cells)

    def map_size(self, input_size: int | None = None) -> int:
        """Side of the live map for a square input: every stride of 2 halves the side, rounding up."""
        side = input_size or self.input_size
        for layer in self.stem:
            side = -(-side // layer.stride)
            side = -(-side // 2) if layer.pool else side
        for cell in self.cells:
            side = -(-side // 2) if cell == "reduction" else side
        return side


class Variants(Schema):
    """The values that keys of a layout may have, the layout's own among them; none for a key that is fixed.

    Trials and finalists choose among them (autofas.search.layouts); any other search keeps the layout.
    """

    stem: tuple[tuple[StemLayer, ...], ...] = Field(default=(), max_length=64)
    channels: tuple[int, ...] = Field(default=(), max_length=64)
    channel_factor: tuple[Literal[1, 2], ...] = ()
    cells: tuple[tuple[CellKind, ...], ...] = Field(default=(), max_length=64)
    theta: tuple[float, ...] = Field(default=(), max_length=64)
    normalise: tuple[Normalise, ...] = ()

    @property
    def open(self) -> dict[str, tuple[Any, ...]]:
        """The keys that have several values, in this order, with these."""
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: values for name, values in found if values}


class Space(Schema):
    """A named set of candidate operations and a layout, of which `variants` may leave parts open."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=SPACE_NAME)
    operations: tuple[str, ...] = Field(min_length=2, max_length=32)
    layout: Layout
    variants: Variants = Variants()

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_defaults(handler(self), variants=Variants().model_dump(mode="json"))

    @model_validator(mode="after")
    def _operations_exist(self) -> "Space":
        for operation in self.operations:
            if operation not in CANDIDATES:
                raise ValueError(f"operation {operation} does not exist{nearest(operation, CANDIDATES)}")
        if len(set(self.operations)) != len(self.operations):
            raise ValueError("an operation is listed twice")
        if set(self.operations) == {"none"}:
            raise ValueError("no operation but none")
        return self

    @model_validator(mode="after")
    def _variants_are_layouts(self) -> "Space":
        for key, values in self.variants.open.items():
            own = getattr(self.layout, key)
            if len(values) < 2 or len(set(values)) < len(values) or own not in values:
                raise ValueError(
                    f"variants.{key} lists different values of layout.{key}, that of the layout among them"
                )
            for value in values:
                self._with_layout({key: value})
        return self

    def with_layout(self, changed: Mapping[str, Any]) -> "Space":
        """The space with other values of its layout's keys; raises ValueError if that is no layout."""
        return self.model_copy(update={"layout": self._with_layout(changed)}) if changed else self

    def _with_layout(self, changed: Mapping[str, Any]) -> Layout:
        own = {name: getattr(self.layout, name) for name in Layout.model_fields}
        return Layout.model_validate({**own, **changed})

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What the operations are, in their order, with the layout's theta."""
        theta, learned = self.layout.theta, self.layout.learn_theta
        return tuple(candidate(name, theta, learned) for name in self.operations)

    @property
    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of the space's canonical JSON."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Every (node, input) of a cell, nodes ascending; nodes 0 and 1 are the cell's inputs."""
        first = 2
        return tuple(
            (node, source)
            for node in range(first, first + self.layout.intermediate_nodes)
            for source in range(node)
        )


def space_names() -> list[str]:
    """Names of the spaces that come with autofas."""
    folder = resources.files("autofas.search_spaces")
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_space(name_or_path: str) -> Space:
    """The space of that name, or of the YAML file at that path; raises GenotypeError in one line."""
    names, path = space_names(), Path(name_or_path)
    if name_or_path in names:
        path = Path(str(resources.files("autofas.search_spaces") / f"{name_or_path}.yaml"))
    elif not (path.is_file() or path.suffix or len(path.parts) > 1):
        raise GenotypeError(
            f"search space {name_or_path} does not exist{nearest(name_or_path, names) or '.'} "
            f"Choose {', '.join(names)} or the path of a .yaml file"
        )
    return validated(Space, read_yaml(path, GenotypeError), str(path), GenotypeError)
