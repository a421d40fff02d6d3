"""autofas: neural architecture search for tiny face anti-spoofing networks.

The verbs of the command line are functions here: `search(config)`, `train(config)`, `evaluate(config)`,
`build(genotype or name)`, `profile(network)`. They are imported when first used, so that importing autofas
does not import torch.
"""

import importlib
from typing import Any

from autofas._version import __version__
from autofas.installation import require_installed

# Where each public name lives. `autofas.search` is also a package: it is callable (see its module).
_PLACES = {
    "SearchConfig": "autofas.config.search",
    "TrainConfig": "autofas.config.train",
    "EvaluateConfig": "autofas.config.evaluate",
    "DataConfig": "autofas.config.data",
    "AutofasError": "autofas.errors",
    "Detector": "autofas.deploy.detector",
    "Genotype": "autofas.models.genotype",
    "load_genotype": "autofas.models.genotype",
    "build": "autofas.models.build",
    "Network": "autofas.models.network",
    "load_network": "autofas.models.weights",
    "train": "autofas.training.train",
    "evaluate": "autofas.evaluation.evaluate",
    "profile": "autofas.analysis.records",
}

_NAMES = {"profile": "profile_network"}

__all__ = ["__version__", "search", *sorted(_PLACES)]


def __getattr__(name: str) -> Any:
    if name == "search":
        return importlib.import_module("autofas.search")
    if name in _PLACES:
        require_installed()
        return getattr(importlib.import_module(_PLACES[name]), _NAMES.get(name, name))
    raise AttributeError(f"module 'autofas' has no attribute {name!r}")
