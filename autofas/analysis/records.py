"""Rows of the leaderboard and of profile tables from what evaluation and the networks say."""

from typing import Any

import torch

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.profile import Cost, Profile, cost, describe, profile
from autofas.errors import DataError
from autofas.evaluation.evaluate import Evaluation
from autofas.models.network import Network
from autofas.storage.schema import validated

COUNTER = "autofas"


def sample_input(network: Network) -> Any:
    """One blank sample of what the network's body takes: (1, 3, S, S), or a dict of them by modality."""
    size = network.input_size
    if len(network.modalities) == 1:
        return torch.zeros(1, 3, size, size)
    return {name: torch.zeros(1, 3, size, size) for name in network.modalities}


def input_words(network: Network) -> str:
    """One sample's shape in words, with the modality where it is not color alone: `depth 3x224x224`."""
    shape = describe(sample_input(network))
    return shape if network.modalities == ("color",) or "+" in shape else f"{network.modalities[0]} {shape}"


def profile_network(network: Network) -> Profile:
    """What a network costs by every counter and layer, for one sample of its input size."""
    return profile(network.body, sample_input(network))


def network_cost(network: Network) -> Cost:
    """Parameters and MACs of a network for one sample of its input size, and nothing else of a profile."""
    return cost(network.body, sample_input(network))


def leaderboard_row(evaluation: Evaluation) -> LeaderboardRow:
    """The row of results/leaderboard.csv that an evaluation on a test split makes."""
    figures, network = evaluation.figures, evaluation.loaded.network
    found = network_cost(network)
    values = dict(
        model=network.name,
        kind=network.kind,
        dataset=figures.dataset,
        protocol=figures.protocol,
        fold=figures.fold,
        **{name: figures.rate(name) for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc")},
        threshold=figures.threshold,
        threshold_rule=figures.threshold_rule,
        params=found.params,
        macs=found.macs,
        counter=COUNTER,
        input=input_words(network),
        seed=figures.seed,
        commit=figures.commit,
    )
    return validated(LeaderboardRow, values, "the leaderboard's row", DataError)
