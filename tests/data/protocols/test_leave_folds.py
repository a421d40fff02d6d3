"""Protocols that leave something out have their folds on every data set, generated faces too."""

from types import SimpleNamespace

import pandas as pd

from autofas.config.data import DataConfig
from autofas.data import opening


def test_generated_faces_have_the_folds_of_what_is_left_out(monkeypatch):
    table = pd.DataFrame({"session": ["1", "2", "3"], "split": ["train", "dev", "train"], "pai": "print1"})
    manifest = SimpleNamespace(table=table)
    monkeypatch.setattr(opening, "open_manifest", lambda *_, **__: SimpleNamespace(manifest=manifest))
    assert opening.OpenedDatasets().folds(DataConfig(protocol="leave-one-session-out")) == (1, 2, 3)
    assert opening.OpenedDatasets().folds(DataConfig(protocol=3)) == (1, 2, 3, 4, 5, 6)
