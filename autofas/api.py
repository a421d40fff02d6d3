"""The verbs as plain functions of Python: what `import autofas` offers.

They write nothing into a folder of yours unless one is named: `runs_dir` of a configuration, or the run that
`evaluate` looks at. Images that are decoded and faces that are generated are cached in `data.cache_dir`
(default: `$AUTOFAS_CACHE`, or autofas in the user's cache folder). What the verbs need is imported when they
are called, so importing autofas does not import torch. All raise an AutofasError, one line, for whatever a
user can cause.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.installation import require_installed

if TYPE_CHECKING:
    from torch import nn

    from autofas.analysis.profile import Inputs, Profile
    from autofas.config.evaluate import EvaluateConfig
    from autofas.config.search import SearchConfig
    from autofas.config.train import TrainConfig
    from autofas.evaluation.evaluate import Evaluation
    from autofas.models.genotype import Genotype
    from autofas.models.network import Network
    from autofas.search.strategy import SearchResult
    from autofas.training.train import TrainResult


def search(
    config: "SearchConfig",
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
) -> "SearchResult":
    """Search a genotype on the train split of a data set; the dev and test splits are not looked at.

    `resume` is the folder of an interrupted run, `accept_changed` what may differ from it. Not `quiet`:
    progress goes to stderr.
    """
    require_installed()
    from autofas.search.search import search as run

    return run(config, resume=resume, accept_changed=accept_changed, quiet=quiet)


def train(
    config: "TrainConfig",
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
) -> "TrainResult":
    """Train on the train split; the dev split chooses the epoch. The network comes in eval mode."""
    require_installed()
    from autofas.training.train import train as run

    return run(config, resume=resume, accept_changed=accept_changed, quiet=quiet)


def evaluate(config: "EvaluateConfig", *, quiet: bool = True) -> "Evaluation":
    """Scores and figures of a run on a split, at a threshold from dev; they go into the run's folder too."""
    require_installed()
    from autofas.evaluation.evaluate import evaluate as run

    return run(config, quiet=quiet)


def build(source: "Genotype | str | Path", **options: Any) -> "Network":
    """The network of a genotype, of its file, or of a baseline's name.

    `options` are those of autofas.models.build.build: `input_size`, `modality`, `supervision` and others.
    """
    require_installed()
    from autofas.models.build import build as run

    return run(source, **options)


def profile(network: "Network | nn.Module", inputs: "Inputs | None" = None) -> "Profile":
    """Parameters and MACs of a network for one sample of its input size, or of any module for `inputs`.

    `inputs` are a batch as the module takes it, (B, C, H, W) or by name, or a tuple of its arguments; one
    sample of it is counted. Raises ConfigError where the module does not take it.
    """
    require_installed()
    from autofas.analysis.profile import profile as of_module
    from autofas.analysis.records import profile_network
    from autofas.errors import ConfigError
    from autofas.models.network import Network

    if inputs is not None:
        return of_module(network.body if isinstance(network, Network) else network, inputs)
    if not isinstance(network, Network):
        kind = type(network).__name__
        raise ConfigError(f"a {kind} does not say what it takes; give inputs, such as zeros(1, 3, 112, 112)")
    return profile_network(network)
