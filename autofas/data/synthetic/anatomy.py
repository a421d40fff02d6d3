"""The invented people: a height field and a skin, hair and eye map for each, drawn from the subject's own seed.

A subject lives on a square canonical grid spanning [-EXTENT, EXTENT] face units, x to the right, y down; the face's
half height is about one unit. Everything that does not depend on pose or light is worked out once a subject and kept:
relief, normals, occlusion, albedo, gloss, silhouette and near-infrared albedo, packed so that a pose reads all of it
with one gather. Shapes are sums of smooth bumps (an ellipsoid, brow ridge, sockets, nose, cheeks, lips, chin), albedo
is a two-pigment skin (melanin, haemoglobin) with freckles, lips, brows, stubble and hair over it.

Left out: teeth, tongue, wrinkles that follow expression, hair strands as geometry.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

GRID = 384  # canonical pixels a side, about 1.7 x the finest scene grid used at 128 x 128
COARSE = 96  # cells a side of the relief that shadows are marched over
EXTENT = 1.6  # face units from the centre to the border of the canonical grid
CHANNELS = ("nx", "ny", "occlusion", "red", "green", "blue", "gloss", "alpha", "infrared", "skin")

Array = np.ndarray


@dataclass(frozen=True)
class Subject:
    """One person: `table` (GRID*GRID, len(CHANNELS)), `relief` (GRID, GRID) and `coarse` (COARSE, COARSE) in face units."""

    table: Array
    relief: Array
    coarse: Array
    eye_x: float
    eye_y: float
    mouth_y: float
    mouth_half: float


def smooth_noise(rng: np.random.Generator, cells: tuple[int, int], shape: tuple[int, int]) -> Array:
    """Gaussian noise on `cells` (rows, columns), enlarged bicubically to `shape`; about unit variance, float32."""
    coarse = rng.standard_normal(cells, dtype=np.float32)
    wide = Image.fromarray(coarse).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(wide, dtype=np.float32)


def _ramp(value: Array, low: float, high: float) -> Array:
    """Smoothstep: 0 below `low`, 1 above `high`."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _bump(x: Array, y: Array, cx: float, cy: float, sx: float, sy: float) -> Array:
    return np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))


def _mix(base: Array, colour: Array, weight: Array) -> Array:
    """`base` (3, H, W) moved towards `colour` (3,) or (3, H, W) by `weight` (H, W)."""
    target = colour[:, None, None] if colour.ndim == 1 else colour
    return base + (target - base) * weight


