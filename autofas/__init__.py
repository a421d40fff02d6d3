"""autofas: neural architecture search for tiny face anti-spoofing networks.

The verbs of the command line are functions here: `search(config)`, `train(config)`, `evaluate(config)`,
`build(genotype or name)`, `profile(network)` (autofas.api). The types they take and give are imported when
first used, so that importing autofas does not import torch.
"""

from importlib import import_module
from typing import Any

from autofas._version import __version__
from autofas.installation import require_installed

# The room autofas/search/ and the function `search` have one name. Python puts a package under its name when
# it first imports it, so that is done here, before the function takes the name for good. The room is reached
# as all rooms are: `from autofas.search.engine import BilevelEngine`.
import_module("autofas.search")

from autofas.api import build, evaluate, profile, search, train  # noqa: E402

_TYPES = {
    "SearchConfig": "autofas.config.search",
    "TrainConfig": "autofas.config.train",
    "EvaluateConfig": "autofas.config.evaluate",
    "DataConfig": "autofas.config.data",
    "AutofasError": "autofas.errors",
    "Detector": "autofas.deploy.detector",
    "Genotype": "autofas.models.genotype",
    "load_genotype": "autofas.models.genotype",
    "Network": "autofas.models.network",
    "load_network": "autofas.models.weights",
}

__all__ = ["__version__", "build", "evaluate", "profile", "search", "train", *sorted(_TYPES)]


def __getattr__(name: str) -> Any:
    if name in _TYPES:
        require_installed()
        return getattr(import_module(_TYPES[name]), name)
    raise AttributeError(f"module 'autofas' has no attribute {name!r}")
