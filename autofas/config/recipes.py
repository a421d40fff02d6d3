"""Recipes: how a hand-designed network is trained unless told otherwise, as its paper says.

A recipe is YAML beside the networks (baselines/recipes/NAME.yaml): the keys of a training configuration, and
the input sides that the network takes. Its comments say what comes from the paper and what is ours. It lies
below preset, file and flags. Left out: recipes of genotypes, whose papers give none.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from autofas.baselines import BASELINES
from autofas.config.resolve import overlays_of, read_assignment, read_preset, resolve
from autofas.config.train import TrainConfig
from autofas.errors import ConfigError
from autofas.storage.schema import Schema, nearest, read_yaml, validated

OWN = re.compile(r"(?P<file>.+\.py):(?P<factory>[A-Za-z_]\w*)")
"""A baseline of one's own: a file of Python and the factory in it (autofas.models.own_network)."""


class Sizes(Schema):
    """The input sides that a network takes: multiples of `multiple` from `smallest` to `largest` pixels."""

    smallest: int = Field(ge=1)
    multiple: int = Field(default=1, ge=1)
    largest: int = Field(default=1024, ge=1)

    @model_validator(mode="after")
    def _bounds_are_sides(self) -> "Sizes":
        if self.smallest % self.multiple or self.smallest > self.largest:
            raise ValueError(f"smallest {self.smallest} is not one of these sizes")
        return self

    def nearest(self, side: int) -> int:
        """The side of these nearest to `side` pixels; of two equally near the smaller."""
        most = self.largest // self.multiple * self.multiple
        below = side // self.multiple * self.multiple
        near = below if side - below <= below + self.multiple - side else below + self.multiple
        return min(max(near, self.smallest), most)


class Recipe(Schema):
    """One network's recipe: its sides, the training's keys that it sets, and its own words on a preset."""

    sizes: Sizes
    train: dict[str, Any]
    presets: dict[str, dict[str, Any]] = Field(default_factory=dict)


def require_baseline(name: str) -> None:
    """Raise ConfigError unless a hand-designed network has that name; the line names the near ones."""
    if name in BASELINES:
        return
    if name.endswith(".py"):
        raise ConfigError(f"baseline {name}: name what builds the network in it: --baseline {name}:FACTORY")
    if Path(name).is_file():
        raise ConfigError(f"baseline {name} does not exist, but a file does; a genotype goes with --genotype")
    raise ConfigError(
        f"baseline {name} does not exist{nearest(name, BASELINES) or '.'} See autofas baselines"
    )


def read_recipe(baseline: str) -> Recipe:
    """The recipe of a hand-designed network; raises ConfigError that names the near ones."""
    require_baseline(baseline)
    place = Path(str(resources.files("autofas.baselines") / "recipes" / f"{baseline}.yaml"))
    return validated(Recipe, read_yaml(place), str(place))


def resolve_training(
    *,
    preset: str | None = None,
    file: str | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> tuple[TrainConfig, tuple[str, ...]]:
    """The configuration of a training and notes on what the recipe and the preset made of it.

    Of a preset, a baseline takes the section `baseline`, with what its recipe changes there; `input_size` is
    the most: the side is the paper's or that one, whichever is smaller, brought to the nearest that the
    network takes. Raises ConfigError, one line.
    """
    name = _baseline_asked_for(file, flags, assignments)
    if name is None or OWN.fullmatch(name):  # a genotype, or code of one's own: no paper gives a recipe
        config = resolve(TrainConfig, "train", preset=preset, file=file, flags=flags, assignments=assignments)
        return config, ()
    layers, notes = _baseline_layers(name, preset, ())
    config = resolve(TrainConfig, "train", layers=layers, file=file, flags=flags, assignments=assignments)
    if preset and (overlays := overlays_of(config.model_dump())):
        layers, notes = _baseline_layers(name, preset, overlays)
        config = resolve(TrainConfig, "train", layers=layers, file=file, flags=flags, assignments=assignments)
    return config, tuple(notes)


def _baseline_layers(
    name: str, preset: str | None, overlays: Collection[str]
) -> tuple[list[tuple[str, Mapping[str, Any]]], list[str]]:
    """(source, values) of a baseline's recipe and of a preset over it, and notes on how they meet."""
    recipe = read_recipe(name)
    layers: list[tuple[str, Mapping[str, Any]]] = [(f"recipe {name}", recipe.train)]
    notes = []
    if preset:
        section = read_preset(preset, "baseline", overlays)
        if "input_size" in section:
            most = int(section["input_size"])
            published = int(recipe.train.get("input_size", BASELINES[name].input_size))
            side = recipe.sizes.nearest(min(most, published))
            section["input_size"] = side
            if side != most:
                notes.append(
                    f"preset {preset} asks for {most} pixels; {name}, published at {published}, takes {side}"
                )
        layers += [(f"preset {preset}", section), (f"recipe {name}", recipe.presets.get(preset, {}))]
    return layers, notes


def _baseline_asked_for(
    file: str | None, flags: Mapping[str, Any] | None, assignments: Sequence[str]
) -> str | None:
    """The baseline that file, flags and assignments name, the last one wins; None for a genotype."""
    name = read_yaml(Path(file)).get("baseline") if file else None
    name = (flags or {}).get("baseline", name)
    for key, value in map(read_assignment, assignments):
        if key == "baseline":
            name = value
    return None if name is None else str(name)