class _Painter:
    """Working state while one subject is built; the steps below each add one part of the face."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        axis = (np.arange(GRID, dtype=np.float32) + 0.5) * (2 * EXTENT / GRID) - EXTENT
        self.x, self.y = np.meshgrid(axis, axis)
        self.side = np.abs(self.x)
        self.edge = 1.6 * 2 * EXTENT / GRID  # width of an antialiased border, face units

        def pick(low: float, high: float) -> float:
            return float(rng.uniform(low, high))

        self.half_width, self.half_height = pick(0.66, 0.78), pick(0.96, 1.06)
        self.jaw = pick(0.06, 0.24)
        self.eye_x, self.eye_y = pick(0.27, 0.33), pick(-0.16, -0.08)
        self.eye_half, self.eye_open = pick(0.145, 0.175), pick(0.062, 0.088)
        self.nose_y, self.nose_half, self.nose_height = pick(0.22, 0.30), pick(0.11, 0.17), pick(0.16, 0.27)
        self.mouth_y, self.mouth_half = pick(0.53, 0.60), pick(0.21, 0.29)
        self.lip = pick(0.055, 0.095)
        self.melanin = float(np.clip(rng.beta(1.3, 1.6), 0.02, 0.95))
        self.masculine = bool(rng.random() < 0.5)
        self.noise = {n: smooth_noise(rng, (n, n), (GRID, GRID)) for n in (6, 24, 96, 192)}

    def relief(self) -> Array:
        """Height above the silhouette's plane, face units; 0 outside the head."""
        x, y, s, pick = self.x, self.y, self.side, self.rng.uniform
        width = self.half_width * (1.0 - self.jaw * _ramp(y, 0.05, 1.05))
        square = 2.0 + pick(0.3, 1.0) * _ramp(y, 0.0, 0.5)  # a squarer chin than an ellipse has
        self.radius = (np.abs(x / width) ** square + np.abs(y / self.half_height) ** square) ** (1 / square)
        head = np.sqrt(np.clip(1.0 - self.radius**2.4, 0.0, 1.0)) * pick(0.62, 0.78)
        z = head.copy()
        z += pick(0.035, 0.075) * _bump(s, y, 0.24, self.eye_y - 0.17, 0.19, 0.075)
        z -= pick(0.09, 0.13) * _bump(s, y, self.eye_x, self.eye_y, 0.17, 0.10)
        z += 0.055 * _bump(s, y, self.eye_x, self.eye_y, 0.085, 0.062)
        bridge = _ramp(y, self.eye_y - 0.10, self.nose_y) * (1.0 - _ramp(y, self.nose_y, self.nose_y + 0.11))
        z += self.nose_height * (0.25 + 0.75 * bridge) * np.exp(-0.5 * (x / (0.055 + 0.045 * bridge)) ** 2) * _ramp(
            y, self.eye_y - 0.16, self.eye_y + 0.06
        ) * (1.0 - _ramp(y, self.nose_y + 0.01, self.nose_y + 0.10))
        z += 0.5 * self.nose_height * _bump(s, y, self.nose_half * 0.72, self.nose_y + 0.025, 0.050, 0.050)
        z += pick(0.02, 0.06) * _bump(s, y, 0.44, 0.17, 0.17, 0.13)
        z -= pick(0.005, 0.022) * _bump(s - 0.9 * (y - self.nose_y), y, 0.17, 0.42, 0.035, 0.13)
        z += 0.055 * _bump(x, y, 0.0, self.mouth_y, 0.24, 0.13)
        z += 0.030 * _bump(x, y, 0.0, self.mouth_y - 0.045, self.mouth_half * 0.65, 0.024)
        z += 0.040 * _bump(x, y, 0.0, self.mouth_y + 0.055, self.mouth_half * 0.60, 0.030)
        z -= 0.030 * _bump(x, y, 0.0, self.mouth_y, self.mouth_half * 0.8, 0.014)
        z -= 0.030 * _bump(x, y, 0.0, self.mouth_y + 0.15, 0.17, 0.035)
        z += pick(0.03, 0.07) * _bump(x, y, 0.0, 0.84, 0.17, 0.09)
        z += 0.0025 * self.noise[24] + 0.0009 * self.noise[96]
        return np.where(self.radius < 1.0, np.maximum(z, 0.0), 0.0) * _ramp(1.0 - self.radius, 0.0, 0.02)

    def skin(self) -> Array:
        """Albedo of bare skin, linear RGB (3, GRID, GRID)."""
        rng, m, x, y, s = self.rng, self.melanin, self.x, self.y, self.side
        light = np.array([0.72, 0.50, 0.40]) * rng.uniform(0.93, 1.05, 3)
        dark = np.array([0.125, 0.070, 0.046]) * rng.uniform(0.9, 1.2, 3)
        base = np.exp((1 - m) * np.log(light) + m * np.log(dark)).astype(np.float32)
        self.base = base
        blood = 0.55 * _bump(s, y, 0.42, 0.22, 0.15, 0.13) + 0.5 * _bump(x, y, 0.0, self.nose_y, 0.11, 0.09)
        blood += 0.35 * _bump(s, y, 0.70, 0.0, 0.08, 0.18) + 0.10 * self.noise[6] + 0.10 * self.noise[24]
        blood = blood * rng.uniform(0.4, 1.3) * (1 - 0.5 * m)
        depth = np.array([0.05, 0.26, 0.24], dtype=np.float32)[:, None, None]
        colour = base[:, None, None] * np.exp(-depth * blood)
        colour *= np.exp(0.035 * self.noise[24] + 0.030 * self.noise[96] + 0.030 * self.noise[192])
        socket = rng.uniform(0.15, 0.5) * _bump(s, y, self.eye_x, self.eye_y + 0.04, 0.15, 0.09)
        colour *= 1.0 - socket * np.array([0.55, 0.65, 0.60], dtype=np.float32)[:, None, None]
        if rng.random() < 0.35:  # freckles and moles
            spots = _ramp(self.noise[96] - 0.4 * (y - 0.1) ** 2, 1.5, 2.2) * rng.uniform(0.1, 0.45)
            colour *= 1.0 - spots * np.array([0.35, 0.6, 0.7], dtype=np.float32)[:, None, None]
        if self.masculine and rng.random() < 0.75:
            zone = _ramp(y, 0.28, 0.55) * (1 - _bump(x, y, 0, 0.38, 0.09, 0.06)) * _ramp(self.radius, 0.25, 0.6)
            zone = np.maximum(zone, 0.9 * _bump(x, y, 0.0, self.mouth_y - 0.11, 0.17, 0.03))
            stubble = zone * np.clip(0.6 + 0.35 * self.noise[192] + 0.2 * self.noise[96], 0, 1) * rng.uniform(0.15, 0.7)
            colour = _mix(colour, 0.32 * base, stubble)
        return colour

    def features(self, colour: Array) -> Array:
        """Lips, nostrils, eyes and brows over `colour`; also sets the gloss map."""
        rng, x, y, s, edge = self.rng, self.x, self.y, self.side, self.edge
        half, mouth = self.mouth_half, self.mouth_y
        t = np.clip(np.abs(x) / half, 0, 1)
        bow = self.lip * (1 - t**2) * (0.85 - 0.32 * np.exp(-0.5 * (x / 0.035) ** 2))
        line = mouth + rng.uniform(-0.02, 0.012) * t**2
        lips = _ramp(y, line - bow - edge, line - bow + edge) * (1 - _ramp(y, line + self.lip * (1 - t**2.4), line + self.lip * (1 - t**2.4) + 2 * edge))
        lips *= 1 - _ramp(np.abs(x), half * 0.93, half)
        tint = self.base * np.array([0.86, 0.50, 0.55]) * rng.uniform(0.8, 1.1)
        if not self.masculine and rng.random() < 0.4:
            tint = tint * np.array([1.05, 0.45, 0.55])
        colour = _mix(colour, tint.astype(np.float32), 0.85 * lips)
        seam = np.exp(-0.5 * ((y - line) / 0.011) ** 2) * (1 - _ramp(np.abs(x), half * 0.9, half * 1.08))
        colour = _mix(colour, 0.12 * self.base, 0.85 * seam)
        nostril = _bump(s, y, self.nose_half * 0.50, self.nose_y + 0.078, 0.030, 0.016)
        colour = _mix(colour, 0.10 * self.base, np.clip(1.1 * nostril, 0, 0.9))

        u = (s - self.eye_x) / self.eye_half  # along the eye, -1 at the nose
        lift = self.eye_y - 0.018 * u
        open_up = self.eye_open * np.sqrt(np.clip(1 - u**2, 0, 1)) * (1.0 + 0.12 * u)
        open_low = 0.72 * self.eye_open * np.clip(1 - u**2, 0, 1)
        inside = _ramp(y, lift - open_up - edge, lift - open_up + edge) * (1 - _ramp(y, lift + open_low - edge, lift + open_low + edge))
        inside *= np.abs(u) < 1
        colour = _mix(colour, np.array([0.62, 0.58, 0.55], dtype=np.float32), inside)
        gaze = rng.uniform(-0.012, 0.012)
        dx = np.abs(x - gaze) - self.eye_x
        iris_r = np.sqrt(dx**2 + (y - self.eye_y + 0.006) ** 2)
        iris = (1 - _ramp(iris_r, 0.070 - edge, 0.070 + edge)) * inside
        palettes = np.array([[0.10, 0.05, 0.025], [0.05, 0.025, 0.015], [0.12, 0.20, 0.30], [0.14, 0.17, 0.08]])
        shade = palettes[rng.choice(4, p=[0.4, 0.3, 0.17, 0.13]) if self.melanin < 0.5 else rng.integers(0, 2)]
        colour = _mix(colour, shade.astype(np.float32), iris)
        colour = _mix(colour, 0.35 * shade.astype(np.float32), iris * _ramp(iris_r, 0.052, 0.072))
        pupil = (1 - _ramp(iris_r, 0.028 - edge, 0.028 + edge)) * inside
        colour = _mix(colour, np.full(3, 0.008, dtype=np.float32), pupil)
        glint = _bump(s, y, self.eye_x - 0.02, self.eye_y - 0.026, 0.010, 0.010) * inside
        colour = _mix(colour, np.full(3, 0.9, dtype=np.float32), 0.8 * glint)
        span = 1 - _ramp(np.abs(u), 0.95, 1.15)
        lash = np.exp(-0.5 * ((y - (lift - open_up - 0.004)) / 0.011) ** 2) * span
        lower = np.exp(-0.5 * ((y - (lift + open_low + 0.004)) / 0.008) ** 2) * span
        crease = np.exp(-0.5 * ((y - (lift - open_up - 0.040)) / 0.009) ** 2) * span
        self.hair_colour = self._hair_colour()
        colour = _mix(colour, 0.05 * self.base, 0.85 * lash)
        colour = _mix(colour, 0.35 * self.base, 0.30 * lower)
        colour = _mix(colour, 0.45 * self.base, 0.50 * crease)

        arch, thick = rng.uniform(0.01, 0.05), rng.uniform(0.018, 0.036)
        b = (s - self.eye_x - 0.02) / 0.20
        ridge = self.eye_y - rng.uniform(0.155, 0.20) - arch * (1 - (b - 0.25) ** 2) + 0.02 * np.clip(b, 0, 2) ** 2
        brow = np.exp(-0.5 * (np.abs(y - ridge) / (thick * (1.1 - 0.45 * np.clip(b, -1, 1)))) ** 2.5)
        brow *= (1 - _ramp(np.abs(b), 0.80, 1.05)) * np.clip(0.85 + 0.30 * self.noise[192], 0.3, 1)
        colour = _mix(colour, np.minimum(0.8 * self.hair_colour, 0.35 * self.base), rng.uniform(0.75, 0.97) * brow)
        self.inside_eye = inside
        self.gloss = 0.30 + 0.45 * _bump(x, y, 0, -0.45, 0.30, 0.20) + 0.5 * _bump(x, y, 0, self.nose_y, 0.07, 0.22)
        self.gloss += 0.3 * lips + 0.9 * inside
        self.gloss *= 1 - 0.85 * brow
        self.infrared = 0.60 + 0.02 * self.noise[24] - 0.32 * iris - 0.25 * pupil - 0.26 * brow - 0.22 * lash
        self.infrared -= 0.05 * lips + 0.25 * np.clip(nostril, 0, 1) + 0.08 * self.melanin
        if rng.random() < 0.2:
            colour = self._glasses(colour)
        return colour

    def _hair_colour(self) -> Array:
        shades = np.array([[0.012, 0.010, 0.009], [0.035, 0.022, 0.015], [0.10, 0.055, 0.028], [0.32, 0.21, 0.10], [0.28, 0.27, 0.26], [0.22, 0.07, 0.025]])
        fair = [0.24, 0.30, 0.24, 0.12, 0.05, 0.05]
        chosen = self.rng.choice(6, p=fair) if self.melanin < 0.45 else self.rng.choice(6, p=[0.70, 0.22, 0.03, 0.0, 0.05, 0.0])
        return (shades[chosen] * self.rng.uniform(0.8, 1.25)).astype(np.float32)

    def _glasses(self, colour: Array) -> Array:
        power = self.rng.choice([2.0, 4.0])
        wide, tall = self.rng.uniform(0.19, 0.225), self.rng.uniform(0.12, 0.17)
        ring = (np.abs((self.side - self.eye_x) / wide) ** power + np.abs((self.y - self.eye_y - 0.02) / tall) ** power) ** (1 / power)
        frame = np.exp(-0.5 * ((ring - 1) / self.rng.uniform(0.045, 0.085)) ** 4)
        frame = np.maximum(frame, _ramp(0.012 - np.abs(self.y - self.eye_y + 0.02), 0, 0.01) * (self.side < self.eye_x - wide))
        arm = _ramp(0.014 - np.abs(self.y - self.eye_y + 0.03), 0, 0.01) * (self.side > self.eye_x + wide) * (self.radius < 1)
        frame = np.maximum(frame, arm)
        self.gloss = self.gloss + 0.6 * frame
        self.infrared = self.infrared - 0.35 * frame
        return _mix(colour, self.rng.uniform(0.01, 0.08, 3).astype(np.float32), 0.95 * frame)

    def surroundings(self, colour: Array, z: Array) -> tuple[Array, Array, Array]:
        """Hair, ears, neck and clothes; returns colour, relief and the silhouette's alpha."""
        rng, x, y, s, edge = self.rng, self.x, self.y, self.side, self.edge
        face = 1 - _ramp(self.radius, 1 - 0.03, 1 + 0.005)
        ear_x = self.half_width * 0.985
        ear_r = np.sqrt(((s - ear_x) / 0.075) ** 2 + ((y - 0.02 - 0.25 * (s - ear_x)) / 0.17) ** 2)
        lobe = 1 - _ramp(ear_r, 0.92, 1.04)
        ear = lobe * (1 - face)
        ear_skin = self.base * np.array([0.92, 0.80, 0.78], dtype=np.float32)
        ear_tone = 0.62 + 0.38 * _ramp(np.abs(ear_r - 0.55), 0.0, 0.35)

        neck_half = rng.uniform(0.38, 0.50)
        flare = neck_half + 0.55 * _ramp(y, 1.0, 1.7) ** 2
        column = (1 - _ramp(s, flare - 2 * edge, flare + edge)) * _ramp(y, 0.3, 0.4)
        neck = column * (1 - face) * (1 - ear)
        shadow = 0.42 + 0.35 * _ramp(y, 1.0, 1.5) - 0.25 * _ramp(s, 0.5 * neck_half, neck_half)
        collar = 1.16 + rng.uniform(0.0, 0.12) - 0.25 * np.clip(s - 0.1, 0, 2) * rng.uniform(0.4, 1.4)
        slope = 1.02 + 0.10 * s + 0.9 * np.clip(0.30 - s, 0, 1) * rng.uniform(0, 1)
        cloth = _ramp(y, np.minimum(collar, slope + 0.3) - edge, np.minimum(collar, slope + 0.3) + edge) * (1 - face) * _ramp(1.9 - s, 0, edge)
        dye = rng.uniform(0.02, 0.6) * rng.uniform(0.4, 1.0, 3)
        weave = 1 + 0.10 * self.noise[96]
        if rng.random() < 0.4:  # fine stripes: a periodic texture that is not an attack
            weave = weave + rng.uniform(0.15, 0.5) * np.sin(2 * np.pi * rng.uniform(5, 13) * (y if rng.random() < 0.5 else x))

        body = np.broadcast_to(self.base[:, None, None], colour.shape) * (shadow * (1 + 0.05 * self.noise[24]))
        out = _mix(body.astype(np.float32), ear_skin[:, None, None] * ear_tone, ear)
        out = _mix(out, (dye[:, None, None] * weave).astype(np.float32), cloth)
        out = _mix(out, colour, face)
        alpha = 1 - (1 - face) * (1 - lobe) * (1 - column) * (1 - cloth)
        skin_mask = np.maximum.reduce([face, ear, neck * (1 - cloth)])
        z = z + 0.10 * (1 - face) * np.sqrt(np.clip(1 - np.clip(s / flare, 0, 1) ** 2, 0, 1)) * neck * (1 - cloth)
        gloss = self.gloss * face + 0.1 * neck
        infrared = self.infrared * face + (1 - face) * (0.5 * (1 - cloth) + 0.55 * cloth)

        hair, strands = self._hair(face)
        hair_rgb = self.hair_colour[:, None, None] * np.exp(0.55 * strands)
        out = _mix(out, hair_rgb.astype(np.float32), hair)
        dome = 0.74 * np.sqrt(np.clip(1.0 - self.shell**2.4, 0.0, 1.0))
        z = z + (np.maximum(dome, 0.12) - z) * hair * np.where(y < 0.5, 1.0, 0.4) + 0.010 * hair * strands
        self.gloss = gloss * (1 - hair) + 0.35 * hair
        self.infrared = infrared * (1 - hair) + hair * (0.34 + 0.08 * strands)
        self.skin_mask = skin_mask * (1 - hair) * (1 - self.inside_eye)
        return out, z, 1 - (1 - alpha) * (1 - hair)

    def _hair(self, face: Array) -> tuple[Array, Array]:
        """Mask and strand texture of the hair: bald, cropped, short, fringed or long."""
        rng, x, y, s = self.rng, self.x, self.y, self.side
        style = rng.choice(5, p=[0.08, 0.17, 0.35, 0.15, 0.25] if self.masculine else [0.0, 0.03, 0.22, 0.30, 0.45])
        across, along = (150, 12) if style != 1 else (140, 140)
        strands = 0.75 * smooth_noise(rng, (along, across), (GRID, GRID)) + 0.35 * self.noise[24]
        if style == 0:
            self.shell = self.radius
            return np.zeros_like(x), strands
        puff = (0.03, 0.03, 0.12, 0.14, 0.18)[style] * rng.uniform(0.8, 1.3)
        shell = np.sqrt((x / (self.half_width + puff)) ** 2 + ((y + 0.06) / (self.half_height + puff)) ** 2)
        self.shell = shell
        ragged = 0.006 * self.noise[96] + 0.014 * self.noise[24]
        cap = 1 - _ramp(shell + ragged, 0.985, 1.015)
        part = rng.uniform(-0.5, 0.5)
        line = -rng.uniform(0.58, 0.72) + rng.uniform(0.0, 0.25) * (x - part) ** 2 + 0.05 * strands * 0.5
        line = line + 1.9 * np.clip(s / self.half_width - 0.78, 0, 1) * (1.0 if style != 1 else 0.7)
        if style == 3:
            line = np.maximum(line, self.eye_y - rng.uniform(0.26, 0.34) - 0.3 * np.clip(s - 0.35, 0, 1) + 0.03 * strands)
        hair = cap * (1 - _ramp(y - line, -0.03, 0.04))
        side_low = 0.12 if style in (1, 2) else 0.3
        burn = cap * _ramp(s / self.half_width, 0.93, 0.99) * (1 - _ramp(y, side_low - 0.2, side_low))
        hair = np.maximum(hair, burn * (0.75 if style == 1 else 1.0))
        if style == 4:
            outer = self.half_width + puff * (0.7 + 0.5 * _ramp(y, 0.0, 1.0))
            inner = self.half_width * (1.0 - self.jaw * _ramp(y, 0.05, 1.05)) * np.sqrt(np.clip(1 - np.abs(y / self.half_height) ** 2.4, 0.18, 1))
            length = rng.uniform(0.7, 1.6)
            fall = (1 - _ramp(s + ragged, outer - 0.02, outer + 0.02)) * _ramp(s + ragged, inner * 0.96, inner * 1.02)
            hair = np.maximum(hair, fall * _ramp(y, -0.4, -0.2) * (1 - _ramp(y + 0.06 * strands, length - 0.1, length)))
        if style == 1:
            hair = hair * np.clip(0.80 + 0.18 * self.noise[192], 0, 1)
        return hair, strands


