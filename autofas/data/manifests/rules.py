"""What a manifest's table must satisfy: the columns, every cell, and the rows against each other.

Kept apart from reading and writing so that readers of data sets, which build tables, are held to the same
rules.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import get_args

import pandas as pd

from autofas.config.data import Modality, SplitName
from autofas.data.manifests.faults import Faults, shown
from autofas.storage.media import VIDEO_SUFFIXES, is_video

BONA_FIDE = "bona_fide"
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
REQUIRED = ("path", "pai", "subject", "session", "video", "frame", "split")
MODALITY_COLUMNS: Mapping[str, str] = {
    modality: "path" if modality == "color" else modality for modality in get_args(Modality)
}
"""The column of a manifest that holds a modality's paths."""
BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
PATHS = tuple(MODALITY_COLUMNS.values())
OPTIONAL = ("device", *PATHS[1:], *BOX)
KNOWN = (*REQUIRED, *OPTIONAL)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SUSPECT_PATH = re.compile(r"^/|^[A-Za-z]:|\\|(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f]")
_OTHER_VIDEO = re.compile(r"\.(wmv|asf|flv|f4v|mpe?g|m2v|m?ts|m2ts|vob|ogv|rm|rmvb|divx|h26[45]|y4m)$", re.I)
_FRAME = re.compile(r"[0-9]{1,9}(?:\.0*)?")  # 12.0 is what a spreadsheet or pandas makes of 12
_PIXELS = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_PIXELS = 10**6
_NO_BOX = ["nan", "NaN", "None", "<NA>", "NA"]  # how pandas may write an empty cell
_MISNAMED_BONA_FIDE = frozenset({"bonafide", "real", "live", "genuine", "client", "living"})


