"""The sampler: each row once, balanced on request, shared without duplicates, resumable anywhere."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autofas.data.batches.sampler import EpochSampler
from autofas.errors import DataError, RunError


def labels(bona_fide: int, attacks: int) -> np.ndarray:
    return np.array([1] * bona_fide + [0] * attacks)


def test_in_order_by_hand():
    sampler = EpochSampler(labels(3, 4), 3, shuffle=False)
    assert [list(batch) for batch in sampler] == [[0, 1, 2], [3, 4, 5], [6]]
    assert (sampler.epoch, sampler.position) == (1, 0)
    assert [list(batch) for batch in EpochSampler(labels(3, 4), 3, shuffle=False, drop_last=True)] == [
        [0, 1, 2],
        [3, 4, 5],
    ]


def test_an_epoch_has_each_row_once_and_epochs_differ():
    sampler = EpochSampler(labels(40, 60), 7, seed=1)
    first, second = np.concatenate(list(sampler)), np.concatenate(list(sampler))
    assert sorted(first) == sorted(second) == list(range(100))
    assert list(first) != list(second)
    assert list(first) != list(np.concatenate(EpochSampler(labels(40, 60), 7, seed=2).batches(0)))
    assert list(first) == list(np.concatenate(EpochSampler(labels(40, 60), 7, seed=1).batches(0)))


def test_balanced_batches():
    sampler = EpochSampler(labels(10, 90), 8, seed=3, balance=True, drop_last=True)
    assert len(sampler) == 12
    drawn = list(sampler)
    for batch in drawn:
        assert sampler.labels[batch].sum() == 4
    rows = np.concatenate(drawn)
    counts = np.bincount(rows, minlength=100)
    assert counts[10:].max() == 1  # the larger class without repeats
    assert counts[:10].min() >= 4  # the smaller one evenly: 48 draws of 10 rows
    assert counts[:10].max() <= 5


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), st.booleans(), st.booleans()
)
def test_ranks_share_without_duplicates(bona_fide, attacks, batch_size, world, balance, drop_last):
    try:
        samplers = [
            EpochSampler(
                labels(bona_fide, attacks),
                batch_size,
                balance=balance,
                drop_last=drop_last,
                rank=rank,
                world_size=world,
            )
            for rank in range(world)
        ]
    except DataError:
        rows = bona_fide + attacks
        length = rows // 2 * 2 if balance else rows
        assert length < (batch_size * world if drop_last else world)
        return
    order = samplers[0].order(0)
    shares = [np.concatenate(sampler.batches(0)) for sampler in samplers]
    assert len({len(sampler) for sampler in samplers}) == 1  # a rank with a batch more would wait for ever
    together = np.concatenate(shares)
    if drop_last:
        assert len(together) == len(order) // (batch_size * world) * batch_size * world
    else:
        assert sorted(together) == sorted(order)
    if not balance:
        assert len(set(together)) == len(together)
    assert all(len(batch) <= batch_size + 1 for sampler in samplers for batch in sampler.batches(0))


@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("taken", [0, 1, 6, 7, 13])
def test_resumed_equals_uninterrupted(balance, taken):
    def fresh() -> EpochSampler:
        return EpochSampler(labels(20, 30), 8, seed=5, balance=balance)

    def stream(sampler: EpochSampler):
        while True:
            yield from sampler

    whole = fresh()
    batches = stream(whole)
    expected = [list(next(batches)) for _ in range(21)]

    before = fresh()
    batches = stream(before)
    got = [list(next(batches)) for _ in range(taken)]
    state = json.loads(json.dumps(before.state_dict()))  # as a checkpoint file would hold it
    after = fresh()
    after.load_state_dict(state)
    batches = stream(after)
    got += [list(next(batches)) for _ in range(21 - taken)]
    assert got == expected


def test_a_state_that_does_not_fit():
    state = EpochSampler(labels(20, 30), 8, seed=5).state_dict()
    for other, message in [
        (EpochSampler(labels(20, 31), 8, seed=5), "rows 50 is now 51"),
        (EpochSampler(labels(20, 30), 4, seed=6), "batch_size 8 is now 4, seed 5 is now 6"),
    ]:
        with pytest.raises(RunError, match=message):
            other.load_state_dict(state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": [], "batch_size": 2}, "no rows"),
        ({"labels": [1, 0], "batch_size": 0}, "batch size 0"),
        ({"labels": [1, 1], "batch_size": 2, "balance": True}, "hold only one"),
        ({"labels": [1, 0], "batch_size": 2, "balance": True, "shuffle": False}, "drawn at random"),
        ({"labels": [1, 0], "batch_size": 4, "drop_last": True}, "make no batch of 4"),
        ({"labels": [1, 0], "batch_size": 2, "rank": 2, "world_size": 2}, "rank 2 does not exist"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        EpochSampler(**arguments)


def test_groups_come_equally_often_within_each_class():
    # attacks: 60 of group 0, 20 of 1, 5 of 2; bona fide: 12 of group 3, 3 of 4
    groups = np.repeat([0, 1, 2, 3, 4], [60, 20, 5, 12, 3])
    truth = np.repeat([0, 0, 0, 1, 1], [60, 20, 5, 12, 3])
    sampler = EpochSampler(truth, 10, seed=1, balance=True, groups=groups, drop_last=True)
    for batch in sampler.batches(0):
        counts = np.bincount(groups[batch], minlength=5)
        assert sorted(counts[:3]) in ([1, 2, 2], [1, 1, 3])  # rounds of three groups in fives
        assert sorted(counts[3:]) == [2, 3]
    rows = np.bincount(np.concatenate(sampler.batches(0)), minlength=100)
    assert rows[:60].max() == 1  # 17 draws of 60
    assert rows[80:85].min() >= 3  # and 17 of 5, evenly
    assert rows[80:85].max() <= 4
    assert (np.concatenate(sampler.batches(0)) != np.concatenate(sampler.batches(1))).any()


def test_without_balance_groups_come_equally_often_among_all_rows():
    groups = np.repeat([0, 1], [90, 10])
    sampler = EpochSampler(labels(50, 50), 10, seed=1, groups=groups)
    order = sampler.order(0)
    assert np.bincount(groups[order]).tolist() == [50, 50]
    assert all(set(groups[order[at : at + 2]]) == {0, 1} for at in range(0, 100, 2))


def test_one_group_a_class_is_the_balanced_order():
    truth = labels(10, 90)
    plain = EpochSampler(truth, 8, seed=3, balance=True)
    grouped = EpochSampler(truth, 8, seed=3, balance=True, groups=truth)
    for order in (plain.order(0), grouped.order(0)):
        assert np.bincount(truth[order]).tolist() == [50, 50]
    assert np.bincount(grouped.order(0)).max() == 5


def test_a_state_of_other_groups_does_not_fit():
    groups = np.repeat([0, 1], [25, 25])
    state = EpochSampler(labels(20, 30), 8, groups=groups).state_dict()
    same = EpochSampler(labels(20, 30), 8, groups=groups)
    same.load_state_dict(json.loads(json.dumps(state)))
    with pytest.raises(RunError, match="groups"):
        EpochSampler(labels(20, 30), 8, groups=1 - groups).load_state_dict(state)
    with pytest.raises(DataError, match="give every row one"):
        EpochSampler(labels(20, 30), 8, groups=groups[1:])
    with pytest.raises(DataError, match="drawn at random"):
        EpochSampler(labels(20, 30), 8, groups=groups, shuffle=False)
