"""Closed schemas for every file a person may write: unknown keys fail, and all faults are told at once.

A thin skin over pydantic: a model of this family refuses keys it does not know, cannot be changed
after it was read, and `validated` turns pydantic's error list into the one line of an `AutofasError`
in which each fault is named with its key and, for a misspelt key, with the nearest valid one.

Text comes in through `read_yaml` and `parse_json`, which take plain data alone (texts, finite 64-bit numbers,
lists, mappings), of bounded size and depth, and no key twice: a YAML file of a few hundred bytes can name a
list of billions. A file's `schema_version` is judged before anything else in it; a file without one is of
version 1, written before it was stated.
"""

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autofas.errors import AutofasError, ConfigError, RunError
from autofas.storage.files import file_size
from autofas.storage.table_text import encoding_of

MAX_TEXT_BYTES = 4 * 1024 * 1024
MAX_YAML_BYTES = 64 * 1024  # PyYAML takes a minute for a few megabytes, and no file of ours has ten kilobytes
MAX_DEPTH = 32
MAX_VALUES = 200_000
_SHOWN = 8
_SHOWN_CHARACTERS = 240


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+:@/()-]{0,79}$")]
"""What a model, data set or protocol may be called in tables and pictures."""


class Schema(BaseModel):
    """A closed, immutable record: the base of configurations, spaces and genotypes."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


S = TypeVar("S", bound=BaseModel)


ALSO_CALLED = {
    "learning_rate": "lr", "learningrate": "lr", "min_learning_rate": "min_lr", "eta_min": "min_lr",
    "wd": "weight_decay", "l2": "weight_decay", "scheduler": "schedule", "optimiser": "optimizer",
    "num_epochs": "epochs", "n_epochs": "epochs", "max_epochs": "epochs", "bs": "batch_size",
    "img_size": "input_size", "image_size": "input_size", "resolution": "input_size",
    "num_workers": "workers", "n_workers": "workers", "data_dir": "data_root", "root": "data_root",
    "gpu": "device", "out_dir": "runs_dir", "output_dir": "runs_dir", "loss": "supervision",
    "criterion": "supervision", "augmentation": "augment", "grad_clip_norm": "grad_clip", "clip": "grad_clip",
    "amp": "precision", "dropout": "drop_path", "drop_path_prob": "drop_path", "pretrained": "init",
}  # fmt: skip
"""What other frameworks call a key of ours."""


def nearest(word: str, choices: Any) -> str:
    """', did you mean X?' for the choice closest to `word`, or an empty string."""
    names = [str(choice) for choice in choices]
    other = ALSO_CALLED.get(word.lower().replace("-", "_"))
    if other in names:
        return f", did you mean {other}?"
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f", did you mean {found[0]}?" if found else ""


def validated(
    model: type[S], values: Mapping[str, Any], source: str, error: type[AutofasError] = ConfigError
) -> S:
    """`values` as a `model`; raises `error` with one line that lists every fault found in `source`."""
    if versions := readable_versions(model):
        require_version(values, versions, source, error)
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        found = exc.errors(include_url=False)
    faults = [_cut(_describe(model, fault)) for fault in found[:_SHOWN]]
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise error(f"{source}: {'; '.join(faults)}{more}")


def readable_versions(model: type[BaseModel]) -> tuple[int, ...]:
    """The schema versions that a model reads; none where its files carry no version of their own."""
    field = model.model_fields.get("schema_version")
    return get_args(field.annotation) if field is not None else ()


def require_version(
    values: Mapping[str, Any], readable: Sequence[int], source: str, error: type[AutofasError]
) -> int:
    """The schema version of a file's values, 1 where it states none; raises `error` for one not readable."""
    version = values.get("schema_version", 1)
    if type(version) is not int or version not in readable:
        known = " and ".join(map(str, readable))
        raise error(f"{source} has schema_version {_cut(repr(version))}; this autofas reads {known}")
    return version


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def _describe(model: type[BaseModel], fault: Any) -> str:
    """One pydantic fault in a few words: the dotted key, what is wrong, and what would be right."""
    path = [part for part in fault["loc"] if not str(part).startswith("function-")]
    key = ".".join(str(part) for part in path)
    if fault["type"] == "extra_forbidden":
        if hint := nearest(str(path[-1]), _fields_at(model, path[:-1])):
            whole = ".".join(map(str, path[:-1]))  # what can be typed in its place
            return f"unknown key {key}{hint.replace('mean ', f'mean {whole}.') if whole else hint}"
        path += _only_keys(fault.get("input"))  # of a group that is none: weights.lr
        return f"unknown key {'.'.join(map(str, path))}{_elsewhere(model, str(path[-1]))}"
    if fault["type"] == "missing":
        return f"{key} is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    value = fault.get("input")
    if fault["type"] == "literal_error" and isinstance(value, str):
        message += nearest(value, re.findall("'([^']*)'", str(fault["ctx"]["expected"])))
    shown = f" (got {value!r})" if isinstance(value, str | int | float | bool | type(None)) else ""
    return f"{key}: {message}{shown}" if key else f"{message}{shown}"


