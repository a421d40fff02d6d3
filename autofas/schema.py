"""Closed schemas for every file a person may write: unknown keys fail, and all faults are told at once.

A thin skin over pydantic: a model of this family refuses keys it does not know, cannot be changed
after it was read, and `validated` turns pydantic's error list into the one line of an `AutofasError`
in which each fault is named with its key and, for a misspelt key, with the nearest valid one.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from autofas.errors import AutofasError, ConfigError

MAX_TEXT_BYTES = 4 * 1024 * 1024


class Schema(BaseModel):
    """A closed, immutable record: the base of configurations, spaces and genotypes."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


S = TypeVar("S", bound=BaseModel)


def nearest(word: str, choices: Any) -> str:
    """', did you mean X?' for the choice closest to `word`, or an empty string."""
    found = difflib.get_close_matches(word, [str(c) for c in choices], n=1, cutoff=0.55)
    return f", did you mean {found[0]}?" if found else ""


def validated(
    model: type[S], values: Mapping[str, Any], source: str, error: type[AutofasError] = ConfigError
) -> S:
    """`values` as a `model`; raises `error` with one line that lists every fault found in `source`."""
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        faults = [_describe(model, fault) for fault in exc.errors()]
    shown = "; ".join(faults[:8]) + (f"; and {len(faults) - 8} more" if len(faults) > 8 else "")
    raise error(f"{source}: {shown}")


def _describe(model: type[BaseModel], fault: Any) -> str:
    """One pydantic fault in a few words: the dotted key, what is wrong, and what would be right."""
    path = [part for part in fault["loc"] if not str(part).startswith("function-")]
    key = ".".join(str(part) for part in path) or "(whole)"
    if fault["type"] == "extra_forbidden":
        fields = _fields_at(model, path[:-1])
        return f"unknown key {key}{nearest(str(path[-1]), fields)}"
    if fault["type"] == "missing":
        return f"{key} is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    value = fault.get("input")
    shown = f" (got {value!r})" if isinstance(value, str | int | float | bool | type(None)) else ""
    return f"{key}: {message}{shown}"


def _fields_at(model: type[BaseModel], path: list[Any]) -> list[str]:
    """Names of the fields of the schema nested at `path` below `model`."""
    current: Any = model
    for part in path:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            return []
        current = field.annotation
        for inner in getattr(current, "__args__", ()):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                current = inner
    return list(getattr(current, "model_fields", {}))


def read_yaml(path: Path, error: type[AutofasError] = ConfigError) -> dict[str, Any]:
    """The mapping in a YAML file of bounded size; raises `error` when it is absent, damaged or no mapping."""
    text = read_text(path, error)
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise error(f"{path}{place} is not valid YAML: {getattr(exc, 'problem', None) or exc}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise error(f"{path} holds a {type(values).__name__}, expected a mapping of keys to values")
    return values


def read_text(path: Path, error: type[AutofasError] = ConfigError) -> str:
    """The UTF-8 text of a file no larger than 4 MiB; raises `error` in one line otherwise."""
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise error(f"{path} is larger than {MAX_TEXT_BYTES // 2**20} MiB, not a file of this kind")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError) as exc:
        raise error(f"{path} cannot be read: {exc}") from None
