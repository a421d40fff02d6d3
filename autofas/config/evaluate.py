"""The configuration of the verb `evaluate`."""

from pydantic import Field

from autofas.config.data import DataConfig, SplitName
from autofas.config.run import Device
from autofas.metrics import Grouping, Level, ThresholdRule
from autofas.storage.schema import Schema


class EvaluateConfig(Schema):
    """Scores of a trained run over a split, judged at a threshold whose origin is named.

    `threshold` None is the rule of the data: `dev-eer` for the protocols of published sets, the rule that
    transfers best for everything else.
    """

    run: str
    split: SplitName = "test"
    threshold: ThresholdRule | None = None
    threshold_value: float | None = None
    pai_grouping: Grouping = "family"
    level: Level = "video"
    data: DataConfig | None = None
    cross: DataConfig | None = None
    batch_size: int = Field(default=128, ge=1)
    device: Device = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
