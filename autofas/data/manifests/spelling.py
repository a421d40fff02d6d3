"""Cells of a manifest as other programs spell them, where they can mean one thing only.

Splits called `val`, `Train` or `devel`; backslashes between folders; absolute paths that lie in the
manifest's folder; boxes and frames with decimal commas. What is read otherwise than it stands there is said.
"""

from pathlib import Path

import pandas as pd

from autofas.data.manifests.faults import shown
from autofas.data.manifests.rules import BOX, PATHS, SPLITS
from autofas.errors import DataError
from autofas.storage.table_text import plain_columns

SPLIT_WORDS = {
    "train": "train", "training": "train", "dev": "dev", "devel": "dev", "development": "dev", "val": "dev",
    "valid": "dev", "validation": "dev", "test": "test", "testing": "test", "eval": "test",
    "evaluation": "test",
}  # fmt: skip
"""What a split may be called."""
_EITHER = ("eval", "evaluation")  # bob's test split, the dev split of others


def plainly_spelt(table: pd.DataFrame, place: Path) -> tuple[pd.DataFrame, list[str]]:
    """A manifest's table of texts in the words its rules know, and a note for each kind of change.

    Words that mean nothing here stay for the rules to refuse. Raises DataError where a column can be read in
    two ways.
    """
    table, notes = table.copy(), []
    for column in (name for name in PATHS if name in table):
        if not any("\\" in path or path.startswith("/") for path in table[column]):
            continue
        plain = [_inside(path, place) for path in table[column]]
        changed = [(old, new) for old, new in zip(table[column], plain, strict=True) if old != new]
        if changed:
            old, new = changed[0]
            notes.append(f"{place}: {len(changed)} cells of {column} such as {shown(old)} are read as {new}")
        table[column] = plain
    numbers = [name for name in (*BOX, "frame") if name in table]
    plain_numbers = plain_columns(
        ((f"{place}: column {name}", table[name].tolist()) for name in numbers), DataError
    )
    for name, words in zip(numbers, plain_numbers, strict=True):
        if words != table[name].tolist():
            notes.append(f"{place}: {name} is read with decimal commas")
        table[name] = words
    splits = split_words(sorted(set(table["split"])), f"{place}, column split")
    table["split"] = [splits[word] for word in table["split"]]
    named = [f"{word.strip()} as {split}" for word, split in splits.items() if word.strip() != split]
    if named:
        notes.append(f"{place}: split {', '.join(named)}")
    return table, notes


def split_words(words: list[str], place: str) -> dict[str, str]:
    """The split that each of a column's words means; a word that means none is left.

    Raises DataError, begun with `place`, where two words mean one split or `eval` could mean two.
    """
    found = {word: SPLIT_WORDS.get(word.strip().lower(), word.strip()) for word in words}
    by_split: dict[str, set[str]] = {}
    for word, split in found.items():
        by_split.setdefault(split, set()).add(word.strip().lower())
    for split, called in by_split.items():
        if len(called) > 1 and split in SPLITS:
            raise DataError(
                f"{place}: {' and '.join(sorted(called))} both mean {split}; write {', '.join(SPLITS)}"
            )
    either = by_split.get("test", set()) & set(_EITHER)
    if either and "dev" not in by_split:
        raise DataError(f"{place}: {min(either)} may mean dev or test where there is no dev; write which")
    return found


def _inside(path: str, place: Path) -> str:
    """A path with / between folders, relative to the manifest where it is absolute and lies in its folder."""
    slashed = path.replace("\\", "/")
    if not slashed.startswith("/"):
        return slashed
    for folder in (place.parent.absolute(), place.parent.resolve()):
        if Path(slashed).is_relative_to(folder):
            return Path(slashed).relative_to(folder).as_posix()
    return slashed