def _only_keys(value: Any) -> list[str]:
    """The keys down to a value that stands alone in its groups; none for several or for a value itself."""
    keys: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        keys.append(str(key))
    return keys if not isinstance(value, dict) else []


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


def _elsewhere(model: type[BaseModel], word: str) -> str:
    """', did you mean X?' for the keys of that name, or of its name here, anywhere in a schema."""
    wanted = {word, ALSO_CALLED.get(word.lower(), word)}
    found = [key for key in _keys(model) if key.rpartition(".")[2] in wanted]
    return f", did you mean {' or '.join(found[:3])}?" if found else ""


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every dotted key of a schema and the schemas nested in it."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")


class PlainLoader(yaml.SafeLoader):
    """SafeLoader without merge keys, which multiply, and without a key that appears twice."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "merge keys are not read", key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    text = f"key {_cut(key.value)!r} appears twice"
                    raise yaml.constructor.ConstructorError(None, None, text, key.start_mark)
                seen.add(key.value)


def parse_yaml(
    text: str,
    source: str,
    error: type[AutofasError] = ConfigError,
    loader: type[PlainLoader] = PlainLoader,
) -> Any:
    """The plain data in a YAML text; raises `error` in one line that names `source`."""
    try:
        values = yaml.load(text, loader)  # a SafeLoader: builds plain data alone
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as exc:  # Attribute: !!timestamp x
        mark = getattr(exc, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        reason = "it is nested too deeply" if isinstance(exc, RecursionError) else exc
        raise error(
            f"{source}{place} is not valid YAML: {_cut(str(getattr(exc, 'problem', None) or reason))}"
        ) from None
    return _plain(values, source, error)


def parse_json(text: str | bytes, source: str, error: type[AutofasError]) -> Any:
    """The plain data in a JSON text; raises `error` in one line that names `source`."""
    try:
        values = json.loads(text, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as exc:
        reason = "it is nested too deeply" if isinstance(exc, RecursionError) else exc
        raise error(f"{source} is not valid JSON: {_cut(str(reason))}") from None
    return _plain(values, source, error)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {_cut(twice)!r} appears twice")
    return values


def _plain(values: Any, source: str, error: type[AutofasError]) -> Any:
    """`values` if they are plain and bounded; a list that is named many times counts as often."""
    count = 0
    level = [values]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    if fault := _scalar_fault(key):
                        raise error(f"{source} has a key that is {fault}")
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif fault := _scalar_fault(value):
                raise error(f"{source} holds {fault}")
            if count + len(below) > MAX_VALUES:
                raise error(f"{source} holds more than {MAX_VALUES} values, not a file of this kind")
        if not below:
            return values
        count += len(below)
        level = below
    raise error(f"{source} is nested more than {MAX_DEPTH} deep, not a file of this kind")


def _scalar_fault(value: Any) -> str:
    """What is wrong with a value that is no container, or an empty text."""
    if isinstance(value, str):
        if not value.isprintable() and any("\ud800" <= c <= "\udfff" or c == "\0" for c in value):
            return "text with a NUL or an unpaired surrogate"
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f"{value}, which is not a finite number"
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            return "a whole number of more than 64 bits"
    elif value is not None:
        return f"a {type(value).__name__}, which is neither text nor number; put text in quotes"
    return ""


def read_yaml(path: Path, error: type[AutofasError] = ConfigError) -> dict[str, Any]:
    """The mapping in a YAML file of bounded size; raises `error` when it is absent, damaged or no mapping."""
    values = parse_yaml(read_text(path, error, MAX_YAML_BYTES), str(path), error)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise error(f"{path} holds a {type(values).__name__}, expected a mapping of keys to values")
    if other := [key for key in values if not isinstance(key, str)]:
        raise error(f"{path}: key {other[0]!r} is not text")
    return values


def read_json(path: Path, error: type[AutofasError] = RunError) -> Any:
    """The plain data in a JSON file of bounded size; raises `error` in one line."""
    return parse_json(read_text(path, error), str(path), error)


def read_text(path: Path, error: type[AutofasError] = ConfigError, most: int = MAX_TEXT_BYTES) -> str:
    """The text of a regular file of at most so many bytes; raises `error` in one line otherwise.

    UTF-8, or UTF-16 that says so, as a PowerShell writes what it redirects.
    """
    try:
        file_size(path, most, error)
        return path.read_text(encoding=encoding_of(path))
    except FileNotFoundError:
        raise error(f"{path} does not exist") from None
    except UnicodeDecodeError as exc:
        raise error(f"{path} cannot be read: it is not UTF-8 text (byte {exc.start})") from None
    except OSError as exc:
        raise error(f"{path} cannot be read: {exc.strerror or exc}") from None


def read_rows(path: Path, error: type[AutofasError] = ConfigError) -> list[dict[str, str]]:
    """The rows of a CSV file of ours, by its header, as text; raises `error` as `read_text` does."""
    return list(csv.DictReader(io.StringIO(read_text(path, error), newline="")))
