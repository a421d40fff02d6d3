"""What the hand-designed networks cost, beside what their papers print: the rows of `autofas profile --all`.

A network has a row as it is built by default and one for each published condition that differs (another
size, another number of outputs). A ratio divides our count, by the convention the figure was counted with, by
the printed figure: 1.000 where the table closes. Left out: published figures of networks not built here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autofas.analysis.profile import describe
from autofas.analysis.records import profile_network, sample_input
from autofas.baselines import BASELINES, FEATHERNETS, Published, build_baseline
from autofas.config.recipes import require_baseline
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.models.network import Network
from autofas.models.own_network import is_own
from autofas.runs.provenance import commit
from autofas.storage.files import write_rows

_SUFFIXES = {"K": 1e3, "M": 1e6, "G": 1e9}


def baseline_rows(name: str, input_size: int | None = None) -> list[dict[str, Any]]:
    """The rows of one network; with `input_size` one row, without published figures. Raises ConfigError."""
    if is_own(name):
        return [network_row(build(name, input_size=input_size))]
    require_baseline(name)
    default = build(name, input_size=input_size)
    counted = network_row(default)
    if input_size is not None:
        return [counted]
    published = list(BASELINES[name].published())
    as_built = [one for one in published if not one.kwargs and one.input_size == default.input_size]
    rows = [published_row(counted, one) for one in as_built] or [counted]
    for condition in published:
        if condition not in as_built:
            body = build_baseline(name, **condition.kwargs, input_size=condition.input_size)
            network = Network(
                body,
                name=name,
                kind="hand-designed",
                supervision=default.supervision_name,
                input_size=condition.input_size,
                modalities=default.modalities,
            )
            rows.append(published_row(network_row(network), condition))
    return rows


def network_row(network: Network) -> dict[str, Any]:
    """Params and MACs of one sample by every counter, published figures None."""
    cost = profile_network(network)
    return {
        "model": network.name,
        "input": describe(sample_input(network)),
        "params": cost.params,
        "macs": cost.macs,
        "macs_layers": cost.macs_layers,
        "macs_thop": cost.macs_thop,
        "macs_torch": cost.macs_torch,
        "macs_feathernets": cost.macs_feathernets,
        "counter": cost.counter,
        "published_params": None,
        "ratio_params": None,
        "published_macs": None,
        "ratio_macs": None,
        "convention": None,
        "condition": {},
        "source": None,
        "note": None,
    }


def published_row(row: dict[str, Any], condition: Published) -> dict[str, Any]:
    """A network's row with one published figure and our count over it."""
    counted = row["macs_feathernets" if condition.convention == FEATHERNETS else "macs_layers"]
    return {
        **row,
        "published_params": condition.params,
        "ratio_params": _ratio(row["params"], condition.params),
        "published_macs": condition.macs,
        "ratio_macs": _ratio(counted, condition.macs),
        "convention": condition.convention,
        "condition": dict(condition.kwargs),
        "source": condition.source,
        "note": condition.note or None,
    }


def printed_number(text: str) -> float:
    """A count as papers print it: `0.35M` -> 350000.0; raises ConfigError for anything else."""
    number, suffix = (text[:-1], text[-1:]) if text[-1:] in _SUFFIXES else (text, "")
    try:
        return float(number) * _SUFFIXES.get(suffix, 1.0)
    except ValueError:
        raise ConfigError(f"{text} is not a count such as 0.35M or 80200000") from None


def write_costs(folder: Path, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    """Write baselines.csv and baselines.png into `folder`; returns both paths."""
    from autofas.analysis.cost_plot import cost_picture

    folder.mkdir(parents=True, exist_ok=True)
    table, picture = folder / "baselines.csv", folder / "baselines.png"
    revision = commit()
    write_rows(table, [{**row, "condition": _words(row["condition"]), "commit": revision} for row in rows])
    first = {row["model"]: row for row in reversed(rows)}  # a network's default comes first
    figure = cost_picture([row for row in rows if first[row["model"]] is row], revision).figure
    figure.savefig(picture, dpi=figure.dpi, format="png")
    return table, picture


def _ratio(count: int, printed: str | None) -> float | None:
    return None if printed is None else round(count / printed_number(printed), 5)


def _words(condition: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in condition.items())
