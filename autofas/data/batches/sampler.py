"""The order of training rows, epoch by epoch: seeded, balanced on request, shared by ranks, resumable at
any batch.

The order of an epoch is a function of (seed, epoch) alone, so the state of a sampler is two numbers and a
resumed run sees the batches the interrupted one would have seen.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autofas.errors import DataError, RunError


class EpochSampler:
    """Batches of row positions, from where the state stands to the end of its epoch.

    `labels` (N,) holds 1 for bona fide and 0 for attack. With `balance` an epoch has as many bona fide
    rows as attack rows in every batch of even size: the larger class is drawn without repeats, the smaller
    one is cycled. `groups` (N,) number groups of rows: each comes as often as the others, up to one an epoch
    and spread over it, among its class with `balance`, among all rows without; small ones are cycled. Ranks
    share each global batch without duplicates and always have the same number of batches. Raises `DataError`
    where no batch can be made.
    """

    def __init__(
        self,
        labels: Sequence[int] | np.ndarray,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        balance: bool = False,
        groups: np.ndarray | None = None,
        drop_last: bool = False,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.labels = np.asarray(labels).astype(np.int64)
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.balance = balance
        self.groups = None if groups is None else np.asarray(groups).astype(np.int64)
        self.drop_last = drop_last
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.position = 0
        if self.labels.ndim != 1 or not len(self.labels):
            raise DataError("there are no rows to sample from")
        if batch_size < 1:
            raise DataError(f"batch size {batch_size} is not positive")
        if not 0 <= rank < world_size:
            raise DataError(f"rank {rank} does not exist among {world_size}; choose 0 to {world_size - 1}")
        if balance and len(np.unique(self.labels)) < 2:
            raise DataError("cannot balance classes: the rows hold only one")
        if (balance or groups is not None) and not shuffle:
            raise DataError("a balanced order is drawn at random; use balance with shuffle")
        if self.groups is not None and self.groups.shape != self.labels.shape:
            raise DataError(f"{len(self.groups)} groups for {len(self.labels)} rows; give every row one")
        self._spans = self._bounds()
        if not len(self):
            raise DataError(
                f"{self._epoch_length()} rows make no batch of {batch_size} on {world_size} rank(s);"
                " use a smaller batch or drop_last=False"
            )

    def __len__(self) -> int:
        """Batches an epoch, the same on every rank."""
        return len(self._spans)

    def order(self, epoch: int) -> np.ndarray:
        """Every row position of an epoch in order, over all ranks, (M,) int64."""
        if not self.shuffle:
            return np.arange(len(self.labels))
        # Philox is counter-based: each (seed, epoch) is a key of its own, no earlier epoch is drawn through
        random = np.random.Generator(np.random.Philox(key=[self.seed % 2**64, epoch]))
        length = self._epoch_length()
        if not self.balance:
            every = np.arange(length)
            return random.permutation(length) if self.groups is None else self._spread(every, length, random)
        pairs = np.stack(
            [self._spread(np.flatnonzero(self.labels == label), length // 2, random) for label in (0, 1)],
            axis=1,
        )  # (M / 2, 2)
        return random.permuted(pairs, axis=1).reshape(-1)

    def _spread(self, rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` of `rows` in random order: evenly used, or evenly from every group with rows among them."""
        if self.groups is None:
            return _cycled(rows, count, random)
        groups = self.groups[rows]
        places = _cycled(np.unique(groups), count, random)  # a round of all groups before the next one
        drawn = np.empty(count, dtype=np.int64)
        for group in np.unique(groups):
            own = places == group
            drawn[own] = _cycled(rows[groups == group], int(own.sum()), random)
        return drawn

    def batches(self, epoch: int) -> list[np.ndarray]:
        """This rank's batches of an epoch, each an array of row positions."""
        order = self.order(epoch)
        return [np.concatenate([order[span] for span in spans]) for spans in self._spans]

    def __iter__(self) -> Iterator[np.ndarray]:
        """Batches from the state's position to the end of its epoch; handing one out moves the state."""
        for batch in self.remaining():
            self.advance()
            yield batch

    def remaining(self) -> list[np.ndarray]:
        """The batches of the current epoch not yet handed out."""
        return self.batches(self.epoch)[self.position :]

    def advance(self) -> None:
        """Count one batch as handed out; after the last one the state stands at the next epoch's start."""
        self.position += 1
        if self.position == len(self):
            self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Epoch, position and what the order depends on."""
        return {"epoch": self.epoch, "position": self.position, **self._identity()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where a saved sampler stood; raises `RunError` if it ordered other rows or batches."""
        identity = self._identity()
        changed = [
            f"{name} {state.get(name)!r} is now {value!r}"
            for name, value in identity.items()
            if state.get(name) != value
        ]
        if changed:
            raise RunError(
                f"the saved sampler does not fit: {', '.join(changed)}; resume with the same settings"
            )
        self.epoch, self.position = int(state["epoch"]), int(state["position"])

    def _identity(self) -> dict[str, Any]:
        names = ("seed", "shuffle", "balance", "drop_last")
        # full batches are the same whatever number of ranks shares them; of rows left over it decides
        ranks = {} if self.drop_last else {"world_size": self.world_size}
        batch = {"batch_size": self.batch_size * self.world_size, **ranks}
        own = {name: getattr(self, name) for name in names}
        if self.groups is not None:
            own["groups"] = hashlib.sha256(self.groups.tobytes()).hexdigest()[:16]
        return {"rows": len(self.labels), **batch, **own}

    def _epoch_length(self) -> int:
        return len(self.labels) // 2 * 2 if self.balance else len(self.labels)

    def _bounds(self) -> list[list[slice]]:
        """For each batch of this rank, the slices of the epoch's order it is made of."""
        length, world, own = self._epoch_length(), self.world_size, self.batch_size
        full = length // (own * world)
        bounds = [
            [slice((batch * world + self.rank) * own, (batch * world + self.rank + 1) * own)]
            for batch in range(full)
        ]
        start = full * own * world
        rest = length - start
        if self.drop_last or not rest:
            return bounds
        share, odd = divmod(rest, world)
        if share:
            bounds.append([slice(start + self.rank * share, start + (self.rank + 1) * share)])
        # Fewer rows than ranks are left: they join the first ranks' last batch, so no rank has a batch more
        if bounds and self.rank < odd:
            extra = length - odd + self.rank
            bounds[-1].append(slice(extra, extra + 1))
        return bounds


def _cycled(rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """`count` of `rows` in random order, each used equally often up to one."""
    rounds = [random.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(rounds)[:count]
