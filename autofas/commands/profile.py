"""autofas profile: parameters and multiply-adds of networks, by every counter."""

import argparse
from typing import Any

HELP = "parameters and MACs of a genotype, a baseline, or all baselines"
HEADER = ("model", "input", "params", "MACs", "thop", "torch", "FeatherNets' rule", "published")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--genotype", metavar="FILE", help="genotype.json of a search")
    which.add_argument("--baseline", metavar="NAME", help="a hand-designed network (autofas baselines)")
    which.add_argument("--all", action="store_true", help="every baseline at its published condition")
    parser.add_argument("--input-size", type=int, help="side of the input in pixels")


def run(args: argparse.Namespace) -> Any:
    """Profile and print; MACs are multiply-adds of one sample."""
    from autofas.analysis.tables import count, text_table
    from autofas.baselines import BASELINES

    rows = []
    if args.all:
        for name in BASELINES:
            rows += _baseline_rows(name, None)
    elif args.baseline:
        rows += _baseline_rows(args.baseline, args.input_size)
    else:
        from autofas.models.build import build

        rows.append(_row(build(args.genotype, input_size=args.input_size)))
    shown = [
        [
            row["model"],
            row["input"],
            *(count(row[key]) for key in ("params", "macs", "macs_thop", "macs_torch", "macs_feathernets")),
            " / ".join(filter(None, (row["published_params"], row["published_macs"]))),
        ]
        for row in rows
    ]
    print(text_table(HEADER, shown, numeric=HEADER[2:7]))
    return rows[0] if len(rows) == 1 else {"models": rows}


def _baseline_rows(name: str, input_size: int | None) -> list[dict[str, Any]]:
    from autofas.baselines import BASELINES, build_baseline
    from autofas.models.build import Network, build

    default = build(name, input_size=input_size)
    published = BASELINES[name].published if input_size is None else ()
    rows = []
    for condition in published:
        body = build_baseline(name, **condition.kwargs, input_size=condition.input_size)
        network = Network(
            body,
            name=name,
            kind="hand-designed",
            supervision=default.supervision_name,
            input_size=condition.input_size,
            modalities=default.modalities,
        )
        rows.append(
            {
                **_row(network),
                "published_params": condition.params,
                "published_macs": condition.macs,
                "convention": condition.convention,
                "condition": dict(condition.kwargs),
                "source": condition.source,
                "note": condition.note,
            }
        )
    return rows or [_row(default)]


def _row(network: Any) -> dict[str, Any]:
    from autofas.analysis.profile import describe
    from autofas.analysis.records import profile_network, sample_input

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
        "published_macs": None,
        "convention": None,
    }
