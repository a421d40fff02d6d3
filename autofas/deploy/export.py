"""The verb `export`: files for a device from a run, each checked in its own runtime before it is kept.

A file is compared with the network on real crops of the run (dev and test, evenly spread): map and score
within 1e-4, no decision changed at the threshold, or there is no file. int8 is not held to that: what it
changes is measured and told. A Core ML package cannot be run here, and its record says so.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from autofas.deploy.card import write_card
from autofas.deploy.describe import describe_weights
from autofas.deploy.formats.table import KINDS, Kind, chosen, files_of, size_of
from autofas.deploy.graph import ExportForm, PixelForm
from autofas.deploy.info import ExportInfo, Form, hashes_of, write_beside
from autofas.deploy.int8 import CALIBRATION_CROPS, to_int8
from autofas.deploy.material import acer_of, crops_of, run_data, score_all
from autofas.deploy.onnx_file import OPSET, to_onnx, with_preprocessing, write_onnx
from autofas.deploy.parity import Parity, compare, require_parity, steady
from autofas.deploy.runtime import OnnxScorer, Scorer, Scores, TorchScorer
from autofas.deploy.timing import Timing, interleaved
from autofas.errors import ConfigError, RunError
from autofas.evaluation import calibration as calibrations
from autofas.metrics import CalibrationChoice
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.printed import command
from autofas.runs.record import RECORD_FILE, record
from autofas.runs.run_folder import Run

EXPORT_FOLDER = "export"
CHECKED_CROPS = 200

Log = Callable[[str], None]
Channels = Literal["RGB", "BGR"]
Checked = tuple[Parity | None, dict[str, Any]]


@dataclass(frozen=True)
class Exported:
    """A file that is kept: where it lies, its record, bytes, parity, and what int8 costs and gains.

    `parity` is None for a format that cannot be run here.
    """

    path: Path
    info: ExportInfo
    size: int
    parity: Parity | None
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def checked(self) -> str:
        """Its parity in words, or why there is none."""
        return str(self.parity or f"not checked: {self.measured['unchecked']}")


def export(
    run: str | Path,
    *,
    formats: Sequence[str] = ("onnx",),
    forms: Sequence[Form] = ("tensor",),
    channels: Channels = "RGB",
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
    kinds = chosen(formats)
    if int8 and KINDS["onnx"] not in kinds:
        raise ConfigError(f"int8 is made of ONNX files; add onnx to --format {','.join(formats)}")
    if crops < 1:
        raise ConfigError(f"{crops} crops cannot show parity; check at least one")
    for kind in kinds:
        kind.require()
    with Run.open(run, echo=False) as folder:
        place = Path(out) if out else folder.path / EXPORT_FOLDER
        work = _Export(folder.path, place, crops, calibration, log)
        try:
            for kind in kinds:
                if kind.name == "onnx":
                    work.onnx(forms, channels, int8)
                else:
                    work.single(kind, forms, channels)
            return work.made
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
                "calibration": calibrations.chosen(calibration, info.calibration, str(run)),
                "threshold_provenance": f"{info.threshold_provenance}, {info.threshold - told:.1e} lower, so "
                "that rounding does not turn the face that set it",
            }
        )
        self.threshold = told
        self.written: list[Path] = []
        self.made: list[Exported] = []

    def onnx(self, forms: Sequence[Form], channels: Channels, int8: bool) -> None:
        """ONNX files of every form, and int8 ones."""
        self.log(f"exporting {self.info.name} to ONNX: a few seconds")
        info = self.info.model_copy(update={"format": "onnx", "opset": OPSET})
        model = to_onnx(ExportForm(self.loaded.network))
        made = {form: self._onnx(model, _formed(info, form, channels), self._check_fp32) for form in forms}
        if int8:
            self.log(f"calibrating int8 on {min(CALIBRATION_CROPS, len(self.dev))} dev crops")
            small = to_int8(model, self.dev.few(CALIBRATION_CROPS), info)
            for form in forms:
                target = _formed(info, form, channels).model_copy(update={"precision": "int8"})
                fp32 = OnnxScorer(made[form].path, threads=1)
                self._onnx(small, target, partial(self._check_int8, fp32=fp32))

    def _onnx(self, model: Any, info: ExportInfo, check: Callable[[Path, ExportInfo], Checked]) -> Exported:
        whole = with_preprocessing(model, info.modalities, info) if info.form == "crop" else model
        return self._kept(info, partial(write_onnx, model=whole, info=info), check)

    def single(self, kind: Kind, forms: Sequence[Form], channels: Channels) -> None:
        """Files of every form in a format whose runtime takes one face at a time."""
        from autofas.deploy.formats.tracing import require_one_view

        self.log(f"exporting {self.info.name} to {kind.title}: a few seconds")
        info = self.info.model_copy(update={"format": kind.name})
        graph = ExportForm(self.loaded.network)
        require_one_view(graph, kind.title)
        for form in forms:
            target = _formed(info, form, channels)
            whole = PixelForm(graph, channels) if form == "crop" else graph
            self._kept(target, partial(kind.module().write, form=whole, info=target), self._check_fp32)

    def _kept(
        self,
        info: ExportInfo,
        write: Callable[[Path], None],
        check: Callable[[Path, ExportInfo], Checked],
    ) -> Exported:
        """Write a file aside, check it, and only then put it in its place with its record beside it."""
        name = file_name(info)
        self.out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.out, prefix=".export-") as folder:
            aside = Path(folder) / name
            write(aside)
            parity, measured = check(aside, info)
            size = size_of(aside)
            for part in sorted(Path(folder).iterdir()):
                _replace(part, self.out / part.name)
        place = self.out / name
        hashes = hashes_of(place)
        described = {
            "file": name, "bytes": size, "sha256": hashes.get(name, ""), "files": hashes,
            "parity": parity and parity.values(), **measured,
        }  # fmt: skip
        self.written += [*files_of(place), write_beside(place, info, **described)]
        self.made.append(Exported(place, info, size, parity, measured))
        return self.made[-1]

    def _check_fp32(self, path: Path, info: ExportInfo) -> Checked:
        kind = KINDS[info.format]
        if not kind.runs_here:
            return None, {"unchecked": f"{kind.title} runs on Apple's devices alone; check it on one"}
        scorer = OnnxScorer(path) if kind.name == "onnx" else kind.module().open_file(path, info, None)
        parity = self._parity(scorer)
        require_parity(parity, path.name)
        return parity, {}

    def _check_int8(self, path: Path, info: ExportInfo, fp32: OnnxScorer) -> Checked:
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
    kind = KINDS[one.info.format].title
    form = f"{one.info.precision}, form {one.info.form}"
    return f"{one.path.name}: {kind}, {form}, {one.size / 1000:.1f} kB; {one.checked}"


def file_name(info: ExportInfo) -> str:
    """model.onnx, model-crop.onnx, model-int8.onnx, model-int8-crop.onnx, model.ncnn.param, ..."""
    words = ["model"]
    words += ["int8"] if info.precision == "int8" else []
    words += ["crop"] if info.form == "crop" else []
    return "-".join(words) + KINDS[info.format].suffix


def _formed(info: ExportInfo, form: Form, channels: Channels) -> ExportInfo:
    """The record of a file of that form."""
    side, onnx = info.crop_size, info.format == "onnx"
    if form == "tensor":
        if onnx:
            return info.model_copy(update={"form": form})
        shape = f"float32 (1, 3, {side}, {side}), {info.channels}, normalised"
    elif onnx:
        shape = f"uint8 (B, H, W, 3), {channels}, a square crop"
    else:
        shape = f"float32 (1, 3, {side}, {side}), {channels}, pixels from 0 to 255"
    told = {"form": form, "inputs": tuple(f"{name}: {shape}" for name in info.modalities)}
    return info.model_copy(update=told | ({"channels": channels} if form == "crop" else {}))


def _replace(part: Path, place: Path) -> None:
    """Put a file, or a folder such as a Core ML package, in the place of an older one."""
    if place.is_dir():
        shutil.rmtree(place)
    os.replace(part, place)
