"""The configuration of the verb `evaluate`."""

from pydantic import Field

from autofas.config.data import DataConfig, SplitName
from autofas.config.run import Device
from autofas.metrics import CalibrationChoice, Grouping, Level, ThresholdRule
from autofas.storage.schema import Schema


class EvaluateConfig(Schema):
    """Scores of a trained run over a split, judged at a threshold whose origin is named.

    `threshold` None is the rule of the data: `dev-eer` for the protocols of published sets, the rule that
    transfers best for everything else. `calibration` is fitted to the dev scores, kept beside the weights and
    reported before and after; scores, threshold and verdicts stay what they are. `count_non_responses`
    reports APNRR and BPNRR of the split, which must be of a manifest that `prepare` made.
    """

    run: str
    split: SplitName = "test"
    threshold: ThresholdRule | None = None
    threshold_value: float | None = None
    pai_grouping: Grouping = "family"
    level: Level = "video"
    calibration: CalibrationChoice = "none"
    count_non_responses: bool = False
    data: DataConfig | None = None
    cross: DataConfig | None = None
    batch_size: int = Field(default=128, ge=1)
    device: Device = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
