"""Batches of normalised images and labels from a frame store, prepared on one background thread.

A batch is decided by the sampler's state and the seed alone: which rows, in which order, augmented how. The
sampler counts a batch when the consumer takes it, not when it is prepared, so a checkpoint taken between
batches resumes with the next one.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from autofas.data.batches.augmentation import augment_batch
from autofas.data.batches.augmentation_policy import AugmentPolicy, preset
from autofas.data.batches.batch import Batch
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.sampler import EpochSampler
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.errors import AutofasError, DataError

MEAN = 0.5  # images reach a network as (x / 255 - MEAN) / STD, in [-1, 1]
STD = 0.5


class Loader:
    """Training batches of a table: `for batch in loader` gives the rest of the sampler's current epoch.

    `augment` is a policy or a preset's name. State (`state_dict`) is the sampler's; `sampler` is a
    fresh `EpochSampler` over the table's labels, and `groups` (N,), unless given. On a CUDA device copies
    are pinned and augmentation runs there. Raises `DataError` for rows or modalities the store does not hold.
    """

    def __init__(
        self,
        store: FrameStore,
        table: pd.DataFrame,
        *,
        batch_size: int = 64,
        augment: AugmentPolicy | str = "none",
        sampler: EpochSampler | None = None,
        seed: int = 0,
        balance: bool = False,
        groups: np.ndarray | None = None,
        drop_last: bool = False,
        modalities: Sequence[str] | None = None,
        device: torch.device | str = "cpu",
        prefetch: int = 2,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.store = store
        self.rows = store.rows(table)
        self.labels = labels_of(table)
        self.policy = preset(augment) if isinstance(augment, str) else augment
        self.seed = seed
        self.modalities = _modalities(store, modalities)
        self.device = torch.device(device)
        self.prefetch = prefetch
        self.sampler = sampler or EpochSampler(
            self.labels,
            batch_size,
            seed=seed,
            balance=balance,
            groups=groups,
            drop_last=drop_last,
            rank=rank,
            world_size=world_size,
        )
        if len(self.sampler.labels) != len(table):
            raise DataError(
                f"the sampler is over {len(self.sampler.labels)} rows, the table has {len(table)}"
            )

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self.sampler)

    @property
    def epoch(self) -> int:
        """The epoch the next batch belongs to; after an epoch's last batch it is already the next one."""
        return self.sampler.epoch

    def __iter__(self) -> Iterator[Batch]:
        epoch = self.sampler.epoch
        plan = self.sampler.remaining()
        prepared = background((partial(self.batch, index, epoch) for index in plan), self.prefetch)
        try:
            for batch in prepared:
                self.sampler.advance()
                yield batch
        finally:
            prepared.close()

    def batch(self, index: np.ndarray, epoch: int) -> Batch:
        """The rows at positions `index` of the table as a batch, augmented as in `epoch`."""
        images = _images(self.store, self.rows[index], self.modalities, self.device)
        images = augment_batch(
            images,
            self.policy,
            seed=self.seed,
            epoch=epoch,
            rows=self.rows[index],
            bona_fide=self.labels[index] == 1,
        )
        return _batch(images, self.labels[index], index, self.device)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on with the next batch."""
        return {"sampler": self.sampler.state_dict(), "augment_seed": self.seed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a saved loader stood; raises `RunError` if its sampler does not fit."""
        self.sampler.load_state_dict(state["sampler"])
        self.seed = int(state["augment_seed"])


