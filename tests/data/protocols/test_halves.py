"""Halves that differ in more than people."""

import pandas as pd
import pytest

from autofas.data.protocols.halves import apart, search_halves
from autofas.data.protocols.partition import split_halves
from autofas.errors import DataError


def table(subjects=8, sessions="123", pais=("bona_fide", "print", "replay"), devices="ab"):
    rows = [
        (f"{s:02d}", pai, session, device)
        for s in range(subjects)
        for pai in pais
        for session in sessions
        for device in devices
    ]
    frame = pd.DataFrame(rows, columns=["subject", "pai", "session", "device"])
    return frame.assign(video=["_".join(row) for row in rows])


def test_by_subject_they_are_the_usual_halves():
    for mine, usual in zip(search_halves(table(), 0.5, 3), split_halves(table(), 0.5, 3), strict=True):
        pd.testing.assert_frame_equal(mine, usual)


@pytest.mark.parametrize("by", ["session", "device"])
def test_no_value_and_no_subject_is_in_both(by):
    for seed in range(5):
        weights, architecture = search_halves(table(), 0.5, seed, by)
        for column in ("subject", by):
            assert not set(weights[column]) & set(architecture[column])
        for half in (weights, architecture):
            assert set(half["pai"]) == {"bona_fide", "print", "replay"}
    # 4 of 8 people each, 3 instruments; two sessions and one on 2 devices, or a device each in 3 sessions
    assert sorted(map(len, (weights, architecture))) == ([24, 48] if by == "session" else [36, 36])


def test_the_weights_have_their_share_of_people_and_of_sessions():
    rows = table(sessions="1234")
    for seed in range(4):
        weights, architecture = search_halves(rows, 0.75, seed, "session")
        for half, people, sessions in ((weights, 6, 3), (architecture, 2, 1)):
            assert (half["subject"].nunique(), half["session"].nunique()) == (people, sessions)


def test_attacks_differ_and_bona_fide_faces_are_on_both_sides():
    seen = set()
    for seed in range(6):
        weights, architecture = search_halves(table(pais=("bona_fide", "a", "b", "c")), 0.5, seed, "pai")
        assert set(weights["pai"]) & set(architecture["pai"]) == {"bona_fide"}
        assert set(weights["pai"]) | set(architecture["pai"]) == {"bona_fide", "a", "b", "c"}
        assert not set(weights["subject"]) & set(architecture["subject"])
        seen.add(tuple(sorted(architecture["pai"].unique())))
    assert len(seen) > 1


def test_they_depend_on_the_seed_and_not_on_the_order_of_rows():
    rows = table()
    one = search_halves(rows, 0.5, 1, "session")
    other = search_halves(rows.sample(frac=1, random_state=0), 0.5, 1, "session")
    assert [set(half["video"]) for half in one] == [set(half["video"]) for half in other]
    drawn = {tuple(search_halves(rows, 0.5, seed, "session")[1]["session"].unique()) for seed in range(8)}
    assert len(drawn) > 1


def test_people_of_one_session_each_are_divided_where_both_classes_remain():
    # session 1 has only attacks of subject 0: it must not stand alone
    rows = table(sessions="234")
    rows = pd.concat([rows, rows[(rows["subject"] == "00") & (rows["pai"] == "print")].assign(session="1")])
    for seed in range(6):
        for half in search_halves(rows, 0.5, seed, "session"):
            assert (half["pai"] == "bona_fide").any()
            assert (half["pai"] != "bona_fide").any()


@pytest.mark.parametrize(
    ("rows", "by", "said"),
    [
        (table(sessions="1"), "session", "has only session '1'"),
        (table().drop(columns="device"), "device", "has no device named"),
        (table().assign(device=""), "device", "has no device named"),
        (table(pais=("bona_fide", "print")), "pai", "has only pai 'print'"),
    ],
)
def test_what_cannot_be_divided_is_one_line(rows, by, said):
    with pytest.raises(DataError, match=f"arch_split {by}: the training split {said}"):
        search_halves(rows, 0.5, 0, by)


def test_halves_that_would_lack_a_class_are_refused():
    # bona fide in session 1 alone
    rows = table(sessions="12")
    rows = rows[(rows["pai"] == "print") | (rows["session"] == "1")]
    with pytest.raises(DataError, match="no two halves of the training split differ in subject and session"):
        search_halves(rows, 0.5, 0, "session")


def test_the_line_of_the_log():
    halves = search_halves(table(sessions="12"), 0.5, 0, "session")
    first, second = (half["session"].iloc[0] for half in halves)
    assert apart(halves, "session", 96) == (
        f"session {first!r} for the weights, {second!r} for the architecture; 48 frames in neither"
    )
