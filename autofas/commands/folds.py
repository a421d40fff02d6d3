"""Protocols with folds: one run a fold unless one fold is named."""

from collections.abc import Iterator
from typing import TypeVar

from autofas.config.search import SearchConfig
from autofas.config.train import TrainConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import RunError

Config = TypeVar("Config", SearchConfig, TrainConfig)


def each_fold(config: Config, datasets: OpenedDatasets, resuming: bool = False) -> Iterator[Config]:
    """The configuration once for every fold of its protocol, the fold's number in data and name.

    Raises RunError if several folds would have to be resumed from one folder.
    """
    data = config.data
    if data.fold is not None:
        yield config
        return
    numbers = datasets.folds(data)
    if numbers == (None,):
        yield config
        return
    if resuming:
        raise RunError("--resume continues one fold; name it with --fold")
    for number in numbers:
        yield config.model_copy(
            update={
                "data": data.model_copy(update={"fold": number}),
                "name": f"{config.name or 'exp'}-fold{number}",
            }
        )
