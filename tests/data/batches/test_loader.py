"""The loader: normalised batches in a decided order, resumable, with errors and threads that end."""

import threading
import time

import numpy as np
import pytest
import torch

from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.loader import Batch, Loader, background, evaluation_batches, labels_of, normalise
from autofas.data.batches.sampler import EpochSampler
from autofas.errors import ConfigError, DataError, RunError


@pytest.fixture
def stored(make_manifest):
    manifest = make_manifest(subjects=5)
    return FrameStore.build(manifest, size=16), manifest.table


def loader_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "autofas-loader"]


def same(one: Batch, other: Batch) -> bool:
    return (
        torch.equal(one.index, other.index)
        and torch.equal(one.images["color"], other.images["color"])
        and torch.equal(one.targets["label"], other.targets["label"])
    )


def images_per_second(store: FrameStore, table, augment: str, prefetch: int = 2) -> float:
    """Images a second that a loader delivers over one epoch."""
    loader = Loader(store, table, batch_size=64, augment=augment, prefetch=prefetch)
    start = time.perf_counter()
    count = sum(len(batch) for batch in loader)
    return count / (time.perf_counter() - start)


def test_a_batch_by_hand(stored):
    store, table = stored
    batch = next(
        iter(Loader(store, table, batch_size=4, sampler=EpochSampler(labels_of(table), 4, shuffle=False)))
    )
    assert batch.index.tolist() == [0, 1, 2, 3]
    assert batch.targets["label"].tolist() == [1, 1, 0, 0]  # two frames bona fide, then print
    assert batch.targets["label"].dtype == batch.images["color"].dtype == torch.float32
    raw = store.crops("color", store.rows(table.iloc[:4]))
    expected = (raw.astype(np.float64) / 255 - 0.5) / 0.5
    assert np.allclose(batch.images["color"].numpy(), expected, atol=1e-6)
    assert len(batch) == 4
    assert normalise(torch.tensor([0.0, 0.5, 1.0])).tolist() == [-1, 0, 1]


def test_evaluation_is_the_table_in_order(stored):
    store, table = stored
    shuffled = table.iloc[np.random.default_rng(0).permutation(len(table))]
    batches = list(evaluation_batches(store, shuffled, 7))
    assert [len(batch) for batch in batches] == [7, 7, 7, 7, 2]
    assert torch.cat([batch.index for batch in batches]).tolist() == list(range(30))
    assert torch.cat([batch.targets["label"] for batch in batches]).tolist() == labels_of(shuffled).tolist()
    crops = store.crops("color", store.rows(shuffled)) / 127.5 - 1
    assert np.allclose(torch.cat([batch.images["color"] for batch in batches]).numpy(), crops, atol=1e-5)


def test_index_finds_the_rows_of_a_part(stored):
    store, table = stored
    part = table[table["pai"] == "replay"]
    for batch in Loader(store, part, batch_size=3):
        assert set(part.iloc[batch.index.numpy()]["pai"]) == {"replay"}
        assert batch.targets["label"].sum() == 0


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_prefetching_changes_nothing(stored, prefetch):
    store, table = stored
    plain = list(Loader(store, table, batch_size=8, augment="recapture", seed=2, prefetch=0))
    ahead = list(Loader(store, table, batch_size=8, augment="recapture", seed=2, prefetch=prefetch))
    assert len(plain) == 4
    assert all(same(one, other) for one, other in zip(plain, ahead, strict=True))


@pytest.mark.parametrize("taken", [0, 1, 3, 4, 6])
def test_resumed_equals_uninterrupted(stored, taken):
    store, table = stored

    def fresh(seed: int = 2) -> Loader:
        return Loader(store, table, batch_size=8, augment="recapture", balance=True, seed=seed)

    def stream(loader: Loader):
        while True:
            yield from loader

    batches = stream(fresh())
    expected = [next(batches) for _ in range(9)]
    batches.close()
    before = fresh()
    batches = stream(before)
    for _ in range(taken):
        next(batches)
    state = before.state_dict()  # two batches more are prepared already: they must not count
    batches.close()
    after = fresh()
    after.load_state_dict(state)
    batches = stream(after)
    rest = [next(batches) for _ in range(9 - taken)]
    batches.close()
    assert all(same(one, other) for one, other in zip(rest, expected[taken:], strict=True))
    with pytest.raises(RunError, match="seed 2 is now 3"):
        fresh(seed=3).load_state_dict(state)


