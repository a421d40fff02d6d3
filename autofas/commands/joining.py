"""`autofas search --join`: one more worker of a study, from this machine or another."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.config.search import SearchConfig

OWN = (
    "preset",
    "config",
    "resume",
    "seeds",
    "max_params",
    "max_macs",
    "name",
    "runs_dir",
    "controls",
    "strategy",
)
"""Flags that a joining worker does not take: the study says all of that."""
ALLOWED = (
    "device", "threads", "name", "runs_dir", "checkpoint_steps", "checkpoint_minutes",
    "data.data_root", "data.cache_dir", "data.workers", "study.name",
    "study.storage", "study.workers",
)  # fmt: skip
"""Keys that may differ between the workers of a study."""


def join(args: argparse.Namespace, keys: Mapping[str, str]) -> Any:
    """Work at a study until it has its trials; values of the last line.

    Raises ConfigError for a flag that would change the study, RunError without one or where data differ.
    """
    from autofas.errors import ConfigError
    from autofas.models.space import Space
    from autofas.search.search import search
    from autofas.search.trials import storage
    from autofas.storage.schema import validated

    given = [f"--{name.replace('_', '-')}" for name in OWN if getattr(args, name, None)]
    if given:
        raise ConfigError(f"--join takes its configuration from the study; leave out {', '.join(given)}")
    place = args.join
    if not storage.is_url(place) and Path(place).is_dir():
        place = str(Path(place) / storage.JOURNAL)
    study = storage.load_study(place, args.study)
    known = storage.about(study, place)
    config = _config(args, keys, known["config"], storage.shown(place))
    space = validated(Space, known["space"], f"the space of study {study.study_name}")
    result = search(
        config,
        accept_changed=args.accept_changed,
        quiet=args.quiet,
        space=space,
        joined=(place, study.study_name),
    )
    ended = len(result.results)
    print(f"study     {study.study_name} in {storage.shown(place)}: {ended} trials have ended")
    return {"study": study.study_name, "trials": ended}


def _config(
    args: argparse.Namespace, keys: Mapping[str, str], stored: Mapping[str, Any], place: str
) -> "SearchConfig":
    """The study's configuration with what is this worker's own."""
    from autofas.config.resolve import resolve
    from autofas.config.search import SearchConfig
    from autofas.errors import ConfigError

    layers = [(place, stored)]
    study = resolve(SearchConfig, "search", layers=layers)
    config = resolve(
        SearchConfig, "search", layers=layers, flags=common.flags(args, keys), assignments=args.set
    )
    before, now = (_flat(one.model_dump(mode="json")) for one in (study, config))
    changed = [key for key in now if key not in ALLOWED and now[key] != before[key]]
    if changed:
        raise ConfigError(
            f"--join: {', '.join(changed)} would differ from the study's; only device, threads and where the "
            "data are can be this worker's own"
        )
    own = {"workers": 1}
    return config.model_copy(
        update={"runs_dir": None, "name": None, "study": config.study.model_copy(update=own)}
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
