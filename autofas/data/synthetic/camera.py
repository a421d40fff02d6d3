"""Six phones: the camera every picture of the data set, honest or not, is taken with.

Linear radiance goes through lens blur and the detector's crop (one separable resampling), veiling flare,
automatic exposure, shot and read noise, partial grey-world white balance, a colour matrix, a tone curve and
sharpening; the JPEG at the end has the phone's quality. `Take` holds what differs from video to video
(focus, shake, exposure error, contrast, cast, crop) and is drawn from the same distribution for bona fide
faces and attacks, so brightness, contrast, blur, colour cast, crop and noise overlap between the classes.

A fine periodic object beats with the pixel lattice when it is sampled; that alias enters as `carrier`, a
factor on the sampled image, because the scene grid is too coarse to hold the object itself (see
recapture.py).
Left out: demosaicking, rolling shutter, temporal noise reduction, lens distortion.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from autofas.data.synthetic.shapes import Array

_TONE_STEPS = 4096
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Phone:
    """One phone's camera; `blur` in pixels of a 128-pixel crop, noise relative to a mid-grey of 0.18."""

    name: str
    blur: float
    shot: float
    read: float
    saturation: float
    balance: tuple[float, float, float]
    tone: float
    sharpen: float
    quality: int


PHONES = (
    Phone("phone 1", 0.50, 0.0007, 0.004, 1.12, (1.00, 1.00, 1.00), 0.35, 0.55, 94),
    Phone("phone 2", 0.62, 0.0012, 0.006, 1.00, (1.03, 1.00, 0.95), 0.20, 0.35, 92),
    Phone("phone 3", 0.72, 0.0016, 0.008, 0.92, (0.97, 1.00, 1.05), 0.28, 0.70, 91),
    Phone("phone 4", 0.80, 0.0012, 0.006, 1.05, (1.05, 1.00, 0.98), 0.10, 0.25, 93),
    Phone("phone 5", 0.58, 0.0022, 0.010, 0.95, (0.98, 1.00, 1.02), 0.25, 0.80, 90),
    Phone("phone 6", 0.66, 0.0009, 0.005, 1.20, (1.02, 1.00, 1.03), 0.40, 0.45, 95),
)


@dataclass(frozen=True)
class Take:
    """What one video's shooting adds to the phone: lens (pixels at 128), exposure, flare, tone, crop."""

    defocus: float
    shake_x: float
    shake_y: float
    exposure: float
    flare: float
    contrast: float
    saturation: float
    cast: tuple[float, float, float]
    awb: float
    zoom: float
    crop_x: float
    crop_y: float


def draw_take(rng: np.random.Generator) -> Take:
    """The shooting conditions of one video, whatever stands before the camera."""
    cast = np.exp(rng.normal(0.0, 0.05, 3))
    return Take(
        defocus=float(abs(rng.normal(0.0, 0.55))),
        shake_x=float(rng.gamma(1.0, 0.25)),
        shake_y=float(rng.gamma(1.0, 0.25)),
        exposure=float(np.exp(rng.normal(0.0, 0.28))),
        flare=float(rng.uniform(0.0, 0.40)),
        contrast=float(np.clip(rng.normal(0.0, 0.20), -0.45, 0.45)),
        saturation=float(np.exp(rng.normal(-0.05, 0.22))),
        cast=(float(cast[0]), float(cast[1]), float(cast[2])),
        awb=float(rng.uniform(0.35, 1.0)),
        zoom=float(rng.uniform(0.93, 1.0)),
        crop_x=float(rng.uniform(-1, 1)),
        crop_y=float(rng.uniform(-1, 1)),
    )


def _sampling(n: int, size: int, zoom: float, offset: float, sigma: float) -> Array:
    """Matrix (size, n) that crops a share `zoom` of the axis, blurs by `sigma` output pixels and samples."""
    step = zoom * n / size
    centre = (np.arange(size) + 0.5) * step + 0.5 * n * (1 - zoom) * (1 + offset)
    spread = max(sigma * step, 0.42 * step)  # never sharper than the pixel's own aperture
    distance = ((np.arange(n)[None, :] + 0.5 - centre[:, None]) / spread).astype(np.float32)
    weights = np.where(np.abs(distance) < 4.5, np.exp(-0.5 * distance**2), 0.0)  # no denormals: they are slow
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _tone_curve(contrast: float) -> Array:
    """Lookup (4096,) from linear [0, 1.25] to display [0, 1]: an sRGB-like gamma bent by an S curve."""
    linear = np.linspace(0.0, 1.25, _TONE_STEPS)
    display = np.minimum(linear, 1.0) ** (1 / 2.2)
    shoulder = 1 - np.exp(-2.2 * linear)  # soft highlights
    display = 0.65 * display + 0.35 * shoulder / shoulder[-1]
    s_curve = display + contrast * (display - 0.45) * display * (1 - display) * 2.2
    return np.clip(s_curve, 0.0, 1.0).astype(np.float32)