def evaluation_batches(
    store: FrameStore,
    table: pd.DataFrame,
    batch_size: int = 128,
    *,
    modalities: Sequence[str] | None = None,
    device: torch.device | str = "cpu",
    prefetch: int = 2,
    rank: int = 0,
    world_size: int = 1,
) -> Generator[Batch, None, None]:
    """Every row of a table once, in its order, without augmentation; the last batch may be smaller.

    Ranks take the batches in turn: this one gets number `rank`, `rank + world_size` and so on.
    """
    rows = store.rows(table)
    labels = labels_of(table)
    names = _modalities(store, modalities)
    place = torch.device(device)

    def prepare(index: np.ndarray) -> Batch:
        return _batch(_images(store, rows[index], names, place), labels[index], index, place)

    starts = range(rank * batch_size, len(rows), world_size * batch_size)
    plan = [np.arange(start, min(start + batch_size, len(rows))) for start in starts]
    return background((partial(prepare, index) for index in plan), prefetch)


def labels_of(table: pd.DataFrame) -> np.ndarray:
    """(N,) float32, 1 for bona fide rows and 0 for attacks."""
    return (table["pai"] == BONA_FIDE).to_numpy(dtype=np.float32)


def normalise(images: Tensor) -> Tensor:
    """Images in [0, 1] as float32 in [-1, 1], the range every network takes."""
    return (images - MEAN) / STD


def background(tasks: Iterable[Callable[[], Batch]], ahead: int) -> Generator[Batch, None, None]:
    """Results of tasks in order, up to `ahead` computed in advance on one thread; 0 computes them here.

    An exception of a task is raised where its result would have come. Closing the iterator ends the thread.
    """
    if ahead < 1:
        return (task() for task in tasks)
    return _background(tasks, ahead)


def _background(tasks: Iterable[Callable[[], Batch]], ahead: int) -> Generator[Batch, None, None]:
    ready: queue.Queue[tuple[Batch | None, BaseException | None]] = queue.Queue(maxsize=ahead)
    stop = threading.Event()

    def put(item: tuple[Batch | None, BaseException | None]) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for task in tasks:
                if stop.is_set() or not put((task(), None)):
                    return
            put((None, None))
        except BaseException as error:  # handed over whatever it is: the consumer must not wait for ever
            put((None, error))

    thread = threading.Thread(target=work, name="autofas-loader", daemon=True)
    thread.start()
    try:
        while True:
            batch, error = _next_of(ready, thread)
            if error is not None:
                if isinstance(error, AutofasError | MemoryError | OSError):
                    raise error
                raise DataError(f"the loader's thread stopped: {error!r}; run again with --resume") from error
            if batch is None:
                return
            yield batch
    finally:
        stop.set()
        thread.join()


def _next_of(
    ready: queue.Queue[tuple[Batch | None, BaseException | None]], thread: threading.Thread
) -> tuple[Batch | None, BaseException | None]:
    """What the thread hands over next; DataError if it is gone without a word."""
    while True:
        alive = thread.is_alive()
        try:
            return ready.get(timeout=1.0 if alive else 0.0)
        except queue.Empty:
            if not alive:
                raise DataError("the loader's thread is gone; run again with --resume") from None


def _modalities(store: FrameStore, names: Sequence[str] | None) -> tuple[str, ...]:
    chosen = store.modalities if names is None else tuple(names)
    absent = [name for name in chosen if name not in store.modalities]
    if absent:
        raise DataError(
            f"the store has no {', '.join(absent)} images; it was built with {', '.join(store.modalities)}"
        )
    return chosen


def _images(
    store: FrameStore, rows: np.ndarray, modalities: Sequence[str], device: torch.device
) -> dict[str, Tensor]:
    images = {}
    for name in modalities:
        crops = _copied(store.crops(name, rows), device)  # (B, 3, H, W) uint8
        images[name] = crops.to(torch.float32).div_(255)
    return images


def _copied(values: np.ndarray, device: torch.device) -> Tensor:
    """On the device; to a GPU from pinned memory, so that nobody waits for what is queued there."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _batch(images: dict[str, Tensor], labels: np.ndarray, index: np.ndarray, device: torch.device) -> Batch:
    targets = {"label": _copied(labels, device)}
    normal = {name: normalise(image) for name, image in images.items()}
    return Batch(normal, targets, torch.from_numpy(np.asarray(index, dtype=np.int64)))
