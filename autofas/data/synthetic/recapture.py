"""Two printers and two displays: what stands before the phone when the face is an attack.

A picture taken by a good camera is reproduced on a sheet (print1: colour laser, clustered rotated dots,
matte paper; print2: inkjet, stochastic dots, head banding, glossy paper) or on a screen (replay1: small
bright display, RGB stripes; replay2: desktop monitor, coarser pixels, weaker blacks), the sheet or screen
is held, tilted and curled, lit by the session's light, and returned as linear radiance for the same phone
camera that takes honest faces.

A display's pixels are too fine for the scene grid. Sampling a grid of f_s cycles a crop with f_c sensor
pixels leaves its first alias |f_s - k f_c|, bent by perspective, and shifted by a third of a period between
red, green and blue sub-pixels: that closed form is the `carrier` of a replay, damped by defocus as the lens
damps the grid itself. The strength of every cue is drawn for each video over a wide range: some attacks are
good.

Left out: paper edges, bezels, hands, cut-out eyes, video compression of the replayed file.
"""

from dataclasses import dataclass

import numpy as np

from autofas.data.synthetic.scene import Light
from autofas.data.synthetic.shapes import Array, smooth_noise

ATTACKS = ("print1", "print2", "replay1", "replay2")


@dataclass(frozen=True)
class Sheet:
    """A held plane, all (n, n): page coordinates `u`, `v`, `height` in face units, slopes `nx`, `ny`."""

    u: Array
    v: Array
    height: Array
    nx: Array
    ny: Array


@dataclass(frozen=True)
class Hold:
    """How a sheet or screen is held in one video; tilts, roll and direction of the bend in radians."""

    tilt_x: float
    tilt_y: float
    roll: float
    zoom: float
    curl: float
    bend: float


def draw_hold(rng: np.random.Generator, flexible: bool) -> Hold:
    """A way to hold it; only paper curls."""
    return Hold(
        tilt_x=float(rng.normal(0, 0.13)),
        tilt_y=float(rng.normal(0, 0.13)),
        roll=float(rng.normal(0, 0.03)),
        zoom=float(rng.uniform(0.90, 0.98)),
        curl=float(rng.normal(0, 0.16)) if flexible else 0.0,
        bend=float(rng.normal(0, 0.5)),
    )


def hold_sheet(hold: Hold, n: int, rng: np.random.Generator) -> Sheet:
    """The sheet in one frame (the hand moves a little): perspective of the tilt, parallax of the curl."""
    shake = rng.normal(0, 0.012, 4)
    tx, ty = hold.tilt_x + shake[0], hold.tilt_y + shake[1]
    axis = (np.arange(n, dtype=np.float32) + 0.5) * np.float32(2 / n) - 1
    x, y = axis[None, :], axis[:, None]
    along = np.float32(np.cos(hold.bend)) * x + np.float32(np.sin(hold.bend)) * y
    height = (
        np.float32(hold.curl) * (1 - along * along) + np.float32(np.sin(tx)) * x + np.float32(np.sin(ty)) * y
    )
    near = 1 + 0.22 * height  # closer paper looks larger
    c, s = np.float32(np.cos(hold.roll) * hold.zoom), np.float32(np.sin(hold.roll) * hold.zoom)
    u = (c * x + s * y) / near + np.float32(0.5 * shake[2])
    v = (c * y - s * x) / near + np.float32(0.5 * shake[3])
    slope = np.float32(-2 * hold.curl) * along
    nx = -(slope * np.float32(np.cos(hold.bend)) + np.float32(np.sin(tx)))
    ny = -(slope * np.float32(np.sin(hold.bend)) + np.float32(np.sin(ty)))
    return Sheet(0.5 + 0.5 * u, 0.5 + 0.5 * v, height, nx, ny)