def build_subject(seed: int, user: int) -> Subject:
    """The person `user` of the population `seed`; the same two numbers always give the same face."""
    painter = _Painter(np.random.default_rng(np.random.SeedSequence([seed, 101, user])))
    z = painter.relief()
    colour = painter.features(painter.skin())
    colour, z, alpha = painter.surroundings(colour, z)
    step = 2 * EXTENT / GRID
    dy, dx = np.gradient(z, step)
    norm = 1.0 / np.sqrt(dx**2 + dy**2 + 1.0)
    wide = Image.fromarray(z.astype(np.float32)).resize((40, 40), Image.Resampling.BOX)
    around = np.asarray(wide.resize((GRID, GRID), Image.Resampling.BICUBIC))
    occlusion = np.clip(1.0 + 5.0 * np.minimum(z - around, 0.0), 0.45, 1.0)
    planes = [-dx * norm, -dy * norm, occlusion, *colour, painter.gloss, alpha, painter.infrared, painter.skin_mask]
    table = np.stack([np.asarray(p, dtype=np.float32).ravel() for p in planes], axis=1)  # (GRID*GRID, channels)
    return Subject(
        table=np.ascontiguousarray(table),
        relief=z.astype(np.float32),
        coarse=np.asarray(Image.fromarray(z.astype(np.float32)).resize((COARSE, COARSE), Image.Resampling.BOX)),
        eye_x=painter.eye_x,
        eye_y=painter.eye_y,
        mouth_y=painter.mouth_y,
        mouth_half=painter.mouth_half,
    )
