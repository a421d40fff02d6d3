"""What the runtimes of phones share: they take one face at a time, and a file says nothing of itself.

The record lies beside the file as JSON, with the SHA-256 of every file it describes.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.deploy.info import ExportInfo
from autofas.deploy.runtime import Crops, Scores, as_input

Floats = NDArray[np.float32]


@contextmanager
def native_silence() -> Iterator[None]:
    """Without what a runtime being loaded writes to stdout, where results are, and to stderr, where its notes
    on the processor would stand beside our own lines; what fails is raised all the same."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    kept, nowhere = (os.dup(1), os.dup(2)), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for stream in streams:
            stream.flush()
        for number, one in enumerate(kept, start=1):
            os.dup2(one, number)
            os.close(one)
        os.close(nowhere)


class SingleScorer:
    """A file of a runtime that takes one face at a time; a class of it says how in `call`.

    Inputs are float32 (1, 3, C, C) a modality; outputs are score and, where there is one, map, of any shape
    that holds one number and (m, m) of them.
    """

    info: ExportInfo

    def __init__(self, path: Path, info: ExportInfo) -> None:
        self.path, self.info = path, info

    def call(self, inputs: list[Floats]) -> list[NDArray[Any]]:
        """One call of the runtime."""
        raise NotImplementedError

    def score(self, crops: Crops) -> Scores:
        """Score face crops (B, 3, C, C), one after another."""
        ready = [as_input(crops[name], self.info) for name in self.info.modalities]
        found = [self.call([one[number : number + 1] for one in ready]) for number in range(len(ready[0]))]
        scores = np.array([np.asarray(row[0]).reshape(()) for row in found], np.float32)
        if "map" not in self.info.outputs:
            return Scores(scores, None)
        maps = [np.asarray(row[1], np.float32) for row in found]
        return Scores(scores, np.stack([one.reshape(one.shape[-2:]) for one in maps]))

    def prepared(self, crops: Crops) -> Callable[[], Any]:
        """A call for the first of some crops, its input made beforehand."""
        inputs = [as_input(crops[name][:1], self.info) for name in self.info.modalities]
        return lambda: self.call(inputs)
