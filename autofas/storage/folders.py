"""Folders from strangers: what is read and written under one stays in it."""

import os
import stat
from pathlib import Path
from typing import Any

from autofas.errors import RunError


def closed_folder(folder: Path) -> Path:
    """`folder` if all in it are files, folders, and links to these; raises RunError that names another."""
    root = folder.resolve()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            try:
                kind = path.lstat().st_mode
            except FileNotFoundError:  # the folder's owner has just put it in place
                continue
            if stat.S_ISLNK(kind):
                if not _leads_into(path, root):
                    raise RunError(f"{path} is a link out of its run folder; put the file itself there")
            elif not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise RunError(f"{path} is a pipe, socket or device, not a file of a run; remove it")
    return folder


def _leads_into(link: Path, root: Path) -> bool:
    """True if the link's target is in `root`, or would be where there is none yet."""
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except FileNotFoundError:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links in a circle: a RuntimeError before Python 3.13
        return False


def file_in(folder: Path, name: Any) -> Path:
    """The file that a run folder's file calls `name`; raises RunError unless it lies right in the folder."""
    if not isinstance(name, str) or name in ("", "..") or Path(name).name != name or not name.isprintable():
        raise RunError(f"{folder}: {str(name)[:80]!r} is not the name of a file in this folder")
    return folder / name