def read_page(picture: Array, sheet: Sheet) -> Array:
    """Bilinear reading of `picture` (3, m, m) at the sheet's page coordinates, (3, n, n)."""
    m = picture.shape[1]
    column = np.clip(sheet.u * m - 0.5, 0, m - 1.001)
    row = np.clip(sheet.v * m - 0.5, 0, m - 1.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    right, down = (column - left).astype(np.float32), (row - top).astype(np.float32)
    corner = top * m + left
    out = np.empty((3, *sheet.u.shape), dtype=np.float32)
    for plane, target in zip(picture, out, strict=True):
        flat = plane.ravel()
        a, c = np.take(flat, corner), np.take(flat, corner + m)
        a += (np.take(flat, corner + 1) - a) * right
        c += (np.take(flat, corner + (m + 1)) - c) * right
        c -= a
        c *= down
        np.add(a, c, out=target)
    return out


def _sheet_light(sheet: Sheet, light: Light) -> tuple[Array, Array]:
    """Irradiance on the sheet (3, n, n) and its facing to the half vector (n, n)."""
    norm = 1 / np.sqrt(1 + sheet.nx**2 + sheet.ny**2)
    facing = np.maximum(
        (light.direction[0] * sheet.nx + light.direction[1] * sheet.ny + light.direction[2]) * norm, 0.0
    )
    half = light.direction + np.array([0, 0, 1.0])
    half = half / np.linalg.norm(half)
    shine = np.maximum((half[0] * sheet.nx + half[1] * sheet.ny + half[2]) * norm, 0.0)
    sky = 0.5 * (light.above + light.below)
    return light.key[:, None, None] * facing + sky[:, None, None], shine.astype(np.float32)


@dataclass(frozen=True)
class Print:
    """One printed page: screen frequency (cycles a page), its weight, ink transmissions, paper and sheen."""

    kind: str
    frequency: float
    weight: float
    gamma: float
    gain: float
    angle: float
    inks: Array
    paper: Array
    fibre: Array
    banding: float
    band_frequency: float
    sheen: float
    polish: int
    tile: Array | None


def draw_print(kind: str, strength: float, rng: np.random.Generator, n: int) -> Print:
    """Page settings of one video; `strength` scales the visible cues of the printer."""
    laser = kind == "print1"
    leak = rng.uniform(0.03, 0.12) if laser else rng.uniform(0.02, 0.10)
    inks = np.full((3, 3), leak) + np.diag(np.full(3, (0.90 if laser else 0.94) - leak))
    inks[1, 0] += 0.06  # cyan ink is the least pure
    paper = np.array([0.86, 0.87, 0.90]) * rng.uniform(0.92, 1.02, 3)
    fibre = 0.7 * smooth_noise(rng, (n // 2, n // 2), (n, n)) + 0.5 * smooth_noise(rng, (14, 14), (n, n))
    return Print(
        kind=kind,
        frequency=float(rng.uniform(24, 38)) if laser else float(rng.uniform(56, 80)),
        weight=float(strength * (0.24 if laser else 0.15)),
        gamma=float(rng.uniform(2.0, 2.8)),
        gain=float(rng.uniform(-0.35, 0.2)),
        angle=float(rng.uniform(-0.15, 0.15)),
        inks=inks.astype(np.float32),
        paper=paper.astype(np.float32),
        fibre=(fibre * rng.uniform(0.004, 0.018) * (1.4 if laser else 0.6)).astype(np.float32),
        banding=0.0 if laser else float(strength * rng.uniform(0.01, 0.05)),
        band_frequency=float(rng.uniform(14, 30)),
        sheen=float(rng.uniform(0.0, 0.04) if laser else rng.uniform(0.0, 0.22)),
        polish=2 if laser else 4,
        tile=None if laser else _blue_noise(rng),
    )


def _blue_noise(rng: np.random.Generator, side: int = 64) -> Array:
    """Threshold tile (side, side), uniform in [0, 1], without low frequencies: a stochastic screen."""
    spectrum = np.fft.fft2(rng.standard_normal((side, side)))
    f = np.fft.fftfreq(side)
    radius = np.hypot(f[:, None], f[None, :])
    field = np.fft.ifft2(spectrum * np.minimum(radius / 0.35, 1.0) ** 2).real
    ranks = np.empty(side * side, dtype=np.float32)
    ranks[np.argsort(field, axis=None)] = (np.arange(side * side) + 0.5) / (side * side)
    return ranks.reshape(side, side)


def _dots(wanted: Array, threshold: Array) -> Array:
    """Soft-edged ink cover: none at wanted 0, full at wanted 1, whatever the threshold in [0, 1]."""
    return np.clip(4.0 * wanted - 3.0 * threshold, 0.0, 1.0)


def print_radiance(picture: Array, page: Print, sheet: Sheet, light: Light) -> Array:
    """Linear radiance (3, n, n) of the printed `picture` (3, m, m, display values) on the held sheet."""
    shown = read_page(picture, sheet)
    np.maximum(shown, 1e-3, out=shown)
    wanted = 1 - np.power(shown, np.float32(page.gamma))  # ink cover that gives the picture's reflectance
    wanted += np.float32(page.gain) * wanted * (1 - wanted)
    if page.tile is None:
        dots = np.empty_like(wanted)
        scale = np.float32(2 * np.pi * page.frequency)
        for c, degrees in enumerate((15.0, 75.0, 45.0)):
            a = np.deg2rad(degrees) + page.angle
            p = scale * (np.float32(np.cos(a)) * sheet.u + np.float32(np.sin(a)) * sheet.v)
            q = scale * (np.float32(np.cos(a)) * sheet.v - np.float32(np.sin(a)) * sheet.u)
            dots[c] = _dots(wanted[c], 0.5 + 0.25 * (np.cos(p) + np.cos(q)))
    else:
        side = page.tile.shape[0]
        column = (sheet.u * np.float32(page.frequency)).astype(np.int32)
        row = (sheet.v * np.float32(page.frequency)).astype(np.int32)
        dots = np.empty_like(wanted)
        for c, (dr, dc) in enumerate(((0, 0), (23, 11), (7, 41))):
            dots[c] = _dots(wanted[c], page.tile[(row + dr) % side, (column + dc) % side])
    cover = wanted + np.float32(page.weight) * (dots - wanted)
    if page.banding:
        cover *= 1 + np.float32(page.banding) * np.cos(np.float32(2 * np.pi * page.band_frequency) * sheet.v)
    reflectance = np.empty_like(cover)
    for c in range(3):
        passed = page.paper[c] * (1 + page.fibre)
        for k in range(3):
            passed = passed * (1 - page.inks[c, k] * cover[k])
        reflectance[c] = passed
    irradiance, shine = _sheet_light(sheet, light)
    for _ in range(page.polish):
        shine = shine * shine
    return reflectance * irradiance + np.float32(page.sheen) * light.key[:, None, None] * shine


@dataclass(frozen=True)
class Screen:
    """One display as filmed: `beats` are (x and y cycles a crop, bow, depth); the rest are linear factors."""

    kind: str
    beats: tuple[tuple[float, float, float, float], ...]
    colour_shift: float
    black: float
    gamma: float
    white: Array
    primaries: Array
    falloff: tuple[float, float]
    band: float
    band_frequency: float
    band_phase: float
    glare: float
    glare_map: Array


def draw_screen(kind: str, strength: float, rng: np.random.Generator, n: int) -> Screen:
    """Display settings of one video; `strength` scales beats and refresh bands."""
    small = kind == "replay1"
    beats = []
    for _ in range(2):
        frequency = rng.uniform(5, 17) if small else rng.uniform(14, 27)
        angle = rng.uniform(0, np.pi)
        depth = strength * (rng.uniform(0.10, 0.22) if small else rng.uniform(0.10, 0.20))
        beats.append((frequency * np.cos(angle), frequency * np.sin(angle), rng.normal(0, 2.5), depth))
    mixing = rng.uniform(0.0, 0.10) if small else rng.uniform(0.06, 0.16)
    cells = int(rng.integers(2, 6))
    glare_map = np.clip(smooth_noise(rng, (cells, cells), (n, n)) - 0.3, 0, None)
    return Screen(
        kind=kind,
        beats=tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in beats),
        colour_shift=float(rng.uniform(0.7, 1.0) if small else rng.uniform(0.0, 0.35)),
        black=float(rng.uniform(0.004, 0.02) if small else rng.uniform(0.012, 0.05)),
        gamma=float(rng.uniform(1.9, 2.5)),
        white=np.exp(np.array([-0.12, 0.0, 0.14]) * rng.normal(0.6, 0.6)).astype(np.float32),
        primaries=((1 - mixing) * np.eye(3) + mixing / 3).astype(np.float32),
        falloff=(float(rng.normal(0, 0.10)), float(rng.normal(0, 0.10))),
        band=float(strength * rng.uniform(0.0, 0.10)),
        band_frequency=float(rng.uniform(0.6, 3.0)),
        band_phase=float(rng.uniform(0, 2 * np.pi)),
        glare=float(rng.uniform(0.0, 0.10)),
        glare_map=glare_map,
    )


def replay_radiance(picture: Array, screen: Screen, sheet: Sheet, light: Light) -> Array:
    """Linear radiance (3, n, n) of the displayed `picture` (3, m, m, display values) plus reflections."""
    emitted = read_page(picture, sheet)
    np.maximum(emitted, 1e-3, out=emitted)
    emitted = np.power(emitted, np.float32(screen.gamma))
    emitted = np.tensordot(screen.primaries * screen.white[:, None], emitted, axes=1)
    emitted = screen.black + (1 - screen.black) * emitted
    angle = (
        1
        + np.float32(screen.falloff[0]) * (2 * sheet.u - 1)
        + np.float32(screen.falloff[1]) * (2 * sheet.v - 1)
    )
    band = 1 + np.float32(screen.band) * np.tanh(
        2 * np.sin(np.float32(2 * np.pi * screen.band_frequency) * sheet.v + np.float32(screen.band_phase))
    )
    emitted *= angle * band
    reflected = np.float32(screen.glare) * (0.15 + screen.glare_map)
    return emitted + (light.key + light.above)[:, None, None] * np.float32(0.5) * reflected


def beat_carrier(screen: Screen, size: int, defocus: float, phase: float) -> Array:
    """Moire factor (3, size, size) on the sampled picture: the display grid's alias at the sensor."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    x, y = axis[None, :], axis[:, None]
    damping = np.float32(np.exp(-0.4 * defocus**2))
    carrier = np.ones((3, size, size), dtype=np.float32)
    for i, (fx, fy, bow, depth) in enumerate(screen.beats):
        wave = np.float32(2 * np.pi) * (
            np.float32(fx) * x + np.float32(fy) * y + np.float32(bow) * (x * x + 0.7 * x * y - y * y)
        )
        for c in range(3):
            turn = np.float32(phase + 1.3 * i + screen.colour_shift * 2 * np.pi * (c - 1) / 3)
            carrier[c] += np.float32(depth) * damping * np.cos(wave + turn)
    return carrier
