"""How a configuration is resolved from presets, files and flags.

Order, later wins: the schema's defaults (the published settings where a paper states them), a baseline's
recipe (autofas.config.recipes), `--preset`, `--config FILE`, flags, `--set key=value`. The resolved
configuration is written into the run folder and can be run again from there.
"""

from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml

from autofas.config.data import is_generated
from autofas.errors import ConfigError
from autofas.runtime.launch import launched
from autofas.storage.schema import (
    Schema,
    nearest,
    parse_yaml,
    read_yaml,
    readable_versions,
    require_version,
    validated,
)

PRESETS = ("quick", "paper")
OVERLAYS = ("by_alphas", "on_images")
"""Parts of a preset's section that lie over the rest, in this order, where they apply (`overlays_of`)."""
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
    sources = [source for source, _ in layers]
    sources += [f"preset {preset}"] if preset else []
    found: Mapping[str, Any] = {}
    if file:
        found = read_yaml(Path(file))
        require_version(found, readable_versions(model), file, ConfigError)
        sources.append(file)

    def stacked(overlays: Collection[str]) -> dict[str, Any]:
        # nested defaults first, so that a file may set one key of an optimiser and keep the others
        values: dict[str, Any] = {
            name: field.default.model_dump()
            for name, field in model.model_fields.items()
            if isinstance(field.default, Schema)
        }
        for _, layer in layers:
            _merge(values, layer)
        if preset:
            _merge(values, read_preset(preset, section, overlays))
        _merge(values, found)
        for key, value in (flags or {}).items():
            _assign(values, key, value)
        for text in assignments:
            _assign(values, *read_assignment(text))
        return values

    values = stacked(())
    field = model.model_fields.get("strategy")  # a trial draws where a search goes by alphas
    if preset and (overlays := overlays_of({"strategy": field and field.default} | values)):
        values = stacked(overlays)
    return validated(model, values, " + ".join([*sources, "arguments"]) if sources else "configuration")


def read_assignment(text: str, flag: str = "--set") -> tuple[str, Any]:
    """Key and value of a "key=value" text whose value is YAML; raises ConfigError that names the flag."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise ConfigError(f"{flag} {text}: expected key=value, such as {flag} epochs=20")
    return key.strip(), parse_yaml(value, f"{flag} {key}: {value[:80]!r}")


def overlays_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The overlays of a preset that apply to what is asked for, which only then lies over them.

    `on_images` is for data that are not generated faces, `by_alphas` for searches in one process that end
    with the cells that alphas or finalists choose.
    """
    data = values.get("data")
    on_images = isinstance(data, Mapping) and not is_generated(data.get("dataset"))
    by_alphas = values.get("strategy") in ("pc-darts", "darts")
    by_alphas &= values.get("derivation") != "darts-pt" and not launched().several
    return tuple(name for name, applies in zip(OVERLAYS, (by_alphas, on_images), strict=True) if applies)


def read_preset(name: str, section: str, overlays: Collection[str] = ()) -> dict[str, Any]:
    """One verb's section of a preset, these overlays of it over the rest.

    Raises ConfigError for a name that does not exist.
    """
    if name not in PRESETS:
        raise ConfigError(
            f"preset {name} does not exist{nearest(name, PRESETS) or '.'} Choose {' or '.join(PRESETS)}"
        )
    values = read_yaml(Path(str(resources.files("autofas.config.presets") / f"{name}.yaml")))
    section_values = dict(values.get(section, {}))
    parts = {overlay: section_values.pop(overlay, {}) for overlay in OVERLAYS}
    for overlay in OVERLAYS:
        if overlay in overlays:
            _merge(section_values, parts[overlay])
    return section_values


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
            raise ConfigError(f"{dotted}: {parent} is a single value and has no keys")
        values = inner
    values[last] = value
