"""A batch: what passes from the loader to a step. Apart from the loader, so that a step needs no tables."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Images (B, 3, H, W) float32 in [-1, 1] by modality, `targets['label']` (B,) float32 with 1 for bona
    fide, and `index` (B,) int64, the rows' positions in the table the batch was drawn from."""

    images: dict[str, Tensor]
    targets: dict[str, Tensor]
    index: Tensor

    def __len__(self) -> int:
        return len(self.index)
