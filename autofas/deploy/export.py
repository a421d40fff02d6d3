"""The verb `export`: files for a device from a run, each checked in its own runtime before it is kept.

A file is compared with the network on real crops of the run (dev and test, evenly spread): map and score
within 1e-4, no decision changed at the threshold, or there is no file. int8 is not held to that: what it
changes is measured and told.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

from autofas.deploy.card import write_card
from autofas.deploy.describe import describe_weights
from autofas.deploy.graph import ExportForm
from autofas.deploy.info import ExportInfo, Form, write_beside
from autofas.deploy.int8 import CALIBRATION_CROPS, to_int8
from autofas.deploy.material import acer_of, crops_of, run_data, score_all
from autofas.deploy.onnx_file import OPSET, require_onnx, to_onnx, with_preprocessing, write_onnx
from autofas.deploy.parity import Parity, compare, require_parity, steady
from autofas.deploy.runtime import OnnxScorer, Scorer, Scores, TorchScorer
from autofas.deploy.timing import Timing, interleaved
from autofas.errors import ConfigError, RunError
from autofas.evaluation.calibration import chosen
from autofas.metrics import CalibrationChoice
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.printed import command
from autofas.runs.record import RECORD_FILE, file_sha256, record
from autofas.runs.run_folder import Run

Format = Literal["onnx"]
FORMATS: tuple[str, ...] = get_args(Format)
EXPORT_FOLDER = "export"
CHECKED_CROPS = 200

Log = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """A file that is kept: where it lies, its record, bytes, parity, and what int8 costs and gains."""

    path: Path
    info: ExportInfo
    size: int
    parity: Parity
    measured: dict[str, Any] = field(default_factory=dict)


def export(
    run: str | Path,
    *,
    formats: Sequence[str] = FORMATS,
    forms: Sequence[Form] = ("tensor",),
    channels: Literal["RGB", "BGR"] = "RGB",
    int8: bool = False,
    calibration: CalibrationChoice | None = None,
    out: str | Path | None = None,
    crops: int = CHECKED_CROPS,
    log: Log = lambda line: None,
) -> list[Exported]:
    """Export a run's network, by default into its folder `export/`; returns what was kept.

    `channels` is the colour order that form `crop` expects, `calibration` what the files' records carry: the
    one stored with the weights, `none`, or the kind that it must be. Raises ConfigError for a format or an
    extra that is not there, RunError where a file fails its check or the calibration is not there.
    """
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(f"format {name} does not exist; choose {', '.join(FORMATS)}")
    if crops < 1:
        raise ConfigError(f"{crops} crops cannot show parity; check at least one")
    require_onnx()
    with Run.open(run, echo=False) as folder:
        place = Path(out) if out else folder.path / EXPORT_FOLDER
        work = _Export(folder.path, place, crops, calibration, log)
        try:
            return work.onnx(forms, channels, int8)
        finally:  # what was kept before another file failed is there
            if out is None and work.written and (folder.path / RECORD_FILE).is_file():
                written = [path.relative_to(folder.path).as_posix() for path in work.written]
                record(folder.path, "export", written=written)
            if work.made:
                write_card(folder.path, work.out, [_words(one) for one in work.made])


class _Export:
    def __init__(
        self, run: Path, out: Path, crops: int, calibration: CalibrationChoice | None, log: Log
    ) -> None:
        self.out, self.log = out, log
        self.loaded = load_network(run / WEIGHTS_FILE)
        info = describe_weights(self.loaded, run / WEIGHTS_FILE)
        if info.threshold is None:
            raise RunError(
                f"{run} has no threshold yet, and a file without one judges nothing; "
                f"run {command('evaluate', '--run', run)}"
            )
        network = self.loaded.network
        self.data = run_data(run, network)
        self.dev = crops_of(self.data, network, ("dev",))
        self.test = crops_of(self.data, network, ("test",))
        self.checked = crops_of(self.data, network, ("dev", "test")).few(crops)
        self.trained = TorchScorer(run / WEIGHTS_FILE)
        self.reference = score_all(self.trained, self.checked)
        told = steady(info.threshold, self.reference.scores)
        self.info = info.model_copy(
            update={
                "threshold": told,
                "calibration": chosen(calibration, info.calibration, str(run)),
                "threshold_provenance": f"{info.threshold_provenance}, {info.threshold - told:.1e} lower, so "
                "that rounding does not turn the face that set it",
            }
        )
        self.threshold = told
        self.written: list[Path] = []
        self.made: list[Exported] = []

    def onnx(self, forms: Sequence[Form], channels: Literal["RGB", "BGR"], int8: bool) -> list[Exported]:
        self.log(f"exporting {self.info.name}: a few seconds")
        info = self.info.model_copy(update={"format": "onnx", "opset": OPSET})
        model = to_onnx(ExportForm(self.loaded.network))
        made = []
        for form in forms:
            made.append(self._kept(model, _formed(info, form, channels), self._check_fp32))
        if int8:
            self.log(f"calibrating int8 on {min(CALIBRATION_CROPS, len(self.dev))} dev crops")
            small = to_int8(model, self.dev.few(CALIBRATION_CROPS), info)
            for form in forms:
                target = _formed(info, form, channels).model_copy(update={"precision": "int8"})
                fp32 = OnnxScorer(next(one.path for one in made if one.info.form == form), threads=1)
                made.append(self._kept(small, target, partial(self._check_int8, fp32=fp32)))
        return made

    def _kept(
        self, model: Any, info: ExportInfo, check: Callable[[Path], tuple[Parity, dict[str, Any]]]
    ) -> Exported:
        """Write a file aside, check it, and only then put it in its place with its record beside it."""
        whole = with_preprocessing(model, info.modalities, info) if info.form == "crop" else model
        name = file_name(info)
        self.out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.out, prefix=".export-") as folder:
            aside = Path(folder) / name
            write_onnx(aside, whole, info)
            parity, measured = check(aside)
            size = aside.stat().st_size
            place = self.out / name
            os.replace(aside, place)
        described = {
            "file": name, "bytes": size, "sha256": file_sha256(place), "parity": parity.values(), **measured,
        }  # fmt: skip
        self.written += [place, write_beside(place, info, **described)]
        self.made.append(Exported(place, info, size, parity, measured))
        return self.made[-1]

    def _check_fp32(self, path: Path) -> tuple[Parity, dict[str, Any]]:
        parity = self._parity(OnnxScorer(path))
        require_parity(parity, path.name)
        return parity, {}

    def _check_int8(self, path: Path, fp32: OnnxScorer) -> tuple[Parity, dict[str, Any]]:
        scorer = OnnxScorer(path, threads=1)
        one = {name: crops[:1] for name, crops in self.checked.crops.items()}
        feeds = scorer.feeds(one)
        times = interleaved({"fp32": lambda: fp32.run(feeds), "int8": lambda: scorer.run(feeds)})
        found = {name: self._cost(which, times[name]) for name, which in (("fp32", fp32), ("int8", scorer))}
        return self._parity(scorer), {"measured": found}

    def _cost(self, scorer: OnnxScorer, timing: Timing) -> dict[str, Any]:
        return {
            "acer": acer_of(score_all(scorer, self.test), self.test, self.threshold),
            "latency_ms": timing.latency_ms,
            "iqr_ms": timing.iqr_ms,
            "threads": 1,
        }

    def _parity(self, scorer: Scorer) -> Parity:
        found: Scores = score_all(scorer, self.checked)
        return compare(self.reference, found, self.threshold, self.checked.paths)


def _words(one: Exported) -> str:
    """An exported file in one line of the model card."""
    return (
        f"{one.path.name}: {one.info.precision}, form {one.info.form}, {one.size / 1000:.1f} kB; {one.parity}"
    )


def file_name(info: ExportInfo) -> str:
    """model.onnx, model-crop.onnx, model-int8.onnx, model-int8-crop.onnx."""
    words = ["model"]
    words += ["int8"] if info.precision == "int8" else []
    words += ["crop"] if info.form == "crop" else []
    return "-".join(words) + ".onnx"


def _formed(info: ExportInfo, form: Form, channels: Literal["RGB", "BGR"]) -> ExportInfo:
    """The record of a file of that form."""
    if form == "tensor":
        return info.model_copy(update={"form": form})
    inputs = tuple(f"{name}: uint8 (B, H, W, 3), {channels}, a square crop" for name in info.modalities)
    return info.model_copy(update={"form": form, "channels": channels, "inputs": inputs})
