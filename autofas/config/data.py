"""Which data: a built-in name or a manifest, protocol and fold, and the generated faces' size."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from autofas.storage.schema import Schema

Modality = Literal["color", "depth", "ir"]
"""What a camera recorded: a colour image, the distance of every pixel, or an image in near infrared."""
SplitName = Literal["train", "dev", "test"]
"""The parts of a data set: what is learnt from, what sets thresholds and chooses epochs, what is reported."""
GroupKey = Literal["dataset", "session", "device", "pai"]
"""A column of the manifest by which training rows are grouped; `dataset` where several are joined."""
MARGINS = (0.5, 4.0)
Margin = Annotated[float, Field(ge=MARGINS[0], le=MARGINS[1])]
"""The factor on the side of a face's box, about its centre, that a crop shows."""


def is_generated(dataset: object) -> bool:
    """Whether a `dataset` of a configuration names the generated faces, in letters of either case."""
    return str(dataset).lower() == DataConfig.model_fields["dataset"].default


class SyntheticConfig(Schema):
    """The generated faces: subjects of each split (OULU-NPU has 20, 15 and 20) and the crops' side."""

    train_users: int = Field(default=20, ge=2, le=20)
    dev_users: int = Field(default=15, ge=1, le=15)
    test_users: int = Field(default=20, ge=1, le=20)
    frames_per_video: int = Field(default=2, ge=1, le=64)
    size: int = Field(default=128, ge=32, le=512)
    seed: int = Field(default=0, ge=0)

    def arguments(self, modalities: Sequence[str]) -> dict[str, Any]:
        """As arguments of `autofas.data.synthetic.generate`."""
        users = {"train": self.train_users, "dev": self.dev_users, "test": self.test_users}
        # one set for all that read more than color, whichever it is
        every = ("color",) if set(modalities) <= {"color"} else get_args(Modality)
        return {
            "users": users,
            "frames_per_video": self.frames_per_video,
            "size": self.size,
            "seed": self.seed,
            "modalities": every,
        }


class DataConfig(Schema):
    """Which data, divided how: a built-in name or a manifest's path, protocol and fold."""

    dataset: str = Field(default="synthetic", min_length=1)
    data_root: str | None = None
    protocol: str | int | None = None
    fold: int | None = Field(default=None, ge=1)
    frames_per_video: int | None = Field(default=None, ge=1)
    modalities: tuple[Modality, ...] = ("color",)
    margin: Margin = 1.3
    split_seed: int = Field(default=0, ge=0)
    shared_subjects: bool = False
    cache_dir: str | None = None
    workers: int = Field(default=2, ge=0, le=256)
    synthetic: SyntheticConfig = SyntheticConfig()

    @property
    def usual_augment(self) -> str:
        """The augmentation of a training that names none: `session`, on generated faces `basic`.

        Real sessions differ in light and room, which `session` draws anew; generated faces differ less, and
        a short training on few of them does not learn under it.
        """
        return "basic" if is_generated(self.dataset) else "session"
