"""What an exported file says of itself: one closed record, inside the file and as JSON beside it.

Light: no torch, so that a device's script or `Detector` can read it. Whoever runs the file needs no more
than this: what goes in, what comes out, at which threshold, and which data taught it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from autofas.config.data import Modality
from autofas.deploy.formats.table import KINDS, Format, files_of
from autofas.errors import RunError
from autofas.evaluation.calibration import Calibration
from autofas.runs.record import file_sha256
from autofas.storage.files import write_json
from autofas.storage.schema import Name, Schema, parse_json, read_json, validated

METADATA_KEY = "autofas"
POLARITY = "score in [0, 1], higher = bona fide; a face is bona fide at score >= threshold"

Form = Literal["tensor", "crop"]
"""`tensor`: float32 (B, 3, C, C), normalised. `crop`: pixels, prepared in the graph. In ONNX those are uint8
(B, H, W, 3) of any side; in the other formats, which take one face, float32 (1, 3, C, C) from 0 to 255."""

Precision = Literal["fp32", "int8"]
MEASURED = ("file", "bytes", "sha256", "files", "parity", "unchecked", "measured")
"""What the JSON beside a file says besides its record."""
Text = Annotated[str, Field(max_length=4096)]


class ExportInfo(Schema):
    """The record of one exported file.

    `crop_size` C is the side of a face crop, cut with `margin` about the face box; `input_size` what the
    network reads of it. Normalised means (x / 255 - mean) / std. `calibration` maps a score to a probability;
    the outputs and the threshold are scores. `data_licence` is whose terms bind the weights, `warning` what
    every output of this network must say.
    """

    schema_version: Literal[1] = 1
    name: Name
    kind: Literal["searched", "hand-designed", "random"]
    format: Format | Literal["torch"]
    form: Form
    precision: Precision = "fp32"
    modalities: tuple[Modality, ...] = Field(min_length=1, max_length=3)
    inputs: tuple[Text, ...] = Field(max_length=3)
    outputs: tuple[Literal["score", "map"], ...] = Field(min_length=1, max_length=2)
    labels: tuple[Literal["attack"], Literal["bona fide"]] = ("attack", "bona fide")
    polarity: Text = POLARITY
    threshold: float | None = Field(default=None, ge=-1e30, le=1e30)
    threshold_rule: Text = ""
    threshold_provenance: Text = ""
    calibration: Calibration | None = None
    crop_size: int = Field(ge=4, le=1024)
    input_size: int = Field(ge=4, le=1024)
    view: str = Field(default="whole", max_length=32)
    margin: float = Field(ge=0.5, le=4)
    mean: float = Field(default=0.5, ge=0.5, le=0.5)
    std: float = Field(default=0.5, ge=0.5, le=0.5)
    channels: Literal["RGB", "BGR"] = "RGB"
    supervision: str = Field(max_length=64)
    params: int | None = Field(default=None, ge=0)
    macs: int | None = Field(default=None, ge=0)
    data: Text = ""
    protocol: Text = ""
    data_licence: Text = ""
    warning: Text = ""
    run: Text = ""
    weights_sha256: str = Field(default="", max_length=64)
    commit: Text = ""
    autofas: Text = ""
    opset: int | None = Field(default=None, ge=1, le=99)


def parse_info(text: str, source: str) -> ExportInfo:
    """The record in a file's metadata; raises RunError in one line."""
    values: Any = parse_json(text, source, RunError)
    if not isinstance(values, dict):
        raise RunError(f"{source} holds a {type(values).__name__}, expected what an exported file says")
    return validated(ExportInfo, values, source, RunError)


def beside(path: Path) -> Path:
    """The JSON beside an exported file: model.onnx -> model.json, model.mnn -> model.mnn.json."""
    names = (KINDS[name].suffix for name in ("onnx", "ncnn"))
    return (
        path.with_suffix(".json") if path.name.endswith(tuple(names)) else path.with_name(f"{path.name}.json")
    )


def write_beside(path: Path, info: ExportInfo, **measured: Any) -> Path:
    """Write the record, the file's name, bytes and hash, and what was `measured`, beside an exported file."""
    place = beside(path)
    write_json(place, {**info.model_dump(mode="json"), **measured})
    return place


def read_beside(path: Path) -> tuple[ExportInfo, dict[str, Any]]:
    """The record beside an exported file, and what was measured of it; raises RunError in one line."""
    place = beside(path)
    if not place.is_file():
        raise RunError(f"{path} lacks {place.name}, which says how its input is prepared; keep them together")
    values = read_json(place, RunError)
    if not isinstance(values, dict):
        raise RunError(f"{place} holds a {type(values).__name__}, expected what an exported file says")
    told = {key: values[key] for key in MEASURED if key in values}
    rest = {key: value for key, value in values.items() if key not in MEASURED}
    return validated(ExportInfo, rest, str(place), RunError), told


def hashes_of(path: Path) -> dict[str, str]:
    """The SHA-256 of every file that an exported one is made of, by its name beside it; raises RunError."""
    return {file.relative_to(path.parent).as_posix(): file_sha256(file) for file in files_of(path)}


def require_described(path: Path, measured: dict[str, Any]) -> None:
    """Raise RunError where a file is not the one that the JSON beside it describes."""
    told = measured.get("files")
    for name, digest in hashes_of(path).items():
        if not isinstance(told, dict) or told.get(name) != digest:
            raise RunError(f"{path.with_name(name)} is not the file that {beside(path).name} describes")
