"""A training that is interrupted at a step of its own."""

from collections.abc import Callable

import pytest

from autofas.runtime import interruption
from autofas.training.train import Training


def interrupt_at(
    monkeypatch: pytest.MonkeyPatch, number: int, seen: Callable[[Training], None] = lambda training: None
) -> None:
    """The next training stops after so many steps; `seen` gets it after each of them."""
    real, steps = Training.step, []

    def step(self, batch):
        loss = real(self, batch)
        steps.append(loss)
        seen(self)
        if len(steps) == number:
            monkeypatch.setattr(Training, "step", real)
            interruption._State.noted = 2
        return loss

    monkeypatch.setattr(Training, "step", step)
