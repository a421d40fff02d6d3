"""One run a fold: every fold of a protocol unless one is named, and one folder is resumed alone."""

import pytest

from autofas.commands.folds import each_fold
from autofas.config.train import TrainConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import RunError


def config(**data):
    return TrainConfig(baseline="cdcn", name="x", data={"dataset": "oulu", **data})


def test_a_protocol_without_folds_is_one_run():
    one = config(protocol=1)
    assert list(each_fold(one, OpenedDatasets())) == [one]


def test_every_fold_has_its_number_in_data_and_name():
    made = list(each_fold(config(protocol=4), OpenedDatasets()))
    assert [one.data.fold for one in made] == [1, 2, 3, 4, 5, 6]
    assert [one.name for one in made] == [f"x-fold{fold}" for fold in range(1, 7)]
    unnamed = config(protocol=3).model_copy(update={"name": None})
    assert next(each_fold(unnamed, OpenedDatasets())).name == "exp-fold1"


def test_a_fold_that_is_named_is_alone():
    one = config(protocol=4, fold=3)
    assert list(each_fold(one, OpenedDatasets())) == [one]


def test_one_folder_holds_one_fold():
    with pytest.raises(RunError, match="--resume continues one fold; name it with --fold"):
        list(each_fold(config(protocol=3), OpenedDatasets(), resuming=True))
    assert len(list(each_fold(config(protocol=3, fold=1), OpenedDatasets(), resuming=True))) == 1
