"""The bare head of an invented person: relief, skin, lips, nostrils, eyes and brows, on the canonical grid.

Relief is an ellipsoid with a squarer chin plus smooth bumps (brow ridge, sockets, nose, cheeks, lips,
chin); skin has two pigments, melanin and haemoglobin, with freckles and stubble over it. A `Head` is the
working state while one person is built; attire.py adds hair, glasses and clothes.
Left out: teeth, tongue, wrinkles that follow expression.
"""

import numpy as np

from autofas.data.synthetic.shapes import EXTENT, GRID, Array, bump, mix, ramp, smooth_noise


def hair_pigment(rng: np.random.Generator, melanin: float) -> Array:
    """Linear RGB albedo (3,) of a hair colour that goes with the skin."""
    shades = np.array(
        [
            [0.012, 0.010, 0.009],
            [0.035, 0.022, 0.015],
            [0.10, 0.055, 0.028],
            [0.32, 0.21, 0.10],
            [0.28, 0.27, 0.26],
            [0.22, 0.07, 0.025],
        ]
    )
    fair = [0.24, 0.30, 0.24, 0.12, 0.05, 0.05]
    chosen = rng.choice(6, p=fair) if melanin < 0.45 else rng.choice(6, p=[0.70, 0.22, 0.03, 0.0, 0.05, 0.0])
    return (shades[chosen] * rng.uniform(0.8, 1.25)).astype(np.float32)