def test_a_row_is_augmented_alike_in_any_batch(stored):
    store, table = stored
    loader = Loader(store, table, batch_size=8, augment="recapture", seed=2)
    whole = loader.batch(np.arange(30), epoch=5)
    part = Loader(store, table.iloc[10:20], batch_size=8, augment="recapture", seed=2).batch(
        np.arange(3, 6), epoch=5
    )
    assert torch.allclose(part.images["color"], whole.images["color"][13:16], atol=1e-5)


def test_an_exception_reaches_the_consumer(stored, monkeypatch):
    store, table = stored
    loader = Loader(store, table, batch_size=8)
    real = loader.batch
    made = []

    def failing(index, epoch):
        if len(made) == 2:
            raise DataError("a worker's fault")
        made.append(index)
        return real(index, epoch)

    monkeypatch.setattr(loader, "batch", failing)
    batches = iter(loader)
    assert [len(next(batches)) for _ in range(2)] == [8, 8]
    with pytest.raises(DataError, match="a worker's fault"):
        next(batches)
    assert loader.state_dict()["sampler"]["position"] == 2
    assert not loader_threads()


def test_leaving_early_ends_the_thread(stored):
    store, table = stored
    loader = Loader(store, table, batch_size=2, prefetch=2)
    for batch in loader:
        assert len(batch) == 2
        break
    assert loader.state_dict()["sampler"]["position"] == 1
    deadline = time.time() + 5
    while loader_threads() and time.time() < deadline:
        time.sleep(0.01)
    assert not loader_threads()
    assert sum(len(batch) for batch in loader) == 28  # the rest of the epoch
    assert loader.epoch == 1


def test_a_consumer_slower_than_the_worker_bounds_what_is_ahead():
    made = []

    def task(number):
        made.append(number)
        return number

    results = background((lambda number=number: task(number) for number in range(50)), 2)
    assert next(results) == 0
    time.sleep(0.3)
    assert len(made) <= 5
    assert list(results) == list(range(1, 50))


def test_modalities_and_what_is_refused(make_manifest, tmp_path):
    from autofas.data.manifests.manifest import Manifest

    manifest = make_manifest(subjects=2)
    table = manifest.table.assign(ir=manifest.table["path"])
    store = FrameStore.build(Manifest(table, tmp_path), modalities=("color", "ir"), size=16)
    batch = next(iter(Loader(store, table, batch_size=2)))
    assert set(batch.images) == {"color", "ir"}
    batch = next(iter(Loader(store, table, batch_size=2, modalities=("ir",))))
    assert set(batch.images) == {"ir"}
    with pytest.raises(DataError, match="the store has no depth images; it was built with color, ir"):
        Loader(store, table, modalities=("color", "depth"))
    with pytest.raises(DataError, match="the sampler is over 3 rows, the table has 12"):
        Loader(store, table, sampler=EpochSampler([1, 0, 1], 2))
    with pytest.raises(ConfigError, match="augmentation 'strong' does not exist"):
        Loader(store, table, augment="strong")


def test_speed_is_measured(stored, capsys):
    store, table = stored
    for name in ("none", "basic", "recapture"):
        speed = images_per_second(store, table, name)
        with capsys.disabled():
            print(f"\n{name}: {speed:.0f} images/s at 16 x 16, 30 images", end="")
        assert speed > 50  # a hundred times less than usual: only a hang or a gross fault falls below


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_on_a_gpu_match_the_cpu(stored):
    store, table = stored
    for one, other in zip(
        Loader(store, table, batch_size=8, augment="basic"),
        Loader(store, table, batch_size=8, augment="basic", device="cuda"),
        strict=True,
    ):
        assert other.images["color"].is_cuda
        assert other.targets["label"].is_cuda
        assert torch.allclose(one.images["color"], other.images["color"].cpu(), atol=1e-3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_is_gone_without_a_word_is_named(monkeypatch):
    def gone(self, item, timeout=None):
        raise SystemExit  # in a thread it ends the thread, silently

    monkeypatch.setattr("autofas.data.batches.loader.queue.Queue.put", gone)
    with pytest.raises(DataError, match="the loader's thread is gone; run again with --resume"):
        next(background([lambda: None], ahead=2))
