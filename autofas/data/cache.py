"""The cache folder: where generated sets and crops go, and which folders autofas has filled itself."""

import os
from pathlib import Path

from autofas.data.manifests.faults import one_line
from autofas.errors import DataError
from autofas.storage.files import whole_file

CACHE_MARK, CACHE_VERSION = "autofas-cache.json", 1


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Where generated sets and crops go: the argument, `$AUTOFAS_CACHE`, or the user's cache folder.

    That is `$XDG_CACHE_HOME/autofas` where the variable holds an absolute path, as the XDG base directory
    specification has it, else `~/.cache/autofas`.
    """
    if cache_dir is not None:
        return Path(cache_dir)
    named = os.environ.get("AUTOFAS_CACHE")
    if named:
        return Path(named)
    users = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (users if users.is_absolute() else Path.home() / ".cache") / "autofas"


def mark_cache(folder: Path) -> None:
    """Leave a mark in a cache folder that autofas fills; raises `DataError` if it cannot be written."""
    mark = folder / CACHE_MARK
    if not mark.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(mark) as stream:
                stream.write(f'{{"schema_version": {CACHE_VERSION}}}\n')
        except OSError as error:
            raise DataError(
                f"{folder}: the cache could not be written ({one_line(error)}); choose another cache folder"
            ) from error


def own_cache(cache_dir: str | None) -> str | None:
    """A cache folder that a run folder names, None (the default) where autofas has never filled it here.

    A run folder may come from a stranger, who may not choose where this machine writes.
    """
    if cache_dir is None or not (Path(cache_dir) / CACHE_MARK).is_file():
        return None
    return cache_dir
