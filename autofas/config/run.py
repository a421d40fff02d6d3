"""What every run has: where it writes, what it runs on, its seed, and how often it is saved."""

from typing import Literal

from pydantic import Field

from autofas.storage.schema import Schema

Device = Literal["auto", "cpu", "cuda"]
"""What a run computes on; `auto` is a GPU if there is one."""


class RunConfig(Schema):
    """What every run has: where it writes, what it runs on, its seed, and how often it is saved.

    Without `runs_dir` nothing is written and nothing can be resumed; the command line always names one.
    Besides the end of epochs a checkpoint is written every `checkpoint_steps` batches and
    `checkpoint_minutes` minutes, whichever comes first; null is never. `tensorboard` also writes each round's
    numbers and live maps as events for TensorBoard. Files without `schema_version` were written before it
    existed and are of version 1.
    """

    schema_version: Literal[1] = 1
    runs_dir: str | None = None
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: Device = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
    checkpoint_steps: int | None = Field(default=None, ge=1)
    checkpoint_minutes: float | None = Field(default=10.0, gt=0)
    tensorboard: bool = False
