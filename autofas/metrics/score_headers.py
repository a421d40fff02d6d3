"""What the first row of another program's score file says: the columns of scores, labels and paths.

Names that say it plainly (`score`, `label`, `path`) count first. Else the words of a name do, and they may
say a direction too: `spoof_score` and `fake_prob` rise with the attack, `liveness` with bona fide, `logit`
with neither; of a label `is_spoof` 1 is the attack. A name that goes against the usual convention is refused
until the direction is stated: scores read upside down give figures as plausible as the right ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autofas.errors import MetricError
from autofas.metrics.score_rows import Conventions
from autofas.storage.media import is_media

_PLAIN = {
    "score": ("score", "scores", "y_score", "prediction", "probability", "prob"),
    "label": ("label", "labels", "y_true", "target", "class", "pai"),
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path", "img", "name"),
    "video": ("video",),
    "subject": ("subject",),
}
_MEASURED = frozenset(
    {
        "score",
        "scores",
        "prob",
        "probs",
        "probability",
        "logit",
        "logits",
        "pred",
        "preds",
        "prediction",
        "confidence",
        "output",
        "likelihood",
    }
)
_ATTACK = frozenset({"spoof", "spoofs", "spoofing", "spoofed", "fake", "fakes", "attack", "attacks"})
_BONA_FIDE = frozenset({"live", "liveness", "alive", "real", "realness", "genuine", "bona", "bonafide"})
_LABELLED = frozenset({"label", "labels", "is", "gt", "truth", "class", "true", "target"})
_NO_NUMBER = frozenset({"path", "file", "filename", "image", "img", "name", "id", "type", "frame", "video"})


@dataclass(frozen=True)
class Header:
    """The places of the columns that a first row names, and its own names of scores and labels."""

    places: dict[str, int]
    score: str
    label: str

    @property
    def unusual_score(self) -> str:
        """The name of the scores where it is not one that says no more than that; else empty."""
        return "" if self.score.lower() in _PLAIN["score"] else self.score

    def require_stated(self, conventions: Conventions, source: str) -> None:
        """Raise MetricError where a name goes against the usual convention and the user has stated none."""
        if conventions.higher_is is None and _words(self.score) & _ATTACK:
            raise MetricError(
                f"{source}, row 1: a higher {self.score} means attack, by its name; give --higher-is attack, "
                "or --higher-is bona-fide if it does not"
            )
        if conventions.bona_fide_is is None and _words(self.label) & _ATTACK:
            raise MetricError(
                f"{source}, row 1: {self.label} 1 means attack, by its name; give --bona-fide-is 0, or "
                "--bona-fide-is 1 if it does not"
            )


def read_header(cells: Sequence[str]) -> Header | None:
    """What a first row names; None unless it is one column of scores and one of labels."""
    names = [cell.strip() for cell in cells]
    scores, labels = score_columns(names), label_columns(names)
    if len(scores) != 1 or len(labels) != 1 or scores == labels:
        return None
    places = {"score": scores[0], "label": labels[0]}
    return Header(places | _names(names), names[scores[0]], names[labels[0]])


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is one of names, known or not: no number or file in it, but one below it."""
    return not any(map(_is_value, rows[0])) and (len(rows) == 1 or any(map(_is_value, rows[1])))


def header_fault(cells: Sequence[str]) -> str:
    """Why a row of names does not tell what to judge, and what to do."""
    names = [cell.strip() for cell in cells]
    scores = score_columns(names)
    if not scores:
        return f"none of {', '.join(names)} is known to hold scores; call that column score"
    if len(scores) > 1:
        both = " and ".join(names[place] for place in scores[:2])
        return f"{both} may each be the score; call the right one score"
    return f"no column of labels beside {names[scores[0]]}; add one called label, or give --labels LIST"


def score_columns(names: Sequence[str]) -> list[int]:
    """The columns that may hold scores: one that is plainly called so, else those whose words say it."""
    plain = _plain(names, "score")
    if plain:
        return plain[:1]
    taken = {*label_columns(names), *_names(names).values()}
    said = _MEASURED | _ATTACK | _BONA_FIDE
    return [
        place
        for place, name in enumerate(names)
        if place not in taken and _words(name) & said and not _words(name) & (_LABELLED | _NO_NUMBER)
    ]


def label_columns(names: Sequence[str]) -> list[int]:
    """The columns that may hold labels, in the same way."""
    plain = _plain(names, "label")
    if plain:
        return plain[:1]
    taken = {*_plain(names, "score"), *_names(names).values()}
    return [place for place, name in enumerate(names) if place not in taken and _words(name) & _LABELLED]


def path_column(names: Sequence[str]) -> int | None:
    """The column of paths; `source` is what `autofas predict` calls it."""
    lowered = [name.strip().lower() for name in names]
    return next((lowered.index(name) for name in (*_PLAIN["path"], "source") if name in lowered), None)


def _names(names: Sequence[str]) -> dict[str, int]:
    return {ours: found[0] for ours in ("path", "video", "subject") if (found := _plain(names, ours))}


def _plain(names: Sequence[str], ours: str) -> list[int]:
    """Where a name of `_PLAIN` stands, in the order of preference that it has there."""
    lowered = [name.lower() for name in names]
    return [lowered.index(name) for name in _PLAIN[ours] if name in lowered]


def _words(name: str) -> set[str]:
    """The words of a name: spoof_score, spoof-score and spoofScore are two."""
    return set(re.findall("[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))


def _is_value(cell: str) -> bool:
    """Whether a cell is a number, a file or nothing, as no name of a column is."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return not cell.strip() or is_media(cell)
    return True