def check_table(table: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """Check every cell and the rows against each other; returns the table with numbers typed and paths
    normalised.

    Faults are noted in `faults` under the table's index; the returned table is usable only if there are
    none.
    """
    table = table.copy()
    lines = {name: table.index.to_numpy() for name in table}
    for name in table:
        if name in BOX or name == "frame":
            continue
        values = table[name].astype(str)
        if name not in PATHS:
            values = values.str.strip()
        table[name] = values
        if name in REQUIRED:
            for line in lines[name][(values == "").to_numpy()]:
                faults.add(int(line), name, "is empty")
    for name in (column for column in PATHS if column in table):
        table[name] = _checked_paths(table[name], name, faults)
    _check_names(table, faults)
    for line in table.index[(table["frame"].astype(str).str.strip() == "").to_numpy()]:
        faults.add(int(line), "frame", "is empty")
    table["frame"] = _frames(table["frame"], faults)
    if any(name in table for name in BOX):
        _check_boxes(table, faults)
    _check_rows_together(table, faults)
    return table


def _checked_paths(values: pd.Series, column: str, faults: Faults) -> list[str]:
    checked = []
    for line, value in zip(values.index, values, strict=True):
        if _OTHER_VIDEO.search(value):
            read = ", ".join(VIDEO_SUFFIXES)
            faults.add(
                int(line), column, f"{shown(value)} is a video that is not read; convert it to one of {read}"
            )
        if value and _SUSPECT_PATH.search(value):
            fault, value = _path_fault(value)
            if fault:
                faults.add(int(line), column, fault)
        checked.append(value)
    return checked


def _path_fault(value: str) -> tuple[str, str]:
    if re.search(r"[\x00-\x1f]", value):
        return f"{shown(value)} holds a control character", value
    if value.startswith("/") or re.match(r"[A-Za-z]:", value):
        return f"{shown(value)} is an absolute path; write it relative to the manifest", value
    if "\\" in value:
        return f"{shown(value)} has backslashes; write / between folders", value
    normal = posixpath.normpath(value)
    if normal == ".." or normal.startswith("../"):
        return f"{shown(value)} leaves the manifest's folder; move the manifest above its images", value
    if normal == ".":
        return f"{shown(value)} names a folder, not a file", value
    return "", normal


def _check_names(table: pd.DataFrame, faults: Faults) -> None:
    for value, group in table.groupby("pai", sort=False):
        text = str(value)
        if not text or _NAME.fullmatch(text):
            if text not in _MISNAMED_BONA_FIDE:
                continue
            hint = f"{shown(text)} would count as an attack; write {BONA_FIDE}"
        elif text in {"0", "1", "-1", "+1", "-2"}:
            hint = (
                f"{shown(text)} is a bare label; write {BONA_FIDE} or the instrument's name (print, replay)"
            )
        else:
            hint = f"{shown(text)} is not a lower-case word; write {BONA_FIDE} or the instrument's name"
        for line in group.index:
            faults.add(int(line), "pai", hint)
    for line, value in table.loc[~table["split"].isin([*SPLITS, ""]), "split"].items():
        faults.add(_line(line), "split", f"{shown(value)} is not one of {', '.join(SPLITS)}")


def _frames(values: pd.Series, faults: Faults) -> pd.Series:
    """Frame numbers from words; a blank word is 0, one that is no whole number from 0 is a fault."""
    if pd.api.types.is_integer_dtype(values):
        values = values.astype("int64").astype(str)
    words = values.astype(str).str.strip()
    wrong = (words != "") & ~words.str.fullmatch(_FRAME)
    for line, word in words[wrong].items():
        faults.add(_line(line), "frame", f"{shown(word)} is not a frame number (a whole number from 0)")
    return words.mask(wrong | (words == ""), "0").astype("float64").astype("int64")


def _pixels(words: pd.Series, column: str, faults: Faults) -> pd.Series:
    """Numbers of pixels (n,) as float64 from words; a blank word is 0, one that is no number is a fault."""
    wrong = (words != "") & ~words.str.fullmatch(_PIXELS)
    numbers = words.mask(wrong | (words == ""), "0").astype("float64")
    wrong |= numbers.abs() >= _MAX_PIXELS
    for line, word in words[wrong].items():
        faults.add(_line(line), column, f"{shown(word)} is not a number of pixels below {_MAX_PIXELS}")
    return numbers.mask(wrong, 1.0)


def _check_boxes(table: pd.DataFrame, faults: Faults) -> None:
    """Type the boxes, to whole pixels as `crops.whole_pixels` does; `_NO_BOX` is an empty cell."""
    words = {name: table[name].astype(str).str.strip().replace(_NO_BOX, "") for name in BOX}
    blank = pd.DataFrame({name: words[name] == "" for name in BOX})
    if pd.api.types.is_integer_dtype(table["bbox_w"]):  # a checked table marks a row without a box by width 0
        blank |= (table["bbox_w"] == 0).to_numpy()[:, None]
    for line in table.index[blank.any(axis=1) & ~blank.all(axis=1)]:
        faults.add(int(line), "bbox_x", "the box has only some of its four numbers; give all or none")
    for name in BOX:
        numbers = _pixels(words[name], name, faults)
        if name in BOX[2:]:
            for line, word in words[name][(numbers <= 0) & ~blank.any(axis=1)].items():
                faults.add(
                    _line(line), name, f"{word} is not a size; leave the box empty where there is none"
                )
            numbers = numbers.clip(lower=1).where(numbers > 0, 0)
        table[name] = numbers.round().astype("int64")


def _check_rows_together(table: pd.DataFrame, faults: Faults) -> None:
    first_line: dict[tuple[str, int], int] = {}
    for line, path, frame in zip(table.index, table["path"], table["frame"], strict=True):
        if not path:
            continue
        key = (path, int(frame) if is_video(path) else -1)  # an image has one frame whatever its number
        earlier = first_line.setdefault(key, int(line))
        if earlier != line:
            what = f"frame {frame} of {shown(path)}" if is_video(path) else f"image {shown(path)}"
            faults.add(int(line), "path", f"{what} is listed at line {earlier} already")
    for column in ("pai", "split", "subject"):
        known = table[(table["video"] != "") & (table[column] != "")]
        first = known.groupby("video", sort=False)[column].transform("first")
        conflicts = known[known[column] != first].drop_duplicates("video")
        for line, row in conflicts.iterrows():
            own = f"{row[column]} here and {first.at[line]} earlier"
            word = {"pai": "label", "split": "split", "subject": "subject"}[column]
            hint = "; give each video a name of its own" if column == "subject" else ""
            faults.add(_line(line), column, f"video {shown(row['video'])} has two {word}s: {own}{hint}")


def _line(label: object) -> int:
    return int(str(label))
