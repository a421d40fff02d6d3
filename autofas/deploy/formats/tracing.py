"""What the converters of phones' formats have in common: a network traced for one face, and silence."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autofas.errors import ConfigError


def example(form: Any) -> tuple[Tensor, ...]:
    """One grey face (1, 3, C, C) a modality: what a graph is traced on."""
    size = form.network.view.crop_size
    return tuple(torch.zeros(1, 3, size, size) for _ in form.names)


def require_one_view(form: Any, title: str) -> None:
    """Raise ConfigError for a network that scores several parts of a face: these formats take one input."""
    if form.network.view.many:
        raise ConfigError(
            f"{form.network.name} scores several parts of a face at once, {title} one; export it as onnx"
        )


def program(form: Any) -> Any:
    """The torch.export.ExportedProgram of a network for one face."""
    with quietly(), torch.no_grad():
        return torch.export.export(form.eval(), example(form))


@contextlib.contextmanager
def quietly(*names: str) -> Iterator[None]:
    """Without a converter's warnings, what it prints, and the log of these loggers below an error."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
