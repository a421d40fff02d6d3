"""Rows of a leaderboard for its file and its tables."""

from autofas.analysis.leaderboard import (
    LeaderboardRow,
)


def row_of(**changes: object) -> LeaderboardRow:
    values: dict[str, object] = {
        "model": "feathernet_b", "kind": "hand-designed", "dataset": "oulu", "protocol": "3", "fold": 1,
        "apcer": 0.1, "apcer_pooled": 0.05, "bpcer": 0.2, "acer": 0.15, "hter": 0.125, "auc": 0.9,
        "threshold": 0.5, "threshold_rule": "dev-eer", "params": 351220, "macs": 80199680,
        "counter": "autofas", "input": "3x224x224", "seed": 0, "commit": "abc1234",
    }  # fmt: skip
    return LeaderboardRow.model_validate(values | changes)