def _apply_tone(image: Array, contrast: float) -> Array:
    """Look linear values up in the tone curve; the shape stays."""
    steps = np.clip(image * np.float32((_TONE_STEPS - 1) / 1.25), 0, _TONE_STEPS - 1).astype(np.intp)
    return np.take(_tone_curve(contrast), steps)


def develop(
    radiance: Array,
    phone: Phone,
    take: Take,
    size: int,
    rng: np.random.Generator,
    carrier: Array | None = None,
) -> Array:
    """The phone's picture, uint8 (size, size, 3), of linear `radiance` (3, n, n)."""
    n = radiance.shape[1]
    pixels = size / 128.0
    base = phone.blur**2 + take.defocus**2
    rows = _sampling(n, size, take.zoom, take.crop_y, pixels * np.sqrt(base + take.shake_y**2))
    columns = _sampling(n, size, take.zoom, take.crop_x, pixels * np.sqrt(base + take.shake_x**2))
    across = (radiance.reshape(3 * n, n) @ columns.T).reshape(3, n, size)
    image = np.stack([rows @ plane for plane in across])  # (3, size, size)
    if carrier is not None:
        image *= carrier
    level = image.mean(axis=(1, 2))
    image *= np.float32(1 - take.flare)
    image += np.float32(take.flare) * level[:, None, None]
    # Exposure meters the middle of the crop; white balance pulls the crop's mean part of the way to grey.
    middle = image[:, size // 4 : -size // 4, size // 4 : -size // 4].mean(axis=(1, 2))
    image *= np.float32(0.20 * take.exposure / max(float(middle @ _LUMA), 1e-4))
    sigma = np.sqrt(np.float32(phone.shot) * np.maximum(image, 0.0) + np.float32(phone.read**2))
    image += sigma * rng.standard_normal(image.shape, dtype=np.float32)
    skin = np.array([1.28, 1.0, 0.80])  # the cast a portrait is allowed to keep
    grey = (skin * level[1] / np.maximum(level, 1e-6)) ** take.awb
    gains = grey * np.array(phone.balance) * np.array(take.cast)
    gains /= gains @ _LUMA
    saturation = phone.saturation * take.saturation
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(_LUMA, (3, 1))
    image = np.tensordot((matrix * gains[None, :]).astype(np.float32), image, axes=1)
    image = _sharpen(_apply_tone(image, phone.tone + take.contrast), phone.sharpen)
    return np.ascontiguousarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))


def _sharpen(image: Array, amount: float) -> Array:
    """Unsharp mask on luma with a 3 x 3 binomial blur; borders are left as they are."""
    luma = np.tensordot(_LUMA, image, axes=1)
    across = luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]
    soft = (across[:-2] + 2 * across[1:-1] + across[2:]) * np.float32(1 / 16)
    image[:, 1:-1, 1:-1] += np.float32(amount) * (luma[1:-1, 1:-1] - soft)
    return image


def encode_jpeg(image: Array, quality: int) -> bytes:
    """JPEG bytes of an uint8 picture (H, W, 3) or (H, W), full-resolution chroma."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def display_picture(radiance: Array, exposure: float, saturation: float, contrast: float) -> Array:
    """The attacker's good camera: linear radiance (3, n, n) to a picture in display values [0, 1]."""
    middle = radiance[:, radiance.shape[1] // 4 : -radiance.shape[1] // 4].mean(axis=(1, 2))
    level = max(float(middle @ _LUMA), 1e-4)
    image = radiance * np.float32(0.22 * exposure / level)
    balance = (np.array([1.25, 1.0, 0.82]) * middle[1] / np.maximum(middle, 1e-6)) ** 0.6
    matrix = (saturation * np.eye(3) + (1 - saturation) * np.tile(_LUMA, (3, 1))) * balance[None, :]
    image = np.tensordot(matrix.astype(np.float32), image, axes=1)
    return _apply_tone(image, contrast)


def encode_png(image: Array) -> bytes:
    """PNG bytes of an uint8 plane (H, W), quick rather than small."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
