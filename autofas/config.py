"""Configurations of the verbs: closed schemas, resolved from presets, files and flags.

Order, later wins: the schema's defaults (the published settings where a paper states them), a baseline's
recipe (autofas.recipes), `--preset`, `--config FILE`, flags, `--set key=value`. The resolved configuration is
written into the run folder and can be run again from there.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, model_validator

from autofas.errors import ConfigError
from autofas.schema import (
    Schema,
    nearest,
    parse_yaml,
    read_yaml,
    readable_versions,
    require_version,
    validated,
)

PRESETS = ("quick", "paper")


class SyntheticConfig(Schema):
    """The generated faces: subjects of each split (OULU-NPU has 20, 15 and 20) and the crops' side."""

    train_users: int = Field(default=20, ge=2, le=20)
    dev_users: int = Field(default=15, ge=1, le=15)
    test_users: int = Field(default=20, ge=1, le=20)
    frames_per_video: int = Field(default=2, ge=1, le=64)
    size: int = Field(default=128, ge=32, le=512)
    seed: int = Field(default=0, ge=0)

    def arguments(self, modalities: Sequence[str]) -> dict[str, Any]:
        """As arguments of `autofas.data.synthetic.generate`."""
        users = {"train": self.train_users, "dev": self.dev_users, "test": self.test_users}
        # one set for all that read more than color, whichever it is
        every = ("color",) if set(modalities) <= {"color"} else ("color", "depth", "ir")
        return {
            "users": users,
            "frames_per_video": self.frames_per_video,
            "size": self.size,
            "seed": self.seed,
            "modalities": every,
        }


class DataConfig(Schema):
    """Which data, divided how: a built-in name or a manifest's path, protocol and fold."""

    dataset: str = "synthetic"
    data_root: str | None = None
    protocol: str | int | None = None
    fold: int | None = Field(default=None, ge=1)
    frames_per_video: int | None = Field(default=None, ge=1)
    modalities: tuple[Literal["color", "depth", "ir"], ...] = ("color",)
    margin: float = Field(default=1.3, ge=0.5, le=4)
    split_seed: int = Field(default=0, ge=0)
    shared_subjects: bool = False
    cache_dir: str | None = None
    workers: int = Field(default=2, ge=0, le=256)
    synthetic: SyntheticConfig = SyntheticConfig()


