"""Divisions of a table: disjoint, seeded, with both classes; and the leak check."""

import numpy as np
import pandas as pd
import pytest

from autofas.data.protocols.partition import (
    check_disjoint,
    draw_subjects,
    leave_group_out,
    leave_out,
    missing_instruments,
    split_halves,
    undefined_on_test,
)
from autofas.data.readers.oulu_lists import official_videos
from autofas.errors import DataError


def table(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subject", "pai", "session"])
    frame["video"] = frame["subject"] + "_" + frame["pai"] + "_" + frame["session"]
    return frame


def crossed(subjects: int = 8) -> pd.DataFrame:
    return table(
        [
            (f"{s:02d}", pai, session)
            for s in range(subjects)
            for pai in ("bona_fide", "print", "replay")
            for session in "12"
        ]
    )


def test_four_subjects_by_hand():
    rows = table([(s, pai, "1") for s in "abcd" for pai in ("bona_fide", "print")])
    weight, architecture = split_halves(rows, 0.5, seed=3)
    assert len(weight) == len(architecture) == 4
    assert not set(weight["subject"]) & set(architecture["subject"])
    assert set(weight["subject"]) | set(architecture["subject"]) == set("abcd")


def test_halves_hold_both_classes_when_subjects_do_not():
    # only two subjects have bona fide rows: they must be parted, whatever the seed
    rows = table([("a", "bona_fide", "1"), ("b", "bona_fide", "1"), *[(s, "print", "1") for s in "cdefgh"]])
    for seed in range(20):
        for part in split_halves(rows, 0.5, seed):
            assert (part["pai"] == "bona_fide").sum() == 1
            assert (part["pai"] == "print").sum() >= 1


def test_halves_hold_every_instrument_where_possible():
    rows = crossed()
    rare = table([("00", "mask", "1"), ("05", "mask", "1")])
    for seed in range(20):
        weight, architecture = split_halves(pd.concat([rows, rare]), 0.5, seed)
        assert set(weight["pai"]) == set(architecture["pai"]) == {"bona_fide", "print", "replay", "mask"}


def test_an_instrument_on_both_sides_counts_more_than_even_sides():
    pais = ("bona_fide", "print1", "print2", "replay1", "replay2")
    rows = []
    for subject, count in zip("abcd", (10, 30, 20, 20), strict=True):  # a + b against c + d would be even
        rows += [(subject, pai, "1") for pai in pais for _ in range(count)]
    rows += [("a", "mask", "1"), ("b", "mask", "1")]
    for seed in range(5):
        for part in split_halves(table(rows), 0.5, seed):
            assert "mask" in set(part["pai"])


def test_the_share_is_kept_and_seeds_differ():
    train = official_videos().query("split == 'train'")
    for share, subjects in ((0.5, 10), (0.8, 16), (0.01, 1), (0.99, 19)):
        assert split_halves(train, share)[0]["subject"].nunique() == subjects
    drawn = {tuple(sorted(split_halves(train, seed=seed)[0]["subject"].unique())) for seed in range(8)}
    assert len(drawn) > 4


def test_a_division_does_not_depend_on_the_order_of_rows():
    rows = crossed()
    shuffled = rows.iloc[np.random.default_rng(0).permutation(len(rows))]
    assert set(split_halves(rows, seed=5)[0]["subject"]) == set(split_halves(shuffled, seed=5)[0]["subject"])


def test_halving_by_video_shares_subjects_and_no_video():
    weight, architecture = split_halves(crossed(2), by="video")
    assert not set(weight["video"]) & set(architecture["video"])
    assert set(weight["subject"]) & set(architecture["subject"])


@pytest.mark.parametrize("share", [0, 1, -1, 2, float("nan")])
def test_shares_out_of_range(share):
    with pytest.raises(DataError, match="must lie between 0 and 1"):
        split_halves(crossed(), share)


def test_divisions_that_cannot_be():
    with pytest.raises(DataError, match="1 subject cannot be divided"):
        split_halves(crossed(1))
    one_bona_fide = table([("a", "bona_fide", "1"), *[(s, "print", "1") for s in "bcd"]])
    with pytest.raises(DataError, match="cannot be divided for architecture with bona fide and attack"):
        split_halves(one_bona_fide)
    with pytest.raises(DataError, match="cannot halve by 'frame'"):
        split_halves(crossed(), by="frame")


def test_leaving_a_session_out_shares_subjects_only_if_asked():
    rows = crossed()
    shared = leave_out(rows, "session", "2", seed=1)
    assert len(shared["test"]) == 24  # 8 subjects x 3
    assert len(shared["train"]) + len(shared["dev"]) == 24
    notes = check_disjoint(shared, shared_subjects=True)
    assert any("train and test share subjects" in note and "not subject-disjoint" in note for note in notes)
    with pytest.raises(DataError, match="splits leak: train and test share subjects"):
        check_disjoint(shared)

    apart = leave_out(rows, "session", "2", seed=1, subject_disjoint=True)
    assert check_disjoint(apart) == ()
    assert set(apart["test"]["session"]) == {"2"}
    assert set(apart["train"]["session"]) == {"1"}
    assert {name: part["subject"].nunique() for name, part in apart.items()} == {
        "train": 4,
        "dev": 2,
        "test": 2,
    }


def test_leaving_an_instrument_out_keeps_bona_fide_apart():
    rows = crossed()
    for disjoint in (False, True):
        parts = leave_out(rows, "pai", "replay", subject_disjoint=disjoint)
        bona_fide = [set(part.loc[part["pai"] == "bona_fide", "video"]) for part in parts.values()]
        assert not bona_fide[0] & bona_fide[2]
        assert not bona_fide[1] & bona_fide[2]
        assert set(parts["train"]["pai"]) == {"bona_fide", "print"}
        assert set(parts["test"]["pai"]) == {"bona_fide", "replay"}
        assert bool(check_disjoint(parts, shared_subjects=True)) is not disjoint


def test_groups_of_subjects_cover_everyone_once():
    rows = crossed(7)
    tests = [leave_group_out(rows, 3, fold)["test"] for fold in (1, 2, 3)]
    together = [subject for part in tests for subject in part["subject"].unique()]
    assert sorted(together) == sorted(rows["subject"].unique())
    for fold in (1, 2, 3):
        assert check_disjoint(leave_group_out(rows, 3, fold)) == ()


def test_a_shared_video_is_never_permitted():
    rows = crossed(2)
    with pytest.raises(DataError, match=r"share videos 00_bona_fide_1, .* and 7 more"):
        check_disjoint({"train": rows, "dev": rows}, shared_subjects=True)


def test_leaks_name_the_subjects():
    rows = crossed(9)
    parts = {"train": rows[rows["session"] == "1"], "test": rows[rows["session"] == "2"]}
    with pytest.raises(DataError, match="share subjects 00, 01, 02, 03, 04 and 4 more; give each"):
        check_disjoint(parts)


def test_unknown_columns_and_values():
    with pytest.raises(DataError, match="cannot leave out by column 'hat'; choose session, subject, pai"):
        leave_out(crossed(), "hat", "1")
    with pytest.raises(DataError, match="cannot leave out session nothing"):
        leave_out(crossed(), "session", [])
    lopsided = pd.concat([crossed(4), table([("00", "bona_fide", "3")])])
    with pytest.raises(DataError, match="leaving out session 3 leaves no attack rows in test"):
        leave_out(lopsided, "session", "3")


def test_draws_do_not_move_between_releases():
    """The drawn subjects are part of published results: this pins them."""
    assert draw_subjects(crossed(6), 0.5, 0, purpose="dev") == ("00", "01", "05")


def test_a_kind_of_attack_that_a_split_lacks_is_named_with_what_to_do():
    rows = table([(name, pai, "1") for name in "ab" for pai in ("bona_fide", "print1", "replay_2", "mask")])
    few = rows[rows["pai"] != "mask"]
    other = few.replace({"pai": {"print1": "print2"}})
    assert missing_instruments({"train": few, "dev": other}) == ()  # another print is a print
    (line,) = missing_instruments({"train": rows, "dev": other, "test": rows})
    assert line.startswith(
        "dev has no mask rows, but train and test have: what dev decides does not know them"
    )
    assert "--protocol" in line
    assert len(missing_instruments({"train": rows, "dev": rows[rows["pai"] == "bona_fide"]})) == 3


def test_what_a_test_split_cannot_give_is_said() -> None:
    rows = table([(name, pai, "1") for name in "ab" for pai in ("bona_fide", "print")])
    live = rows["pai"] == "bona_fide"
    assert undefined_on_test({"train": rows, "test": rows}) == ()
    assert undefined_on_test({"test": rows[~live]}) == (
        "test has no bona fide rows: of the error rates APCER alone is defined",
    )
    assert undefined_on_test({"test": rows[live]}) == (
        "test has no attack rows: of the error rates BPCER alone is defined",
    )
    (line,) = undefined_on_test({"train": rows, "dev": rows})
    assert line.startswith("there are no test rows: autofas evaluate will need --split dev")
