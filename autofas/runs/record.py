"""record.json: what a run folder held when each verb left it, so that an edit afterwards can be named.

`train` and `evaluate` end with `record`: the SHA-256 of every file they wrote, the digest of the weights'
tensors and of the manifest, the command and the commit. A file that a verb did not write keeps the hash of
the verb that did, so evaluating a run again does not hide an edit made in between. The record carries a
digest of itself. What it cannot show: an edit by someone who recomputes every hash and figure; `verify` then
finds figures that the scores do not give, and `verify --rescore` scores that the weights do not give.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from autofas.errors import RunError
from autofas.runs.provenance import command_line, commit
from autofas.storage.files import write_json
from autofas.storage.schema import Schema, read_json, validated

RECORD_FILE = "record.json"
SCHEMA_VERSION = 1
_NOT_RECORDED = (RECORD_FILE, ".lock", "resumed.txt")


class Record(Schema):
    """What record.json holds."""

    schema_version: Literal[1]
    entries: tuple[dict[str, Any], ...]
    files: dict[str, str]
    weights_sha256: str | None
    data: dict[str, dict[str, Any]]
    sha256: str = Field(max_length=64)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal; raises RunError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as exc:
        raise RunError(f"{path} cannot be read: {exc.strerror}") from None
    return digest.hexdigest()


def run_files(folder: Path) -> list[str]:
    """Every file of a run folder by its path inside it, sorted; record, lock and resumed.txt left out."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            inside = (Path(place) / name).relative_to(folder).as_posix()
            if inside not in _NOT_RECORDED:
                found.append(inside)
    return sorted(found)


def record(
    folder: Path,
    verb: str,
    *,
    written: Iterable[str] | None = None,
    weights_sha256: str | None = None,
    data: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int | None = None,
) -> None:
    """Write or bring up to date the folder's record.json.

    `written` are the files this verb wrote (None: all there are). `data` describes the data sets read, by
    role. Call it last: what is written afterwards counts as an edit.
    """
    old = read_record(folder) if (folder / RECORD_FILE).is_file() else None
    names = run_files(folder) if written is None or old is None else sorted(set(written))
    entry = {
        "verb": verb,
        "command": command_line(),
        "commit": commit(),
        "seed": seed,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "files": names,
    }
    before = old or {"entries": [], "files": {}, "data": {}, "weights_sha256": None}
    values: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "entries": [*before["entries"], entry],
        "files": dict(sorted({**before["files"], **{n: file_sha256(folder / n) for n in names}}.items())),
        "weights_sha256": weights_sha256 or before["weights_sha256"],
        "data": {**before["data"], **(data or {})},
    }
    write_json(folder / RECORD_FILE, {**values, "sha256": _digest(values)})


def read_record(folder: Path) -> dict[str, Any]:
    """The folder's record; raises RunError if it is absent, damaged or edited."""
    path = folder / RECORD_FILE
    if not path.is_file():
        raise RunError(f"{folder} has no {RECORD_FILE}; it was not finished, or the record was removed")
    values = read_json(path)
    if not isinstance(values, dict):
        raise RunError(f"{path} is not a record: it holds a {type(values).__name__}")
    validated(Record, values, str(path), RunError)
    told = values.pop("sha256")
    if told != _digest(values):
        raise RunError(f"{path} was edited: its content does not have the digest it carries")
    return values


def check_files(folder: Path, values: Mapping[str, Any]) -> list[str]:
    """What differs between a record and the files: one line for each file changed, missing or added."""
    recorded = values["files"]
    present = set(run_files(folder))
    faults = [f"{name} is missing" for name in recorded if name not in present]
    faults += [
        f"{name} was changed after it was recorded"
        for name, told in recorded.items()
        if name in present and file_sha256(folder / name) != told
    ]
    return faults + [f"{name} is not in the record" for name in sorted(present - set(recorded))]


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
