"""Rows of a leaderboard to draw."""

from autofas.analysis.leaderboard import LeaderboardRow


def row_of(model: str, params: int, acer: float, **changes: object) -> LeaderboardRow:
    values: dict[str, object] = {
        "model": model, "kind": "hand-designed", "dataset": "synthetic", "protocol": "1", "apcer": acer,
        "bpcer": acer, "acer": acer, "threshold_rule": "dev-eer", "params": params, "macs": 100 * params,
        "counter": "autofas", "input": "3x64x64", "seed": 0, "commit": "0123456789abcdef",
    }  # fmt: skip
    return LeaderboardRow.model_validate(values | changes)
