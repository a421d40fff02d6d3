"""Divisions of a manifest's table: by a part left out, by subjects into halves, and the check that nothing
leaks.

Subjects are drawn by a hash of (seed, draw, subject), so a division depends on the seed and the subjects'
names and on nothing else: not on the order of the rows, nor on a library's random stream. Of a few draws
the one is taken whose two sides hold both classes, then as many instruments as can be, then the asked share
of each.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autofas.data.manifests.faults import shown
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.errors import DataError
from autofas.metrics.pai_labels import group_pais

Splits = dict[str, pd.DataFrame]
_DRAWS = 32  # enough to balance the sides, few enough that seeds still differ
_LAST_DRAWS = 5000  # only where none of the first held both classes on both sides
_NAMED = 5


@dataclass(frozen=True)
class Split:
    """The parts of one protocol and fold, and what a reader of its figures must know.

    `shared_subjects` says that the protocol permits subjects in both train and test.
    """

    parts: Splits
    notes: tuple[str, ...] = ()
    shared_subjects: bool = False


def leave_out(
    table: pd.DataFrame,
    column: str,
    value: str | Collection[str],
    *,
    dev_share: float = 0.25,
    test_share: float = 0.3,
    seed: int = 0,
    subject_disjoint: bool = False,
) -> Splits:
    """Train, dev and test where test holds the rows whose `column` is `value` (a value or several).

    The other rows are divided into train and dev by subject, `dev_share` of the subjects in dev. With
    `subject_disjoint` a `test_share` of the subjects is drawn for test alone, and the rows they have
    elsewhere, like the left-out rows of the others, are in no split; without it test may share subjects
    with train. Leaving out `subject` is disjoint by itself. Leaving out `pai` takes the bona fide rows
    of test from subjects drawn for test. Raises `DataError` where a split would lack a class.
    """
    values = {value} if isinstance(value, str) else set(value)
    if column not in table or column in {"frame", "path"}:
        choices = ", ".join(name for name in ("session", "subject", "pai", "device") if name in table)
        raise DataError(f"cannot leave out by column {shown(column)}; choose {choices}")
    present = sorted(map(str, table[column].unique()))
    absent = sorted(values - set(present))
    if absent or not values:
        wanted = ", ".join(map(shown, absent)) or "nothing"
        raise DataError(f"cannot leave out {column} {wanted}; the manifest has {', '.join(present[:20])}")
    if column == "pai" and BONA_FIDE in values:
        raise DataError(f"cannot leave out pai {BONA_FIDE}; name an attack instrument")
    left = table[column].isin(values)
    if column == "subject":
        test, rest = table[left], table[~left]
    elif column == "pai":
        held = table["subject"].isin(draw_subjects(table, test_share, seed, purpose="test"))
        bona_fide = table["pai"] == BONA_FIDE
        test = (
            table[(left & held) | (bona_fide & held)]
            if subject_disjoint
            else table[left | (bona_fide & held)]
        )
        rest = table[~left & ~held]
    elif subject_disjoint:
        held = table["subject"].isin(draw_subjects(table[left], test_share, seed, purpose="test"))
        test, rest = table[left & held], table[~left & ~held]
    else:
        test, rest = table[left], table[~left]
    dev = rest["subject"].isin(draw_subjects(rest, dev_share, seed, purpose="dev"))
    splits = {"train": rest[~dev], "dev": rest[dev], "test": test}
    require_both_classes(splits, f"leaving out {column} {', '.join(sorted(values))}")
    return splits


def leave_group_out(
    table: pd.DataFrame, groups: int, fold: int, *, dev_share: float = 0.25, seed: int = 0
) -> Splits:
    """Train, dev and test where test is the `fold`-th of `groups` groups of subjects (1-based), all
    disjoint.
    """
    subjects = sorted(map(str, table["subject"].unique()), key=lambda name: _rank(seed, 0, "group", name))
    if not 2 <= groups <= len(subjects):
        raise DataError(
            f"cannot make {groups} groups of {len(subjects)} subjects; choose 2 to {len(subjects)}"
        )
    if not 1 <= fold <= groups:
        raise DataError(f"fold {fold} does not exist; choose 1 to {groups}")
    return leave_out(table, "subject", subjects[fold - 1 :: groups], dev_share=dev_share, seed=seed)


def split_halves(
    table: pd.DataFrame, share: float = 0.5, seed: int = 0, by: str = "subject"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A training table divided for a search: rows for the weights and rows for the architecture parameters.

    `share` of the subjects goes to the first part; no subject (with `by="video"`: no video) is in both,
    both hold bona fide and attack rows and, where possible, every instrument. Raises `DataError` where
    that cannot be. This divides the train split only: the dev set stays unseen by a search.
    """
    if by not in {"subject", "video"}:
        raise DataError(f"cannot halve by {shown(by)}; choose subject or video")
    second = table[by].isin(draw_subjects(table, 1 - share, seed, purpose="architecture", column=by))
    weight, architecture = table[~second], table[second]
    require_both_classes(
        {"weight": weight, "architecture": architecture}, f"halving {len(table)} rows by {by}"
    )
    return weight, architecture


