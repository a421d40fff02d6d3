"""Groups of training rows, a value of a column and a class each, which sampling and objectives treat alike.

They are pairs of what may mislead (data set, session, device) and class, as in Sagawa et al.,
"Distributionally Robust Neural Networks", ICLR 2020, section 2; by `pai` an instrument is a group, and bona
fide is one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autofas.config.data import GroupKey
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.errors import DataError


@dataclass(frozen=True)
class Groups:
    """The group of every row, codes (N,) int64 from 0, and the groups' names."""

    codes: np.ndarray
    names: tuple[str, ...]


def groups_of(table: pd.DataFrame, key: GroupKey) -> Groups:
    """The groups of a table's rows by a column, in the order of their names.

    Raises DataError where the column is not there, is empty in places, or has a single value: there is
    nothing to balance then.
    """
    if key not in table:
        remedy = "name several manifests, a.csv+b.csv" if key == "dataset" else f"add a column {key}"
        raise DataError(f"balance_by {key}: the training rows do not say their {key}; {remedy}")
    values = table[key].astype(str)
    if (values == "").any():
        line = table.index[values == ""][0]
        raise DataError(f"balance_by {key}: line {line} of the manifest has no {key}; fill the column")
    kinds = values[table["pai"] != BONA_FIDE] if key == "pai" else values
    if kinds.nunique() < 2:
        what = "attacks" if key == "pai" else "training rows"
        only = f"all {what} have the {key} {kinds.iloc[0]}" if len(kinds) else f"there are no {what}"
        raise DataError(f"balance_by {key}: {only}, so there is nothing to balance; leave it out")
    if key != "pai":
        real = table["pai"] == BONA_FIDE
        values = f"{key} " + values + np.where(real, ", bona fide", ", attack")
    names, codes = np.unique(values.to_numpy(dtype=str), return_inverse=True)
    return Groups(codes.astype(np.int64), tuple(names.tolist()))
