"""Cross-database pairs: train and dev of one data set, test of another.

The threshold comes from the source's dev set, because the target is unseen; figures at a threshold set on the
target are another convention and are labelled so where they are computed. Subjects of two data sets are
different people even where their numbers agree; only equal files tell that the sets overlap.
"""

from dataclasses import dataclass

from autofas.data.dataset import Dataset
from autofas.data.manifests.leaks import Content, compare_files, find_leaks
from autofas.data.protocols.partition import Splits
from autofas.errors import DataError


@dataclass(frozen=True)
class CrossDatabase:
    """Parts of a pair; paths carry the data set's name before them, so they are unique across both."""

    source: str
    target: str
    parts: Splits
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The pair as it is written: source to target."""
        return f"{self.source} to {self.target}"


def cross_database(source: Dataset, target: Dataset) -> CrossDatabase:
    """Train and dev of `source`, test of `target`; raises `DataError` where one of them is empty."""
    parts: Splits = {}
    for name, dataset in (("train", source), ("dev", source), ("test", target)):
        table = dataset.split(name)
        if table.empty:
            raise DataError(f"{dataset.name} has no {name} rows for the pair {source.name} to {target.name}")
        side = "source" if dataset is source else "target"
        columns = {
            column: [f"{side}/{value}" for value in table[column]] for column in ("path", "subject", "video")
        }
        parts[name] = table.assign(**columns)
    notes = tuple(f"{dataset.name}: {note}" for dataset in (source, target) for note in dataset.notes)
    return CrossDatabase(source.name, target.name, parts, notes)


def cross_leaks(source: Dataset, target: Dataset, pair: CrossDatabase) -> list[str]:
    """Files of equal content in both data sets, a line each; none is good."""
    files = {}
    for side, dataset in (("source", source), ("target", target)):
        for path in dataset.manifest.table["path"].unique():
            try:
                files[f"{side}/{path}"] = dataset.manifest.resolve(path)
            except DataError:
                continue  # decoding names it
    content: Content = compare_files(files)
    return find_leaks(pair.parts, content)