class Head:
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
        width = self.half_width * (1.0 - self.jaw * ramp(y, 0.05, 1.05))
        square = 2.0 + pick(0.3, 1.0) * ramp(y, 0.0, 0.5)  # a squarer chin than an ellipse has
        self.radius = (np.abs(x / width) ** square + np.abs(y / self.half_height) ** square) ** (1 / square)
        head = np.sqrt(np.clip(1.0 - self.radius**2.4, 0.0, 1.0)) * pick(0.62, 0.78)
        z = head.copy()
        z += pick(0.035, 0.075) * bump(s, y, 0.24, self.eye_y - 0.17, 0.19, 0.075)
        z -= pick(0.09, 0.13) * bump(s, y, self.eye_x, self.eye_y, 0.17, 0.10)
        z += 0.055 * bump(s, y, self.eye_x, self.eye_y, 0.085, 0.062)
        bridge = ramp(y, self.eye_y - 0.10, self.nose_y) * (1.0 - ramp(y, self.nose_y, self.nose_y + 0.11))
        z += (
            self.nose_height
            * (0.25 + 0.75 * bridge)
            * np.exp(-0.5 * (x / (0.055 + 0.045 * bridge)) ** 2)
            * ramp(y, self.eye_y - 0.16, self.eye_y + 0.06)
            * (1.0 - ramp(y, self.nose_y + 0.01, self.nose_y + 0.10))
        )
        z += 0.5 * self.nose_height * bump(s, y, self.nose_half * 0.72, self.nose_y + 0.025, 0.050, 0.050)
        z += pick(0.02, 0.06) * bump(s, y, 0.44, 0.17, 0.17, 0.13)
        z -= pick(0.005, 0.022) * bump(s - 0.9 * (y - self.nose_y), y, 0.17, 0.42, 0.035, 0.13)
        z += 0.055 * bump(x, y, 0.0, self.mouth_y, 0.24, 0.13)
        z += 0.030 * bump(x, y, 0.0, self.mouth_y - 0.045, self.mouth_half * 0.65, 0.024)
        z += 0.040 * bump(x, y, 0.0, self.mouth_y + 0.055, self.mouth_half * 0.60, 0.030)
        z -= 0.030 * bump(x, y, 0.0, self.mouth_y, self.mouth_half * 0.8, 0.014)
        z -= 0.030 * bump(x, y, 0.0, self.mouth_y + 0.15, 0.17, 0.035)
        z += pick(0.03, 0.07) * bump(x, y, 0.0, 0.84, 0.17, 0.09)
        z += 0.0025 * self.noise[24] + 0.0009 * self.noise[96]
        return np.where(self.radius < 1.0, np.maximum(z, 0.0), 0.0) * ramp(1.0 - self.radius, 0.0, 0.02)

    def skin(self) -> Array:
        """Albedo of bare skin, linear RGB (3, GRID, GRID)."""
        rng, m, x, y, s = self.rng, self.melanin, self.x, self.y, self.side
        light = np.array([0.72, 0.50, 0.40]) * rng.uniform(0.93, 1.05, 3)
        dark = np.array([0.125, 0.070, 0.046]) * rng.uniform(0.9, 1.2, 3)
        base = np.exp((1 - m) * np.log(light) + m * np.log(dark)).astype(np.float32)
        self.base = base
        blood = 0.55 * bump(s, y, 0.42, 0.22, 0.15, 0.13) + 0.5 * bump(x, y, 0.0, self.nose_y, 0.11, 0.09)
        blood += 0.35 * bump(s, y, 0.70, 0.0, 0.08, 0.18) + 0.10 * self.noise[6] + 0.10 * self.noise[24]
        blood = blood * rng.uniform(0.4, 1.3) * (1 - 0.5 * m)
        depth = np.array([0.05, 0.26, 0.24], dtype=np.float32)[:, None, None]
        colour = base[:, None, None] * np.exp(-depth * blood)
        colour *= np.exp(0.035 * self.noise[24] + 0.030 * self.noise[96] + 0.030 * self.noise[192])
        socket = rng.uniform(0.15, 0.5) * bump(s, y, self.eye_x, self.eye_y + 0.04, 0.15, 0.09)
        colour *= 1.0 - socket * np.array([0.55, 0.65, 0.60], dtype=np.float32)[:, None, None]
        if rng.random() < 0.35:  # freckles and moles
            spots = ramp(self.noise[96] - 0.4 * (y - 0.1) ** 2, 1.5, 2.2) * rng.uniform(0.1, 0.45)
            colour *= 1.0 - spots * np.array([0.35, 0.6, 0.7], dtype=np.float32)[:, None, None]
        if self.masculine and rng.random() < 0.75:
            zone = ramp(y, 0.28, 0.55) * (1 - bump(x, y, 0, 0.38, 0.09, 0.06)) * ramp(self.radius, 0.25, 0.6)
            zone = np.maximum(zone, 0.9 * bump(x, y, 0.0, self.mouth_y - 0.11, 0.17, 0.03))
            stubble = (
                zone
                * np.clip(0.6 + 0.35 * self.noise[192] + 0.2 * self.noise[96], 0, 1)
                * rng.uniform(0.15, 0.7)
            )
            colour = mix(colour, 0.32 * base, stubble)
        return colour

    def features(self, colour: Array) -> Array:
        """Lips, nostrils, eyes and brows over `colour`; also sets the gloss and infrared maps."""
        colour, lips, nostril = self._mouth_and_nostrils(colour)
        colour, iris, pupil = self._eyes(colour)
        colour, lash = self._lids(colour)
        colour, brow = self._brows(colour)
        x, y = self.x, self.y
        self.gloss = (
            0.30 + 0.45 * bump(x, y, 0, -0.45, 0.30, 0.20) + 0.5 * bump(x, y, 0, self.nose_y, 0.07, 0.22)
        )
        self.gloss += 0.3 * lips + 0.9 * self.inside_eye
        self.gloss *= 1 - 0.85 * brow
        self.infrared = 0.60 + 0.02 * self.noise[24] - 0.32 * iris - 0.25 * pupil - 0.26 * brow - 0.22 * lash
        self.infrared -= 0.05 * lips + 0.25 * np.clip(nostril, 0, 1) + 0.08 * self.melanin
        return colour

    def _mouth_and_nostrils(self, colour: Array) -> tuple[Array, Array, Array]:
        rng, x, y, s, edge = self.rng, self.x, self.y, self.side, self.edge
        half, mouth = self.mouth_half, self.mouth_y
        t = np.clip(np.abs(x) / half, 0, 1)
        bow = self.lip * (1 - t**2) * (0.85 - 0.32 * np.exp(-0.5 * (x / 0.035) ** 2))
        line = mouth + rng.uniform(-0.02, 0.012) * t**2
        lips = ramp(y, line - bow - edge, line - bow + edge) * (
            1 - ramp(y, line + self.lip * (1 - t**2.4), line + self.lip * (1 - t**2.4) + 2 * edge)
        )
        lips *= 1 - ramp(np.abs(x), half * 0.93, half)
        tint = self.base * np.array([0.86, 0.50, 0.55]) * rng.uniform(0.8, 1.1)
        if not self.masculine and rng.random() < 0.4:
            tint = tint * np.array([1.05, 0.45, 0.55])
        colour = mix(colour, tint.astype(np.float32), 0.85 * lips)
        seam = np.exp(-0.5 * ((y - line) / 0.011) ** 2) * (1 - ramp(np.abs(x), half * 0.9, half * 1.08))
        colour = mix(colour, 0.12 * self.base, 0.85 * seam)
        nostril = bump(s, y, self.nose_half * 0.50, self.nose_y + 0.078, 0.030, 0.016)
        return mix(colour, 0.10 * self.base, np.clip(1.1 * nostril, 0, 0.9)), lips, nostril

    def _along_eye(self) -> tuple[Array, Array, Array, Array]:
        """Place along the eye (-1 at the nose), its middle line, and how far it opens up and down."""
        u = (self.side - self.eye_x) / self.eye_half
        open_up = self.eye_open * np.sqrt(np.clip(1 - u**2, 0, 1)) * (1.0 + 0.12 * u)
        return u, self.eye_y - 0.018 * u, open_up, 0.72 * self.eye_open * np.clip(1 - u**2, 0, 1)

    def _eyes(self, colour: Array) -> tuple[Array, Array, Array]:
        rng, x, y, s, edge = self.rng, self.x, self.y, self.side, self.edge
        u, lift, open_up, open_low = self._along_eye()
        inside = ramp(y, lift - open_up - edge, lift - open_up + edge) * (
            1 - ramp(y, lift + open_low - edge, lift + open_low + edge)
        )
        inside *= np.abs(u) < 1
        colour = mix(colour, np.array([0.62, 0.58, 0.55], dtype=np.float32), inside)
        gaze = rng.uniform(-0.012, 0.012)
        dx = np.abs(x - gaze) - self.eye_x
        iris_r = np.sqrt(dx**2 + (y - self.eye_y + 0.006) ** 2)
        iris = (1 - ramp(iris_r, 0.070 - edge, 0.070 + edge)) * inside
        palettes = np.array(
            [[0.10, 0.05, 0.025], [0.05, 0.025, 0.015], [0.12, 0.20, 0.30], [0.14, 0.17, 0.08]]
        )
        shade = palettes[
            rng.choice(4, p=[0.4, 0.3, 0.17, 0.13]) if self.melanin < 0.5 else rng.integers(0, 2)
        ]
        colour = mix(colour, shade.astype(np.float32), iris)
        colour = mix(colour, 0.35 * shade.astype(np.float32), iris * ramp(iris_r, 0.052, 0.072))
        pupil = (1 - ramp(iris_r, 0.028 - edge, 0.028 + edge)) * inside
        colour = mix(colour, np.full(3, 0.008, dtype=np.float32), pupil)
        glint = bump(s, y, self.eye_x - 0.02, self.eye_y - 0.026, 0.010, 0.010) * inside
        self.inside_eye = inside
        return mix(colour, np.full(3, 0.9, dtype=np.float32), 0.8 * glint), iris, pupil

    def _lids(self, colour: Array) -> tuple[Array, Array]:
        y = self.y
        u, lift, open_up, open_low = self._along_eye()
        span = 1 - ramp(np.abs(u), 0.95, 1.15)
        lash = np.exp(-0.5 * ((y - (lift - open_up - 0.004)) / 0.011) ** 2) * span
        lower = np.exp(-0.5 * ((y - (lift + open_low + 0.004)) / 0.008) ** 2) * span
        crease = np.exp(-0.5 * ((y - (lift - open_up - 0.040)) / 0.009) ** 2) * span
        self.hair_colour = hair_pigment(self.rng, self.melanin)
        colour = mix(colour, 0.05 * self.base, 0.85 * lash)
        colour = mix(colour, 0.35 * self.base, 0.30 * lower)
        return mix(colour, 0.45 * self.base, 0.50 * crease), lash

    def _brows(self, colour: Array) -> tuple[Array, Array]:
        rng, y = self.rng, self.y
        arch, thick = rng.uniform(0.01, 0.05), rng.uniform(0.018, 0.036)
        b = (self.side - self.eye_x - 0.02) / 0.20
        ridge = (
            self.eye_y
            - rng.uniform(0.155, 0.20)
            - arch * (1 - (b - 0.25) ** 2)
            + 0.02 * np.clip(b, 0, 2) ** 2
        )
        brow = np.exp(-0.5 * (np.abs(y - ridge) / (thick * (1.1 - 0.45 * np.clip(b, -1, 1)))) ** 2.5)
        brow *= (1 - ramp(np.abs(b), 0.80, 1.05)) * np.clip(0.85 + 0.30 * self.noise[192], 0.3, 1)
        hair = np.minimum(0.8 * self.hair_colour, 0.35 * self.base)
        return mix(colour, hair, rng.uniform(0.75, 0.97) * brow), brow
