"""Several processes, the ranks, on one search, training or evaluation: what they agree upon and how.

Every rank holds the whole network and an equal share of each batch. What one process computes from a batch is
the mean of what the ranks compute from their shares, since losses are means over rows: `average` makes that
mean, of a whole set of gradients in one reduction, so all ranks take the same step and stay alike bit for
bit. A NaN on one rank is then a NaN on all, which stop together.

Batch norms in training see the rows of their own rank, as in the published code (DARTS and PC-DARTS under
DataParallel; Auto-FAS's batch of 256 was 32 on each of 8 GPUs): synchronised statistics would cost two
reductions a norm and step, hundreds in a supernet. Their running statistics are averaged with the gradients.

Random generators are alike too, so that rank 0's checkpoint is everyone's: drop-path draws for the rows of
all ranks, as one process would; dropout draws the same numbers on every rank.

Rank 0 alone writes and prints. With one process every function here returns at once.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from autofas.errors import ConfigError, RankLost, RunError
from autofas.runtime import interruption
from autofas.runtime.launch import launched

T = TypeVar("T")

PATIENCE = timedelta(hours=12)
"""How long a rank waits for the others: rank 0 may have a whole data set to decode first. A rank that dies
closes its connections and is noticed at once."""

GRACE_S = 1.0
"""How long the other ranks leave it to rank 0 to tell an error that it has met too."""


class _Store:
    """The launch's key-value store, kept apart for each of its restarts; None with one process."""

    store: Any = None


def start(device: torch.device) -> None:
    """Join the processes that torchrun started with this one: gloo between CPUs, NCCL between GPUs.

    Does nothing with one process or where they are joined. Raises RankLost if one of them is gone.
    """
    launch = launched()
    if not launch.several or _joined():
        return
    with _connected():
        found, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
        # torchrun's store outlives a restart, and with it the addresses of dead processes
        _Store.store = dist.PrefixStore(f"autofas {launch.restarts}", found)
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
            store=_Store.store,
            rank=rank,
            world_size=size,
            timeout=PATIENCE,
        )


def rank() -> int:
    """Which of the ranks this is, from 0."""
    return dist.get_rank() if _joined() else 0


def world_size() -> int:
    """How many ranks there are."""
    return dist.get_world_size() if _joined() else 1


def share(size: int, what: str) -> int:
    """A rank's equal share of `size` rows; raises ConfigError naming `what` if it is no whole number."""
    count, rest = divmod(size, world_size())
    if rest or not count:
        raise ConfigError(
            f"{what} of {size} rows does not divide among {world_size()} ranks; "
            f"set it to a multiple of {world_size()}"
        )
    return count


def average(values: Sequence[Tensor], kept: Sequence[Tensor] = ()) -> Sequence[Tensor]:
    """The means over the ranks of `values`, and in place of each tensor of `kept`: one reduction for all."""
    if world_size() == 1:
        return values
    every = [*values, *kept]
    flat = torch.cat([value.detach().reshape(-1) for value in every])
    with _connected():
        dist.all_reduce(flat)
    parts = flat.div_(world_size()).split([value.numel() for value in every])
    means = [part.view(value.shape).to(value.dtype) for part, value in zip(parts, every, strict=True)]
    for tensor, mean in zip(kept, means[len(values) :], strict=True):
        tensor.copy_(mean)
    return means[: len(values)]


def running_statistics(module: nn.Module) -> list[Tensor]:
    """The running means and variances of a module's batch norms: what `average` keeps alike in training."""
    names = ("running_mean", "running_var")
    return [buffer for name, buffer in module.named_buffers() if name.rpartition(".")[2] in names]


def gather(value: T) -> list[T]:
    """Every rank's value, by rank."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    with _connected():
        dist.all_gather_object(values, value)
    return values


def from_first(make: Callable[[], T]) -> T:
    """What rank 0 makes, on every rank; the others make nothing."""
    if world_size() == 1:
        return make()
    holder: list[Any] = [make() if rank() == 0 else None]
    with _connected():
        dist.broadcast_object_list(holder)
    return holder[0]


def barrier() -> None:
    """Wait until every rank is here."""
    gather(None)


@contextmanager
def first_goes_ahead() -> Iterator[None]:
    """Rank 0 runs the block, then the others do and find what it has left in a cache."""
    if rank() > 0:
        barrier()
    yield
    if rank() == 0:
        barrier()


def check() -> None:
    """Raise Interrupted on every rank if a signal is waiting on any: all leave at the same batch."""
    if world_size() == 1:
        interruption.check()
        return
    number = torch.tensor(interruption.waiting())
    with _connected():
        dist.all_reduce(number, dist.ReduceOp.MAX)
    if number:
        interruption.stop(int(number))


def require_same(digest: Callable[[], str], what: str) -> None:
    """Raise RunError that names the ranks whose digest of `what` is not rank 0's."""
    if world_size() == 1:
        return
    digests = gather(digest())
    others = [str(number) for number, other in enumerate(digests) if other != digests[0]]
    if others:
        raise RunError(
            f"{what} of rank {', '.join(others)} differ from rank 0's; use machines and devices of one kind, "
            "and continue from the last checkpoint with --resume"
        )


def tells(error: BaseException) -> bool:
    """True on the one rank that prints an error: rank 0 if it has one of its own, else the first to ask."""
    if _Store.store is None:
        return launched().first
    lost = isinstance(error, RankLost)
    try:
        if launched().first:
            told = _Store.store.add("errors", 0 if lost else 1)
            return not (lost and told)
        if lost:
            return False
        time.sleep(GRACE_S)
        return _Store.store.add("errors", 1) == 1
    except RuntimeError:  # the store is gone too
        return launched().first


def _joined() -> bool:
    return dist.is_available() and dist.is_initialized()


@contextmanager
def _connected() -> Iterator[None]:
    """Raise RankLost where a library says in its own words that another process is gone."""
    try:
        yield
    except RuntimeError as exc:
        raise RankLost(
            "the connection to another rank was lost; what was saved is intact, and torchrun with "
            "--max-restarts continues from there"
        ) from exc
