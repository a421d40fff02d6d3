"""Policies of augmentation: how often and how strongly each step changes a training image, by name.

Recapture leaves its traces in fine texture and colour; interpolation and blur erase them from attacks and
compression adds them to bona fide images. Presets therefore apply those to part of the samples, never to all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from autofas.errors import ConfigError, which_of

BEST_QUALITY = 95.0
"""The highest quality that the JPEG step draws."""


@dataclass(frozen=True)
class AugmentPolicy:
    """How often and how strongly training images are changed; every default leaves them as they are.

    Probabilities a sample: `flip`, `warp` (of the three after it), `grayscale`, `rescale`,
    `blur`, `noise`, `jpeg`, `cutout`, `gamma`, `tone`, `surround`, `depth_scale`. Strengths
    are the largest change, drawn uniformly up to it.
    """

    flip: float = 0.0
    warp: float = 0.0
    rotation_degrees: float = 0.0
    shift: float = 0.0  # of the image side, each way
    zoom: float = 1.0  # the smallest share of each side that stays in view
    brightness: float = 0.0  # factors in [1 - b, 1 + b]; so for contrast, saturation and gain
    contrast: float = 0.0
    saturation: float = 0.0
    gain: float = 0.0  # of each channel by itself: the light's colour
    grayscale: float = 0.0
    gamma: float = 0.0
    gamma_strength: float = 0.4  # exponents from 1 / (1 + g) to 1 + g, evenly in the logarithm
    rescale: float = 0.0
    rescale_to: float = 0.5  # the smallest factor
    blur: float = 0.0
    blur_sigma: float = 1.0  # pixels
    noise: float = 0.0
    noise_std: float = 0.04  # of the range [0, 1]
    jpeg: float = 0.0
    jpeg_quality: float = 40.0  # the lowest; the highest is 95
    cutout: float = 0.0
    cutout_side: float = 0.3  # of the image side
    tone: float = 0.0  # another mean and deviation of each channel: the light of another session
    surround: float = (
        0.0  # another surrounding outside an ellipse about the face: the room of another session
    )
    depth_scale: float = 0.0  # by 1/8 to 1/5, plus 100 to 200 of 255

    def __post_init__(self) -> None:
        bounds = dict.fromkeys(
            ("flip", "warp", "grayscale", "gamma", "rescale", "blur", "noise", "jpeg", "cutout"), (0.0, 1.0)
        )
        bounds |= dict.fromkeys(("tone", "surround", "depth_scale"), (0.0, 1.0))
        bounds |= dict.fromkeys(("brightness", "contrast", "saturation", "gain"), (0.0, 1.0))
        bounds |= {"rotation_degrees": (0.0, 180.0), "shift": (0.0, 0.5), "zoom": (0.1, 1.0)}
        bounds |= {"gamma_strength": (0.0, 4.0), "rescale_to": (0.1, 1.0), "blur_sigma": (0.0, 2.5)}
        bounds |= {"noise_std": (0.0, 1.0), "jpeg_quality": (1.0, BEST_QUALITY), "cutout_side": (0.0, 1.0)}
        wrong = [
            f"{name} {getattr(self, name)} is not in [{low:g}, {high:g}]"
            for name, (low, high) in bounds.items()
            if not low <= getattr(self, name) <= high
        ]
        if wrong:
            raise ConfigError(f"augmentation: {'; '.join(wrong)}")

    @property
    def is_none(self) -> bool:
        """Whether images pass unchanged."""
        probabilities = (
            self.flip,
            self.warp,
            self.grayscale,
            self.gamma,
            self.rescale,
            self.blur,
            self.noise,
        )
        others = (self.jpeg, self.cutout, self.tone, self.surround, self.depth_scale)
        return not any((*probabilities, *others, *self._colour))

    @property
    def _colour(self) -> tuple[float, ...]:
        return (self.brightness, self.contrast, self.saturation, self.gain)


PRESETS: Mapping[str, AugmentPolicy] = {
    "none": AugmentPolicy(),
    "flip": AugmentPolicy(flip=0.5),
    "geometric": AugmentPolicy(flip=0.5, warp=1.0, rotation_degrees=30, shift=0.1, zoom=0.7),
    "basic": AugmentPolicy(
        flip=0.5,
        warp=0.5,
        rotation_degrees=10,
        shift=0.06,
        zoom=0.85,
        brightness=0.2,
        contrast=0.2,
        saturation=0.2,
        gain=0.05,
    ),
    "recapture": AugmentPolicy(
        flip=0.5,
        warp=0.5,
        rotation_degrees=15,
        shift=0.08,
        zoom=0.75,
        brightness=0.35,
        contrast=0.35,
        saturation=0.35,
        gain=0.15,
        grayscale=0.05,
        gamma=0.4,
        rescale=0.15,
        blur=0.15,
        noise=0.2,
        jpeg=0.2,
        cutout=0.2,
    ),
    "session": AugmentPolicy(
        flip=0.5, warp=1.0, rotation_degrees=30, shift=0.1, zoom=0.7, tone=0.6, surround=0.6
    ),
}


STEPS: Mapping[str, tuple[str, ...]] = {
    "flip": ("flip",),
    "warp": ("warp", "rotation_degrees", "shift", "zoom"),
    "brightness": ("brightness",),
    "contrast": ("contrast",),
    "saturation": ("saturation",),
    "gain": ("gain",),
    "grayscale": ("grayscale",),
    "gamma": ("gamma",),
    "rescale": ("rescale",),
    "blur": ("blur",),
    "noise": ("noise",),
    "jpeg": ("jpeg",),
    "cutout": ("cutout",),
    "tone": ("tone",),
    "surround": ("surround",),
}
"""The fields of each step that can be added to a preset or taken out of it; the first says how often, or, of
those that change every image, how strongly."""
_CHANGE = re.compile(r"([+-])([a-z]+)(?:@([0-9.]{1,6}))?")


def preset(name: str) -> AugmentPolicy:
    """A policy by name, which may take steps out or add them: `recapture-jpeg-blur`, `flip+noise@0.5`.

    A step that is added has the strength it has in `recapture`, or in `session` if it is not in there; a
    number after @ stands in place of its first field, of `STEPS`. Raises `ConfigError` for an unknown name.
    """
    base = re.split(r"[+-]", name)[0]
    if base not in PRESETS:
        raise ConfigError(f"augmentation {name!r} does not exist{which_of(base, PRESETS)}")
    policy, rest = PRESETS[base], name[len(base) :]
    while rest:
        change = _CHANGE.match(rest)
        step = change[2] if change else rest[1:]
        if change is None or step not in STEPS:
            raise ConfigError(f"augmentation {name!r} has no step {step!r}{which_of(step, STEPS)}")
        policy, rest = replace(policy, **_fields(name, *change.groups())), rest[change.end() :]
    return policy


def _fields(name: str, sign: str, step: str, amount: str | None) -> dict[str, float]:
    """The fields that a step's change sets."""
    first, *others = STEPS[step]
    if sign == "-":
        if amount is not None:
            raise ConfigError(f"augmentation {name!r} takes {step} out; @{amount} belongs to a step added")
        return {field: getattr(PRESETS["none"], field) for field in (first, *others)}
    source = PRESETS["session" if step in ("tone", "surround") else "recapture"]
    fields = {field: float(getattr(source, field)) for field in (first, *others)}
    if amount is None:
        return fields
    try:
        return {**fields, first: float(amount)}
    except ValueError:
        raise ConfigError(f"augmentation {name!r}: @{amount} is not a number") from None
