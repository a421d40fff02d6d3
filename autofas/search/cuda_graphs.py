"""Replaying a step's kernels on a GPU instead of launching them one by one.

A search step is hundreds of small kernels, and on a GPU the processor that launches them is the bottleneck.
`Replayed` records the kernels of a function of a batch once, as a CUDA graph, and replays them on the
contents of later batches of the same shapes.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from autofas.data.batches.batch import Batch

WARM_UP = 3
"""Runs before the recording, in which libraries choose their kernels and allocate."""

Outputs = tuple[Tensor, Sequence[Tensor]]


class Replayed:
    """`function(batch) -> (loss, gradients)` recorded on the first batch and replayed on every batch.

    The outputs are the same tensors at every call, overwritten by the next. `buffers` are what the
    function changes besides (running statistics): the warm-up's changes are undone.
    """

    def __init__(self, function: Callable[[Batch], Outputs], batch: Batch, buffers: Iterable[Tensor]) -> None:
        self.batch = Batch(
            {name: images.clone() for name, images in batch.images.items()},
            {name: values.clone() for name, values in batch.targets.items()},
            batch.index.clone(),
        )
        kept = [(buffer, buffer.clone()) for buffer in buffers]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                function(self.batch)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        # the loader's thread goes on pinning memory and copying to the device meanwhile
        with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):
            self.outputs = function(self.batch)
        for buffer, value in kept:
            buffer.copy_(value)

    def fits(self, batch: Batch) -> bool:
        """True if the batch has the shapes of the recorded one."""
        return all(
            batch.images[name].shape == images.shape for name, images in self.batch.images.items()
        ) and all(batch.targets[name].shape == values.shape for name, values in self.batch.targets.items())

    def __call__(self, batch: Batch) -> Outputs:
        for name, images in self.batch.images.items():
            images.copy_(batch.images[name], non_blocking=True)
        for name, values in self.batch.targets.items():
            values.copy_(batch.targets[name], non_blocking=True)
        self.graph.replay()
        return self.outputs
