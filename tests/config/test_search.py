"""A search's configuration: the defaults of Auto-FAS, choices of each strategy, what excludes what."""

import pytest

from autofas.config.resolve import resolve, to_yaml
from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.storage.schema import parse_yaml, validated


def test_defaults_are_those_of_auto_fas():
    config = SearchConfig()
    assert (config.space, config.strategy, config.epochs, config.batch_size) == (
        "auto_fas",
        "pc-darts",
        40,
        256,
    )
    assert (config.arch.name, config.arch.lr, config.arch.betas) == ("adam", 6e-3, (0.5, 0.999))
    assert (config.arch.schedule, config.arch.weight_decay) == ("constant", 1e-3)
    assert (config.warmup_epochs, config.arch_share) == (12, 0.5)


@pytest.mark.parametrize("word", ["on", "off", "auto"])
def test_switches_are_words_although_yaml_has_truths_for_them(word):
    config = resolve(SearchConfig, "search", assignments=[f"kernels={word}"])
    assert config.kernels == word
    assert validated(SearchConfig, parse_yaml(to_yaml(config), "text"), "text").kernels == word


def test_each_strategy_has_the_choices_of_its_paper():
    # PC-DARTS mixes a quarter of the channels and weighs edges, DARTS mixes all and does not
    def choices(**values):
        config = SearchConfig(**values)
        return (
            config.resolved_partial_channels, config.resolved_edge_normalization, config.resolved_derivation
        )  # fmt: skip

    assert choices() == choices(strategy="pc-darts") == (4, True, "pc-darts")
    assert choices(strategy="darts") == (1, False, "auto-fas")
    assert choices(strategy="darts", partial_channels=2, edge_normalization=True) == (2, True, "pc-darts")
    assert choices(derivation="auto-fas") == (4, True, "auto-fas")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 12}, "warmup_epochs 12 of 12 epochs leaves none to search in"),
        ({"precision": "bfloat16", "order": "second"}, "order second needs precision float32"),
        ({"arch_share": 1}, "arch_share"),
        ({"strategy": "pcdarts"}, "strategy"),
        (
            {"eigenvalue_stop": 1.3, "epochs": 8, "warmup_epochs": 2},
            "two windows of 5 epochs, and alphas move in 6: take eigenvalue_window 3, or search for longer",
        ),
        (
            {"eigenvalue_stop": 1.3, "eigenvalue_window": 1, "epochs": 2, "warmup_epochs": 1},
            "two windows of 1 epochs, and alphas move in 1: search for longer",
        ),
        ({"derivation": "darts-pt", "max_skips": 2}, "knows no max_skips; take auto-fas or pc-darts"),
        ({"derivation": "darts-pt", "finalists": 2}, "knows no finalists"),
        ({"alpha_noise": 1.5}, "alpha_noise"),
        ({"finalist_filter": "synflow"}, "say how many with finalists"),
    ],
)
def test_what_excludes_what(values, message):
    with pytest.raises(ConfigError, match=message):
        validated(SearchConfig, values, "configuration")


def test_a_strategy_without_a_warm_up_minds_none():
    assert SearchConfig(strategy="random", epochs=1).epochs == 1
    assert SearchConfig(strategy="random", epochs=1, eigenvalue_stop=1.3).eigenvalue_stop == 1.3


def test_looking_ahead_is_for_sgd():
    with pytest.raises(ConfigError, match="order second looks one step of SGD ahead"):
        resolve(SearchConfig, "search", assignments=["order=second", "weights.name=adam"])
