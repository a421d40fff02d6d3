"""The configuration of the verb `evaluate`."""

from typing import Literal

from pydantic import Field

from autofas.config.data import DataConfig
from autofas.storage.schema import Schema


class EvaluateConfig(Schema):
    """Scores of a trained run over a split, judged at a threshold whose origin is named."""

    run: str
    split: Literal["train", "dev", "test"] = "test"
    threshold: Literal["dev-eer", "dev-min-acer", "fixed", "test-eer"] = "dev-eer"
    threshold_value: float | None = None
    pai_grouping: Literal["family", "instrument"] = "family"
    level: Literal["video", "frame"] = "video"
    data: DataConfig | None = None
    cross: DataConfig | None = None
    batch_size: int = Field(default=128, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