def check_disjoint(splits: Mapping[str, pd.DataFrame], *, shared_subjects: bool = False) -> tuple[str, ...]:
    """Stop with `DataError` where two splits share a video or a subject, naming them.

    `shared_subjects` permits shared subjects for protocols that are defined so (a session left out, say);
    what is shared is then returned as notes, which belong beside every figure of such a split. Videos are
    never shared.
    """
    notes: list[str] = []
    faults: list[str] = []
    names = list(splits)
    for position, one in enumerate(names):
        for other in names[position + 1 :]:
            for column in ("subject", "video"):
                both = sorted(set(splits[one][column]) & set(splits[other][column]))
                if not both:
                    continue
                shared = f"{one} and {other} share {_listed(column, both)}"
                if column == "subject" and shared_subjects:
                    notes.append(f"not subject-disjoint: {shared}, which this protocol permits")
                else:
                    faults.append(shared)
    if faults:
        raise DataError(f"splits leak: {'; '.join(faults)}; give each subject and video one split")
    return tuple(notes)


def require_both_classes(splits: Mapping[str, pd.DataFrame], what: str) -> None:
    """Raise `DataError` where a split has no bona fide or no attack rows."""
    for name, part in splits.items():
        bona_fide = int((part["pai"] == BONA_FIDE).sum())
        for count, word in ((bona_fide, "bona fide"), (len(part) - bona_fide, "attack")):
            if not count:
                raise DataError(
                    f"{what} leaves no {word} rows in {name}; the table is too small or too lopsided"
                )


def missing_instruments(splits: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """A line for each kind of attack that one of the splits has and another lacks, with what to do.

    Kinds are families: dev need not hold print2 where it holds print1.
    """
    kinds = {name: set(group_pais(list(part["pai"].unique()), "family")) for name, part in splits.items()}
    lines = []
    for kind in sorted(set().union(*kinds.values()) - {BONA_FIDE}):
        names = [name for name in kinds if kind in kinds[name]]
        having = f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'}"
        for name in (name for name in kinds if kind not in kinds[name]):
            lines.append(
                f"{name} has no {kind} rows, but {having}: what {name} decides does not know them; add"
                " some, or divide the rows otherwise with --protocol"
            )
    return tuple(lines)


def undefined_on_test(splits: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """A line on what evaluating these splits cannot give: there is no test split, or it lacks a class."""
    if "test" not in splits:
        return ("there are no test rows: autofas evaluate will need --split dev, or --cross with other data",)
    bona_fide = splits["test"]["pai"] == BONA_FIDE
    lacking = [word for there, word in ((bona_fide, "bona fide"), (~bona_fide, "attack")) if not there.any()]
    rate = "APCER" if lacking == ["bona fide"] else "BPCER"
    return tuple(f"test has no {word} rows: of the error rates {rate} alone is defined" for word in lacking)


def draw_subjects(
    table: pd.DataFrame, share: float, seed: int, *, purpose: str, column: str = "subject"
) -> tuple[str, ...]:
    """Subjects that make up `share` of a table, at least one and never all, with both classes on both
    sides.
    """
    if not 0 < share < 1:
        raise DataError(f"a share of subjects must lie between 0 and 1, not {share}")
    counts = pd.crosstab(table[column], table["pai"])
    subjects = [str(name) for name in counts.index]
    if len(subjects) < 2:
        raise DataError(
            f"{len(subjects)} {column} cannot be divided in two for {purpose}; at least 2 are needed"
        )
    rows = counts.to_numpy()  # (subjects, instruments)
    is_bona_fide = np.array([name == BONA_FIDE for name in counts.columns])
    wanted = min(max(round(share * len(subjects)), 1), len(subjects) - 1)
    best: tuple[tuple[float, ...], tuple[str, ...]] | None = None
    for draw in range(_LAST_DRAWS):
        if draw >= _DRAWS and best is not None and best[0][0] == 0:
            break
        chosen = sorted(range(len(subjects)), key=lambda i: _rank(seed, draw, purpose, subjects[i]))[:wanted]
        badness = _badness(rows, chosen, is_bona_fide, share)
        if best is None or badness < best[0]:
            best = (badness, tuple(sorted(subjects[i] for i in chosen)))
    if best is None or best[0][0] > 0:
        raise DataError(
            f"{len(subjects)} {column}s cannot be divided for {purpose} with bona fide and attack rows"
            " on both sides; add subjects or change the share"
        )
    return best[1]


def _rank(seed: int, draw: int, purpose: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed}/{draw}/{purpose}/{name}".encode()).digest()


def _badness(
    rows: np.ndarray, chosen: Sequence[int], is_bona_fide: np.ndarray, share: float
) -> tuple[float, ...]:
    taken = rows[list(chosen)].sum(axis=0)
    kept = rows.sum(axis=0) - taken
    classes = sum(side[mask].sum() == 0 for side in (taken, kept) for mask in (is_bona_fide, ~is_bona_fide))
    instruments = int((taken == 0).sum() + (kept == 0).sum())
    off = float(np.abs(taken / np.maximum(taken + kept, 1) - share).sum())
    return float(classes), float(instruments), off


def _listed(column: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{column}{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"
