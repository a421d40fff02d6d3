"""`autofas verify FILE`: is an exported file what the JSON beside it says, and of the run it lies in?

With `rescore` the file is run again in its own runtime on the run's crops and held to the tolerance that it
was exported under; int8 is not held to it, as at its export.
"""

from pathlib import Path

from autofas.deploy.export import CHECKED_CROPS
from autofas.deploy.formats.table import Kind, kind_of
from autofas.deploy.info import ExportInfo, read_beside, require_described
from autofas.deploy.material import crops_of, run_data, score_all
from autofas.deploy.parity import compare, parity_fault
from autofas.deploy.runtime import OnnxScorer, TorchScorer, open_scorer
from autofas.errors import RunError
from autofas.evaluation.verification import Verification
from autofas.models.weights import WEIGHTS_FILE, load_network, read_weights


def verify_file(path: Path, *, rescore: bool = False) -> Verification:
    """Check an exported file; raises RunError if it does not exist, everything else is among the faults."""
    kind = kind_of(path)
    if kind is None or not path.exists():
        raise RunError(f"{path} is not an exported file: it does not exist")
    found = Verification(path.parent)
    read = found.attempt(path.name, read_beside, path)
    if read is None:
        return found
    info, measured = read
    found.attempt(path.name, require_described, path, measured)
    found.checked["files"] = len(measured.get("files") or ())
    if kind.name == "onnx" and found.ok:
        found.attempt(path.name, _same_record, path, info)
    run = _run_of(path)
    if run is None:
        found.notes.append(f"the run it is of was not looked at: {path.parent.parent} holds no weights")
        return found
    found.attempt(path.name, _same_weights, run, info)
    if rescore and found.ok:
        _rescore(found, kind, path, info, run)
    return found


def _run_of(path: Path) -> Path | None:
    """The run whose folder export/ holds a file."""
    run = path.resolve().parent.parent
    return run if (run / WEIGHTS_FILE).is_file() else None


def _same_record(path: Path, info: ExportInfo) -> None:
    if OnnxScorer(path, threads=1).info != info:
        raise RunError("the record inside the file is not the one in the JSON beside it")


def _same_weights(run: Path, info: ExportInfo) -> None:
    _, told = read_weights(run / WEIGHTS_FILE)
    if (info.weights_sha256, info.name) != (told.sha256 or "", told.name):
        raise RunError(f"it is not of the weights that {run} holds; export them again")


def _rescore(found: Verification, kind: Kind, path: Path, info: ExportInfo, run: Path) -> None:
    """Run the file on the crops that it was exported on and hold it to the same tolerance."""
    if not kind.runs_here:
        found.notes.append(f"not run: {kind.title} runs on Apple's devices alone")
        return
    network = load_network(run / WEIGHTS_FILE).network
    checked = crops_of(run_data(run, network), network, ("dev", "test")).few(CHECKED_CROPS)
    wanted = score_all(TorchScorer(run / WEIGHTS_FILE), checked)
    again = score_all(open_scorer(path), checked)
    parity = compare(wanted, again, info.threshold or 0.0, checked.paths)
    found.checked["scores"] = parity.crops
    if info.precision == "fp32" and (fault := parity_fault(parity, path.name)):
        found.fault(fault)
    found.notes.append(str(parity))
