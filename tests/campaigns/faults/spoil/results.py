"""Hostile scores, figures, records and leaderboards."""

import json
import random
from pathlib import Path

from tests.campaigns.faults.hostile import plain
from tests.campaigns.faults.project import OTHER, RUN
from tests.campaigns.faults.spoil.common import QUIET, SMALL, spoil_json, spoil_table, texts, write

NUMBERS = (
    "1e999", "-inf", "inf", "nan", "1e308", "-1e308", "5e-324", "0x1", "1_0", "", "1", "0", "+1", "½",
)  # fmt: skip
"""What may stand where a score is expected."""
LABELS = (
    "bona_fide", "print", "print99", "0", "1", "real", "", " ", "unknown", "a" * 5000, "Print 1", "ünïcode",
)  # fmt: skip
"""What may stand where an attack's name is expected."""
SEPARATORS = " ,\t;"


def scores(root: Path, rng: random.Random) -> list[str]:
    """A score file: judged, compared, fused, verified."""
    path = root / RUN / rng.choice(["scores-test.csv", "scores-dev.csv"])
    kind = rng.randrange(5)
    if kind == 2:
        lines = [
            f"{rng.choice(NUMBERS)}{rng.choice(SEPARATORS)}{rng.choice(LABELS)}"
            for _ in range(rng.randrange(1, 40))
        ]
        write(path, "\n".join(lines).encode(), root)
    else:
        spoil_table(
            path, root, rng, kind, "data/manifest.csv", texts(root), {"score": NUMBERS, "pai": LABELS}
        )
    test, dev = f"{RUN}/scores-test.csv", f"{RUN}/scores-dev.csv"
    return rng.choice(
        [
            ["score", test, "--dev", dev, *QUIET], ["score", path.relative_to(root).as_posix(), *QUIET],
            ["score", test, "--dev", dev, "--out", "figures", *QUIET],
            ["score", test, "--threshold", "test-eer", *QUIET],
            ["compare", test, test, "--dev", dev, dev, "--replicates", "50", *QUIET], ["verify", RUN, *QUIET],
            ["compare", RUN, RUN, "--replicates", "50", *QUIET], ["fuse", RUN, RUN, "--out", "fused", *QUIET],
            ["fuse", test, test, "--dev", dev, dev, "--method", "greedy", "--steps", "3", "--out", "fused",
            *QUIET],
            ["evaluate", "--run", RUN, *SMALL],
        ]
    )  # fmt: skip


def figures_and_record(root: Path, rng: random.Random) -> list[str]:
    """metrics.json, record.json or the leaderboard, which others wrote."""
    choice = rng.randrange(3)
    if choice == 2:
        path = root / "leaderboard.csv"
        kind = rng.randrange(3)
        spoil_table(path, root, rng, kind, "data/manifest.csv", (*texts(root), "1e999", "nan"), {})
        return rng.choice(
            [
                ["pareto", "--leaderboard", "leaderboard.csv", *QUIET],
                ["pareto", RUN, "--leaderboard", "leaderboard.csv", *QUIET],
                ["evaluate", "--run", RUN, "--leaderboard", "leaderboard.csv", *SMALL],
            ]
        )
    path = root / RUN / ("metrics.json" if choice else "record.json")
    if choice and rng.random() < 0.4:
        values = json.loads(path.read_text())
        values[rng.choice(["scores_file", "dev_scores_file"])] = rng.choice(texts(root))
        write(path, plain.json_text(values, rng), root)
    else:
        spoil_json(path, root, rng)
    return rng.choice(
        [
            ["verify", RUN, "--skip-data", *QUIET], ["verify", RUN, *QUIET],
            ["evaluate", "--run", RUN, *SMALL],
            ["pareto", RUN, "--leaderboard", "leaderboard.csv", *QUIET],
            ["table", "auto-fas-1", RUN, *QUIET], ["average", RUN, OTHER, "--runs-dir", "runs", *QUIET],
        ]
    )  # fmt: skip
