"""Labels that stand apart from the scores: found by path, for the files that challenges collect.

A score file may name folders of frames where the labels name the frames: then the labels of a folder are
those of its frames, which must agree. What has a label and no score is a fault too, among the splits that a
file scores: figures over a part of a test belong to no test.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autofas.errors import MetricError
from autofas.metrics.score_rows import Unscored


class Labelled(NamedTuple):
    """What is known of one path: its PAI, and video, subject and split where they are known."""

    pai: str
    video: str = ""
    subject: str = ""
    split: str = ""


@dataclass
class PathLabels:
    """The labels of `source` by path, with / between folders; relative paths start from `root`."""

    source: str
    root: str
    rows: Mapping[str, Labelled]
    scored: dict[str, set[str]] = field(default_factory=dict)
    """The paths that each score file was asked for."""

    def label(self, scores: str, paths: Sequence[tuple[int, str]]) -> list[tuple[str, Labelled]]:
        """The key and label of each (row, path) of a score file. Raises MetricError, one line.

        A path counts from the labels' folder as they do, or from where the command runs.
        """
        if not any(self._key(path) for _, path in paths):
            self._group_by_folder(max(len(_slashed(path).split("/")) for _, path in paths))
        keys = [self._key(path) for _, path in paths]
        lost = [place for place, key in zip(paths, keys, strict=True) if key is None]
        if lost:
            number, path = lost[0]
            others = f", nor {len(lost) - 1} more of {len(paths)}" if len(lost) > 1 else ""
            raise MetricError(
                f"{scores}, row {number}: {path!r} is not in {self.source}{others}; give the list that "
                "names it"
            )
        seen: set[str] = set()
        for (number, path), key in zip(paths, keys, strict=True):
            if key in seen:
                raise MetricError(f"{scores}, row {number}: {path!r} has a score already; remove one")
            seen.add(str(key))
        self.scored[scores] = seen
        return [(str(key), self.rows[str(key)]) for key in keys]

    def without_score(self, scores: str) -> Unscored:
        """What no file scores, of the splits that a score file scores something of."""
        lost = self._lost(scores)
        return Unscored([self.rows[key].video for key in lost], [self.rows[key].pai for key in lost])

    def require_all(self, scores: str, advice: str = "") -> None:
        """Raise MetricError where a path of a split that is scored has no score; `advice` follows it."""
        lost = self._lost(scores)
        if lost:
            others = f", nor have {len(lost) - 1} more" if len(lost) > 1 else ""
            raise MetricError(
                f"{self.source}: {lost[0]!r} has no score in {scores}{others}; score the whole list{advice}"
            )

    def _lost(self, scores: str) -> list[str]:
        splits = {self.rows[key].split for key in self.scored[scores]}
        seen = set().union(*self.scored.values())
        return [key for key, row in self.rows.items() if row.split in splits and key not in seen]

    def _key(self, path: str) -> str | None:
        """The path as the labels have it; None where they do not."""
        slashed = _slashed(path)
        if slashed in self.rows:
            return slashed
        inside = _slashed(os.path.relpath(slashed, self.root or "."))
        return inside if inside in self.rows else None

    def _group_by_folder(self, depth: int) -> None:
        """Turn the labels of files into those of their folders, named by the first `depth` parts."""
        groups: dict[str, set[Labelled]] = {}
        for path, row in self.rows.items():
            groups.setdefault("/".join(path.split("/")[:depth]), set()).add(row)
        rows = {}
        for folder, found in groups.items():
            pais, splits = ({getattr(row, name) for row in found} for name in ("pai", "split"))
            if len(pais) > 1 or len(splits) > 1:
                return  # not folders of one presentation: the paths stay unknown
            videos, subjects = ({getattr(row, name) for row in found} for name in ("video", "subject"))
            video = videos.pop() if len(videos) == 1 else folder
            rows[folder] = Labelled(pais.pop(), video, subjects.pop(), splits.pop())
        self.rows = rows


def _slashed(path: str) -> str:
    return os.path.normpath(path.replace("\\", "/")).replace("\\", "/")
