"""The names of protocols: each has its rule, and none means two things unless the rule tells them apart."""

from autofas.data.protocols.division import OULU_RULES
from autofas.data.protocols.named import has_name
from autofas.data.protocols.names import (
    CASIA_ATTACKS,
    CASIA_PROTOCOLS,
    OULU_FOLDS,
    REPLAY_ATTACKS,
    REPLAY_PROTOCOLS,
)


def test_every_name_has_a_rule():
    assert set(OULU_FOLDS) == set(OULU_RULES)
    for number, rule in OULU_RULES.items():
        assert OULU_FOLDS[number] == ((1, 2, 3, 4, 5, 6) if rule.by_phone else (None,))
    assert all(
        has_name(name) for name in (*REPLAY_PROTOCOLS, *CASIA_PROTOCOLS, "official", "cross-device:a:b")
    )
    assert not any(has_name(name) for name in ("1", "none", "leave-one-session-out", "cross-device:a"))


def test_replay_attacks_are_parts_of_the_grand_test():
    assert len(REPLAY_PROTOCOLS) == len(set(REPLAY_PROTOCOLS)) == 3 * 7 + 2
    whole = set(REPLAY_ATTACKS["grandtest"])
    assert all(set(attacks) <= whole for attacks in REPLAY_ATTACKS.values())
    assert set(REPLAY_ATTACKS["photo"]) | set(REPLAY_ATTACKS["video"]) == whole


def test_one_name_of_two_sets_is_told_apart_by_its_attacks():
    assert set(REPLAY_PROTOCOLS) & set(CASIA_PROTOCOLS) == {"video"}
    assert not set(CASIA_ATTACKS.values()) & set(REPLAY_ATTACKS["grandtest"])