class OptimizerConfig(Schema):
    """An optimiser and its schedule; `betas` are Adam's, `momentum` SGD's.

    A cosine falls from `lr` to `min_lr` `cycles` times, each time over an equal share of the epochs; steps
    multiply by `step_factor` at every `milestones` epoch, or every `step_epochs` where there are none.
    """

    name: Literal["sgd", "adam"] = "sgd"
    lr: float = Field(gt=0, le=10)
    min_lr: float = Field(default=0.0, ge=0)
    schedule: Literal["cosine", "constant", "step"] = "cosine"
    step_epochs: int = Field(default=60, ge=1)
    milestones: tuple[int, ...] = ()
    step_factor: float = Field(default=0.1, gt=0, lt=1)
    cycles: int = Field(default=1, ge=1)
    warmup_epochs: int = Field(default=0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = Field(default=1e-4, ge=0)
    grad_clip: float | None = Field(default=None, gt=0)


class RunConfig(Schema):
    """What every run has: where it writes, what it runs on, its seed, and how often it is saved.

    Besides the end of epochs a checkpoint is written every `checkpoint_steps` batches and
    `checkpoint_minutes` minutes, whichever comes first; null is never. Files without `schema_version` were
    written before it existed and are of version 1.
    """

    schema_version: Literal[1] = 1
    runs_dir: str = "runs"
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
    checkpoint_steps: int | None = Field(default=None, ge=1)
    checkpoint_minutes: float | None = Field(default=10.0, gt=0)


class SearchConfig(RunConfig):
    """A bi-level search. Defaults: Auto-FAS, section 3.3; what it leaves open follows PC-DARTS.

    Open in the paper, chosen here: K = 4, edge normalisation and 12 of 40 epochs of warm-up (PC-DARTS: 15
    of 50), gradients of the weights clipped at 5 (DARTS), half of the training subjects for each level.
    nni-evolution trains `trials` networks for `epochs` each. `cuda_graphs` replays recorded kernels on a
    GPU (first order only); off, since not yet measured. `precision` bfloat16 computes activations in it
    (autocast), parameters, statistics and optimisers in float32; `recompute` keeps a cell's inputs alone for
    the backward pass: less memory, more time, the same numbers.
    """

    data: DataConfig = DataConfig()
    space: str = "auto_fas"
    strategy: Literal["pc-darts", "darts", "random", "nni-evolution"] = "pc-darts"
    order: Literal["first", "second", "second-exact"] = "first"
    partial_channels: int | None = Field(default=None, ge=1)
    edge_normalization: bool | None = None
    derivation: Literal["auto-fas", "pc-darts"] | None = None
    trials: int = Field(default=20, ge=1)
    epochs: int = Field(default=40, ge=1)
    warmup_epochs: int = Field(default=12, ge=0)
    batch_size: int = Field(default=256, ge=2)
    arch_share: float = Field(default=0.5, gt=0, lt=1)
    weights: OptimizerConfig = OptimizerConfig(lr=0.05, grad_clip=5.0)
    arch: OptimizerConfig = OptimizerConfig(
        name="adam", lr=6e-3, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3
    )
    supervision: Literal["pixelwise_bce", "bce"] = "pixelwise_bce"
    augment: str = "basic"
    balance: bool = True
    input_size: int | None = Field(default=None, ge=8)
    cuda_graphs: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"
    recompute: bool = False

    @model_validator(mode="after")
    def _differences_need_digits(self) -> "SearchConfig":
        if self.precision == "bfloat16" and self.order != "first":
            raise ValueError(f"order {self.order} needs precision float32: it takes differences of gradients")
        return self

    @model_validator(mode="after")
    def _warmup_leaves_search(self) -> "SearchConfig":
        if self.strategy in ("pc-darts", "darts") and self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs {self.warmup_epochs} leaves no epoch of {self.epochs} to search in"
            )
        return self

    @property
    def resolved_partial_channels(self) -> int:
        """K: 4 for PC-DARTS, 1 for DARTS, unless set."""
        return self.partial_channels or (4 if self.strategy == "pc-darts" else 1)

    @property
    def resolved_edge_normalization(self) -> bool:
        """On for PC-DARTS, off for DARTS, unless set."""
        return self.strategy == "pc-darts" if self.edge_normalization is None else self.edge_normalization

    @property
    def resolved_derivation(self) -> Literal["auto-fas", "pc-darts"]:
        """The rule of the strategy's paper, unless set."""
        return self.derivation or ("pc-darts" if self.resolved_edge_normalization else "auto-fas")


class ViewConfig(Schema):
    """How stored face crops become the network's input (autofas.data.views); crop_size by kind if null."""

    kind: Literal["whole", "centre", "patches", "degraded"] = "whole"
    crop_size: int | None = Field(default=None, ge=8, le=1024)


