"""A searched supernet as the judge of trials: all share its weights, and nothing is trained.

A point is its operations alone within the supernet (autofas.search.discrete), judged on the architecture
half, batch norms by the statistics of the batch as in the architecture's own steps. One-shot methods rank
cells like this (SPOS, Guo et al., ECCV 2020, who take statistics of training data). Whether networks trained
alone rank alike is another question: for the supernet of a search by alphas it has to be asked anew.

The supernet's weights have learnt from one half of the people, to whom the other half must be strange: data,
seed and division have to be the supernet's own.
"""

from pathlib import Path
from typing import Any

from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.genotype import Cell
from autofas.models.space import load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import build_supervision
from autofas.runs.resume import check_tensors
from autofas.runs.run_folder import Run, stored_config
from autofas.search.brief_training import Judgement
from autofas.search.discrete import discrete, judge_supernet, require_edges_left_out
from autofas.search.finished import finished_state
from autofas.search.halved import HalvedWork
from autofas.storage.schema import validated

ALIKE = ("seed", "arch_share", "arch_split", "supervision")
"""Keys of a search that say who is in which half, and what is learnt."""
PLACES = {"dataset", "data_root", "cache_dir", "workers"}
"""Keys of the data that say where they are and how they are read; whether they are the same is compared."""


class SharedWeights:
    """The supernet of a finished search; `work` is an opened search or trial, on whose halves it judges."""

    def __init__(self, work: HalvedWork[Any], folder: Path) -> None:
        self.work = work
        config = _searched(folder)
        _require_alike(folder, config, work)
        state = finished_state(folder, config, work, f"--supernet {folder}")
        self.modality = config.data.modalities[0]
        self.supervision = build_supervision(config.supervision)
        self.supernet = _supernet(folder, config, work, state).to(work.device)
        seconds = sum(float(row["seconds"]) for row in state["results"])
        work.run.log(
            f"the supernet of {folder} judges: {config.epochs} epochs, {seconds:.0f} s of its search, "
            f"K = {config.resolved_partial_channels}"
        )

    def judge(self, cells: tuple[Cell, Cell]) -> Judgement:
        """Loss and AUC of two cells with the supernet's weights; the supernet is left as it was."""
        with discrete(self.supernet, cells):
            found = judge_supernet(
                self.supernet,
                self.supervision,
                lambda batch: self.supernet(batch.images[self.modality]),
                self.work.plain_loader(),
            )
        return Judgement(*found)


def shared_weights(work: HalvedWork[Any]) -> SharedWeights | None:
    """The supernet that the study of an opened search or trial names; None where it names none.

    Raises ConfigError where the run is not a finished search by alphas of the same space, halves and data.
    """
    named = work.config.study.supernet
    return None if named is None else SharedWeights(work, Path(named))


def _searched(folder: Path) -> SearchConfig:
    """The configuration of a search by alphas that has a folder."""
    values = stored_config(Run.open(folder, echo=False).path)
    if values.get("strategy") not in ("darts", "pc-darts"):
        raise ConfigError(f"--supernet {folder} is not a search by darts or pc-darts, so it has no supernet")
    return validated(SearchConfig, values, f"{folder}/config.yaml")


def _require_alike(folder: Path, config: SearchConfig, work: HalvedWork[Any]) -> None:
    """Raise ConfigError unless the supernet has the space and the halves of this search."""
    space, own = load_space(config.space), work.config
    if work.space.variants.open:
        raise ConfigError(
            f"--supernet {folder} has one layout, space {work.space.name} several "
            f"({', '.join(work.space.variants.open)}); take a space without variants"
        )
    if space.hash != work.space.hash:
        raise ConfigError(
            f"--supernet {folder} is of space {space.name}; this search is of {work.space.name}"
        )
    try:
        require_edges_left_out(space, config.resolved_edge_normalization)
    except ValueError as exc:
        raise ConfigError(f"--supernet {folder}: {exc}; search with pc-darts") from None
    for key in ALIKE:
        theirs, ours = getattr(config, key), getattr(own, key)
        if theirs != ours:
            raise ConfigError(
                f"--supernet {folder} was searched with {key} {theirs}, this search has {ours}: its weights "
                f"would have seen other people or learnt something else; set {key}={theirs}"
            )
    theirs, ours = (one.data.model_dump(exclude=PLACES) for one in (config, own))
    changed = [f"data.{key}" for key in theirs if theirs[key] != ours[key]]
    if changed:
        raise ConfigError(f"--supernet {folder} was searched on other data ({', '.join(changed)} differ)")


def _supernet(folder: Path, config: SearchConfig, work: HalvedWork[Any], state: dict[str, Any]) -> Supernet:
    """The supernet as its search left it."""
    supernet = Supernet(work.space, config.resolved_partial_channels, config.resolved_edge_normalization)
    if config.auxiliary_skip:
        supernet.add_auxiliary_skip()
    tensors = state["engine"]["supernet"]
    try:
        check_tensors(tensors, supernet.state_dict(), "the supernet")
    except ValueError as exc:
        raise ConfigError(f"--supernet {folder}: its checkpoint does not fit ({exc})") from None
    supernet.load_state_dict(tensors)
    if config.auxiliary_skip:
        supernet.set_auxiliary_skip(0.0)
    return supernet
