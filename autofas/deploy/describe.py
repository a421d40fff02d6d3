"""The record of a network as it was trained: what an export of it starts from."""

from pathlib import Path

from autofas._version import __version__
from autofas.analysis.records import network_cost
from autofas.data.catalog import built_in_name, find_entry
from autofas.deploy.graph import ExportForm
from autofas.deploy.info import ExportInfo
from autofas.errors import RunError
from autofas.evaluation.calibration import read_calibration
from autofas.models.weights import LoadedNetwork, tensors_sha256
from autofas.storage.schema import validated

OWN_DATA = "a manifest of its user's own: the terms of its images bind these weights too"
GENERATED = "generated faces, no terms of a data set"
NO_PROTECTION = "trained on generated faces: no protection against real attacks"


def describe_weights(loaded: LoadedNetwork, path: Path) -> ExportInfo:
    """The record of a weights file's network in torch, with the calibration that lies beside it.

    Raises RunError where its metadata cannot be one, or the calibration is not of these weights.
    """
    network, told = loaded.network, loaded.info
    form = ExportForm(network, rewrite=False)
    cost = network_cost(network)
    threshold = told.threshold or {}
    origin = told.provenance
    dataset = str(origin.get("dataset", ""))
    size = network.view.crop_size
    digest = told.sha256 or tensors_sha256(network.body.state_dict())  # version 1 states none
    values = {
        "name": network.name,
        "kind": network.kind,
        "format": "torch",
        "form": "tensor",
        "modalities": network.modalities,
        "inputs": [f"{name}: float32 (B, 3, {size}, {size}), {told.preprocessing.channels}, normalised"
                   for name in network.modalities],
        "outputs": form.output_names,
        "threshold": threshold.get("value"),
        "threshold_rule": threshold.get("rule", ""),
        "threshold_provenance": threshold.get("provenance", ""),
        "calibration": read_calibration(path, digest),
        "crop_size": size,
        "input_size": network.input_size,
        "view": network.view.kind,
        "margin": told.preprocessing.margin,
        "supervision": network.supervision_name,
        "params": cost.params,
        "macs": cost.macs,
        "data": Path(dataset).name or "unknown",
        "protocol": str(origin.get("protocol", "")),
        "data_licence": licence_of(dataset),
        "warning": NO_PROTECTION if built_in_name(dataset) == "synthetic" else "",
        "run": str(origin.get("run", "")),
        "weights_sha256": told.sha256 or "",
        "commit": str(origin.get("commit") or ""),
        "autofas": __version__,
    }  # fmt: skip
    return validated(ExportInfo, values, f"{path}: its metadata", RunError)


def licence_of(dataset: str) -> str:
    """Whose terms bind weights trained on a data set, in one phrase."""
    name = built_in_name(dataset) or ""
    if name == "synthetic":
        return GENERATED
    entry = find_entry(name)
    if entry is None:
        return OWN_DATA
    about = entry.load().ABOUT
    return f"{about.title}, {about.access}: its terms bind these weights too"