class TrainConfig(RunConfig):
    """Training of a derived network or a baseline; the papers of the genotypes leave the schedule open.

    `options` are build arguments of a baseline, `init` a checkpoint to start from with `init_map`, the file
    that renames its entries. `depth_target` says what a depth map is taught: the depth images, a map of ones
    for bona fide faces, or (auto) the former where the data set has them.
    """

    data: DataConfig = DataConfig()
    genotype: str | None = None
    baseline: str | None = None
    epochs: int = Field(default=60, ge=1)
    batch_size: int = Field(default=64, ge=2)
    optimizer: OptimizerConfig = OptimizerConfig(lr=0.05, grad_clip=5.0, warmup_epochs=1)
    supervision: str | None = None
    augment: str = "recapture"
    balance: bool = True
    drop_path: float = Field(default=0.0, ge=0, lt=1)
    input_size: int | None = Field(default=None, ge=4)
    view: ViewConfig = ViewConfig()
    erase_modalities: float = Field(default=0.0, ge=0, le=1)
    depth_target: Literal["auto", "depth", "ones"] = "auto"
    options: dict[str, str | int | float] = Field(default_factory=dict)
    init: str | None = None
    init_map: str | None = None
    keep: Literal["best", "last"] = "best"
    checkpoint_every: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_network(self) -> "TrainConfig":
        if (self.genotype is None) == (self.baseline is None):
            given = "both" if self.genotype else "neither"
            raise ValueError(f"give one of genotype (a file) and baseline (a name), {given} was given")
        if self.genotype and self.options:
            raise ValueError("options are a baseline's; a genotype says itself how it is built")
        if self.init_map and not self.init:
            raise ValueError("init_map renames the entries of init, which is not given")
        return self


class EvaluateConfig(Schema):
    """Scores of a trained run over a split, judged at a threshold whose origin is named."""

    run: str
    split: Literal["train", "dev", "test"] = "test"
    threshold: Literal["dev-eer", "dev-min-acer", "fixed", "test-eer"] = "dev-eer"
    threshold_value: float | None = None
    pai_grouping: Literal["family", "instrument"] = "family"
    level: Literal["video", "frame"] = "video"
    data: DataConfig | None = None
    cross: DataConfig | None = None
    batch_size: int = Field(default=128, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)


C = TypeVar("C", bound=Schema)


def resolve(
    model: type[C],
    section: str,
    *,
    layers: Sequence[tuple[str, Mapping[str, Any]]] = (),
    preset: str | None = None,
    file: str | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> C:
    """The configuration of one verb; raises ConfigError with every fault in one line.

    `layers` are (source, values) that come before the preset; `flags` maps dotted keys to values,
    `assignments` are "key=value" texts whose values are YAML.
    """
    # nested defaults first, so that a file may set one key of an optimiser and keep the others
    values: dict[str, Any] = {
        name: field.default.model_dump()
        for name, field in model.model_fields.items()
        if isinstance(field.default, Schema)
    }
    sources = []
    for source, layer in layers:
        _merge(values, layer)
        sources.append(source)
    if preset:
        _merge(values, read_preset(preset, section))
        sources.append(f"preset {preset}")
    if file:
        found = read_yaml(Path(file))
        require_version(found, readable_versions(model), file, ConfigError)
        _merge(values, found)
        sources.append(file)
    for key, value in (flags or {}).items():
        _assign(values, key, value)
    for text in assignments:
        _assign(values, *read_assignment(text))
    return validated(model, values, " + ".join([*sources, "arguments"]) if sources else "configuration")


def read_assignment(text: str) -> tuple[str, Any]:
    """Key and value of a "key=value" text whose value is YAML; raises ConfigError."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise ConfigError(f"--set {text}: expected key=value, such as --set data.fold=1")
    return key.strip(), parse_yaml(value, f"--set {key}: {value[:80]!r}")


def read_preset(name: str, section: str) -> dict[str, Any]:
    """One verb's section of a preset; raises ConfigError for a name that does not exist."""
    if name not in PRESETS:
        raise ConfigError(
            f"preset {name} does not exist{nearest(name, PRESETS)} Choose {' or '.join(PRESETS)}"
        )
    values = read_yaml(Path(str(resources.files("autofas.presets") / f"{name}.yaml")))
    return dict(values.get(section, {}))


def to_yaml(config: Schema) -> str:
    """The whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, width=100)


def _merge(values: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        if isinstance(value, Mapping) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = dict(value) if isinstance(value, Mapping) else value


def _assign(values: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for parent in parents:
        inner = values.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{dotted}: {parent} is a value, it has no keys")
        values = inner
    values[last] = value
