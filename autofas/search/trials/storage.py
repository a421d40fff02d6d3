"""Where a study is kept: a journal file on one machine or a shared disk, or a database for many machines.

Besides its trials a study holds what a worker needs that joins it: configuration, space and the data's
identity, all as plain JSON. A journal's lock is the system's own: a killed worker does not leave it behind.
"""

import fcntl
import json
import logging
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from autofas.config.search import SearchConfig
from autofas.config.study import Pruner
from autofas.errors import ConfigError, RunError
from autofas.printed import command

JOURNAL = "study.journal"
ABOUT = "autofas"
"""The study's attribute with what a joining worker needs."""
VERSION = 1


def require_optuna() -> Any:
    """Optuna, its chatter turned off; raises ConfigError where the extra is not installed."""
    try:
        import optuna
    except ImportError as exc:
        message = f"searches by trials need the extra: pip install 'autofas[trials]' ({exc})"
        raise ConfigError(message) from None
    optuna.logging.set_verbosity(logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def is_url(place: str) -> bool:
    """True for a database's URL, False for a file's path."""
    return "://" in place


def shown(place: str) -> str:
    """A place as it may be printed: a URL without its password."""
    return re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", place)


class FileLock:
    """A journal's lock: an exclusive one of the system on a file beside it, given up when a process ends."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".lock")
        self._handle: IO[str] | None = None

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._handle = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 - held until release
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Give it back."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def open_storage(place: str) -> Any:
    """Optuna's storage at a URL or in a journal file; raises RunError, one line."""
    optuna = require_optuna()
    try:
        if not is_url(place):
            journal = optuna.storages.journal
            backend = journal.JournalFileBackend(place, lock_obj=FileLock(Path(place)))
            return optuna.storages.JournalStorage(backend)
        return optuna.storages.RDBStorage(place, engine_kwargs={"pool_pre_ping": True})
    except Exception as exc:  # drivers raise errors of their own
        raise RunError(
            f"{shown(place)} cannot be opened as a study's storage: {_reason(exc, place)}"
        ) from None


def create_study(place: str, config: SearchConfig, name: str, about: Mapping[str, Any]) -> Any:
    """A new study; raises RunError where the storage has one of that name already."""
    optuna, storage = require_optuna(), open_storage(place)
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["minimize"] * len(config.objectives),
            pruner=pruner_of(config.study.pruner, config.epochs),
        )
    except optuna.exceptions.DuplicatedStudyError:
        joined = command("search", "--join", shown(place), "--study", name)
        raise RunError(
            f"{shown(place)} has a study {name} already: add a worker with {joined}, or name another with "
            "--study"
        ) from None
    describe(study, about)
    return study


def study_names(place: str) -> list[str]:
    """The names of the studies at a place, none where there is no such file."""
    if not is_url(place) and not Path(place).is_file():
        return []
    return sorted(require_optuna().get_all_study_names(open_storage(place)))


def describe(study: Any, about: Mapping[str, Any]) -> None:
    """Write down what a worker needs that joins the study."""
    study.set_user_attr(ABOUT, json.dumps({"version": VERSION, **about}))


def load_study(place: str, name: str | None, pruner: Pruner | None = None, epochs: int = 1) -> Any:
    """The study of that name, or the only one that the storage has; raises RunError, one line."""
    if not is_url(place) and not Path(place).is_file():
        raise RunError(f"{place} is not there; --join takes a run's {JOURNAL} or a database's URL")
    optuna, storage = require_optuna(), open_storage(place)
    names = sorted(optuna.get_all_study_names(storage))
    if name is None and len(names) != 1:
        known = f"has {len(names)} studies: {', '.join(names[:8])}; name one with --study" if names else ""
        raise RunError(f"{shown(place)} {known or 'has no study; start one with autofas search --storage'}")
    if name is not None and name not in names:
        raise RunError(f"{shown(place)} has no study {name}; it has {', '.join(names[:8]) or 'none'}")
    return optuna.load_study(
        study_name=name or names[0],
        storage=storage,
        pruner=pruner_of(pruner, epochs) if pruner else None,
    )


def about(study: Any, place: str) -> dict[str, Any]:
    """What the study says of itself; raises RunError for a study of someone else or of a later version."""
    try:
        values = json.loads(study.user_attrs[ABOUT])
        version = values["version"]
    except (KeyError, TypeError, ValueError):
        raise RunError(f"study {study.study_name} in {shown(place)} was not made by autofas search") from None
    if version != VERSION:
        raise RunError(
            f"study {study.study_name} in {shown(place)} is of version {version!r}; this autofas reads "
            f"{VERSION}"
        )
    return dict(values)


def pruner_of(name: Pruner, epochs: int) -> Any:
    """Optuna's pruner: successive halving keeps the better half at 1, 2, 4... epochs, Hyperband a third.

    Jamieson and Talwalkar, AISTATS 2016, as Li et al., MLSys 2020, run it without waiting; Li et al., JMLR
    2018.
    """
    pruners = require_optuna().pruners
    if name == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    if name == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return pruners.NopPruner()


def _reason(error: Exception, place: str) -> str:
    """The first line of an error, short, without the place's password."""
    text = " ".join(str(error).split()) or type(error).__name__
    found = re.search(r"://[^:@/]*:([^@/]*)@", place)
    return (text.replace(found[1], "***") if found and found[1] else text)[:300]
