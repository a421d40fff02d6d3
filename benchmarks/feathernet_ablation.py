"""FeatherNets' table 4 on generated faces: streaming module, linear layer, global pooling and pooled branch.

Zhang et al., "FeatherNets", CVPRW 2019, table 4: Model1 (streaming), Model2 (streaming and the pooled branch
of FeatherNetB), Model3 (streaming and a linear layer), Model4 (global average pooling and a linear layer).
The table marks Models 3 and 4 as without the branch, and its text compares Model3 with Model1, so they are
FeatherNetA with another head; both heads are here with the branch too, so that each effect is told apart with
and without the other. Every variant is trained with the same seeds and the budget of
benchmarks.baselines_learn; the effects are differences between variants of the same seed. At 96 pixels the
last map is 3x3 and the streaming module's 2x2 (7x7 and 4x4 at the paper's 224). The paper's depth images are
read with --modality depth.

    python -m benchmarks.feathernet_ablation --seeds 0 1 2 --device cpu --threads 1 --json

writes results/feathernet_ablation.csv and .md.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autofas.analysis.text_tables import count, markdown_table, percent
from autofas.errors import AutofasError
from autofas.storage.files import write_rows, write_text
from benchmarks.baselines_learn import add_budget_arguments, learn, settings

# label: (baseline, head); A has no pooled branch, B has it
VARIANTS = {
    "model1-streaming": ("feathernet_a", "streaming"),
    "model2-branch-streaming": ("feathernet_b", "streaming"),
    "model3-streaming-fc": ("feathernet_a", "streaming_fc"),
    "model4-gap-fc": ("feathernet_a", "gap_fc"),
    "branch-streaming-fc": ("feathernet_b", "streaming_fc"),
    "branch-gap-fc": ("feathernet_b", "gap_fc"),
}
# effect: the variants whose ACER is subtracted, second from first; negative = the first is better
EFFECTS = {
    "streaming instead of GAP + FC, without the branch": ("model1-streaming", "model4-gap-fc"),
    "streaming instead of GAP + FC, with the branch": ("model2-branch-streaming", "branch-gap-fc"),
    "streaming + FC instead of GAP + FC, without the branch": ("model3-streaming-fc", "model4-gap-fc"),
    "streaming + FC instead of GAP + FC, with the branch": ("branch-streaming-fc", "branch-gap-fc"),
    "FC behind streaming, without the branch": ("model3-streaming-fc", "model1-streaming"),
    "FC behind streaming, with the branch": ("branch-streaming-fc", "model2-branch-streaming"),
    "pooled branch, with streaming": ("model2-branch-streaming", "model1-streaming"),
    "pooled branch, with streaming + FC": ("branch-streaming-fc", "model3-streaming-fc"),
    "pooled branch, with GAP + FC": ("branch-gap-fc", "model4-gap-fc"),
}


def report(
    found: Mapping[tuple[str, int], Mapping[str, Any]], args: argparse.Namespace, command: str
) -> dict[str, Any]:
    """Write feathernet_ablation.{csv,md} and return variants and effects."""
    rows = []
    for (label, seed), one in found.items():
        board = one["leaderboard"]
        figures = {name: board[name] for name in ("acer", "apcer", "bpcer", "auc", "params", "macs", "input")}
        rows.append(
            {
                "variant": label,
                "seed": seed,
                **figures,
                "cpu_seconds": one["cpu_seconds"],
                "device": one["device"],
                "machine": one["machine"],
                "commit": board["commit"],
            }
        )
    args.out.mkdir(parents=True, exist_ok=True)
    write_rows(args.out / "feathernet_ablation.csv", rows)
    variants = {}
    for label in VARIANTS:
        own = [row for row in rows if row["variant"] == label]
        acers = [row["acer"] for row in own]
        variants[label] = {
            "acer": float(np.mean(acers)),
            "std": float(np.std(acers)),
            "auc": float(np.mean([row["auc"] for row in own])),
            "params": own[0]["params"],
            "macs": own[0]["macs"],
        }
    effects = {}
    for name, (first, second) in EFFECTS.items():
        differences = [
            found[first, seed]["leaderboard"]["acer"] - found[second, seed]["leaderboard"]["acer"]
            for seed in args.seeds
        ]
        effects[name] = {"differences": differences, "mean": float(np.mean(differences))}
    write_text(args.out / "feathernet_ablation.md", _page(variants, effects, rows, args, command))
    return {"variants": variants, "effects": effects}


def _page(
    variants: Mapping[str, Any],
    effects: Mapping[str, Any],
    rows: Sequence[Any],
    args: argparse.Namespace,
    command: str,
) -> str:
    header = ("variant", "ACER %", "AUC", "params", "MACs")
    lines = [
        (
            label,
            percent(one["acer"], std=one["std"]),
            f"{one['auc']:.3f}",
            count(one["params"]),
            count(one["macs"]),
        )
        for label, one in variants.items()
    ]
    effect_header = ("effect on ACER, points", *(f"seed {seed}" for seed in args.seeds), "mean", "agree")
    effect_lines = []
    for name, one in effects.items():
        signs = {np.sign(difference) for difference in one["differences"]}
        agree = "better" if signs == {-1} else "worse" if signs == {1} else "undecided"
        shown = (f"{100 * difference:+.2f}" for difference in (*one["differences"], one["mean"]))
        effect_lines.append((name, *shown, agree))
    places = "; ".join(sorted({f"{row['device']} ({row['machine']})" for row in rows}))
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    users = "/".join(map(str, args.users))
    return (
        "# FeatherNets' table 4 on generated faces\n\n"
        f"`{command}`\n\n"
        f"Protocol 1, {rows[0]['input']}: {users} train/dev/test people, {args.frames} frame(s) a "
        f"video, {args.epochs} epochs of the quick preset in batches of {args.batch}; on {places}; "
        f"commit {commits}. Mean and standard deviation (ddof 0) over {len(args.seeds)} seeds, ACER a "
        "video at the dev set's EER threshold. Models 1 to 4 are the table's; the other two have the "
        "pooled branch besides.\n\n"
        f"{markdown_table(header, lines, numeric=header[1:])}\n\n"
        "A negative difference means that what is named helps. An effect is better or worse only if every "
        "seed says so.\n\n"
        f"{markdown_table(effect_header, effect_lines, numeric=effect_header[1:-1])}\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.feathernet_ablation", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--modality", choices=("color", "depth", "ir"), default="color")
    add_budget_arguments(parser)
    parser.set_defaults(work=Path("runs/feathernet_ablation"), input_size=96, epochs=6)
    args = parser.parse_args(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    found = {}
    for seed in args.seeds:
        args.seed = seed
        for label, (baseline, head) in VARIANTS.items():
            flags = {
                **settings(baseline, args, {"head": head}),
                "data.modalities": [args.modality],
                "epochs": args.epochs,
                "checkpoint_every": args.epochs,
            }
            try:
                found[label, seed] = learn(f"{label}-seed{seed}", flags, args.quiet)
            except AutofasError as exc:
                print(f"{label}, seed {seed}: {exc}", file=sys.stderr)
                return 2
            print(
                f"{label:<28} seed {seed}  ACER {percent(found[label, seed]['leaderboard']['acer'])} %",
                flush=True,
            )
    values = report(found, args, f"python -m benchmarks.feathernet_ablation {' '.join(words)}")
    if args.json:
        print(json.dumps(values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
