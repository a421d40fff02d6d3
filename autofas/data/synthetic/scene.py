"""A person before a session's backdrop, under the session's light: pose, shading, depth, near-infrared.

The view looks along -z at a square of 2 * VIEW face units. A pose moves every scene pixel back onto the
canonical grid of the subject (a few fixed-point steps for the parallax of the relief), expression bends
those coordinates, and one gather reads all surface properties. Shading is wrapped Lambert (a cheap stand-in
for light bleeding under skin), hemispheric ambient light with occlusion, one coloured key light with a cast
shadow marched over the relief, and a Blinn highlight. The three sessions differ in light direction, colour,
share of ambient light and backdrop, and each video draws its own light from its session's range.

Left out: interreflection, several key lights, motion within the exposure (the camera blurs instead).
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from autofas.data.synthetic.shapes import COARSE, EXTENT, GRID, Array, smooth_noise
from autofas.data.synthetic.subject import CHANNELS, Subject

VIEW = 1.22  # face units from the centre of the crop to its border: a detector box enlarged 1.3 times
CENTRE_Y = -0.03  # the crop's centre on the face
_AT = {name: i for i, name in enumerate(CHANNELS)}


@dataclass(frozen=True)
class Light:
    """Where the light comes from (unit vector, y down, z towards the viewer) and its linear RGB strengths."""

    direction: Array
    key: Array
    above: Array
    below: Array


@dataclass(frozen=True)
class Pose:
    """Head pose (radians, face units), expression (0 = neutral) and where the head sits in the crop."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    dx: float
    dy: float
    mouth: float
    smile: float
    blink: float


@dataclass(frozen=True)
class Surface:
    """What each scene pixel sees: `index` into the canonical grid and `values` (channels, n, n)."""

    index: Array
    values: Array
    pose: Pose

    def channel(self, name: str) -> Array:
        return self.values[_AT[name]]


def _warmth(kelvin_shift: float) -> Array:
    """Linear RGB of a light, -1 = cold sky, 0 = neutral, 1 = tungsten."""
    return np.exp(np.array([0.34, 0.02, -0.42]) * kelvin_shift).astype(np.float32)


def draw_light(session: int, rng: np.random.Generator) -> Light:
    """The light of one video: ranges overlap a little between sessions, centres do not."""
    azimuth, height, warm, ambient = (
        (
            rng.normal(0.9, 0.35) * rng.choice([-1, 1]),
            rng.normal(0.35, 0.2),
            rng.normal(-0.35, 0.2),
            rng.uniform(0.45, 0.9),
        ),
        (rng.normal(0.0, 0.5), rng.normal(0.8, 0.2), rng.normal(0.6, 0.25), rng.uniform(0.35, 0.8)),
        (rng.normal(-0.2, 0.8), rng.normal(0.2, 0.3), rng.normal(0.1, 0.45), rng.uniform(0.25, 0.7)),
    )[session - 1]
    azimuth, height = float(np.clip(azimuth, -1.35, 1.35)), float(np.clip(height, -0.3, 1.1))
    direction = np.array(
        [np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height)]
    )
    above = ambient * _warmth(warm * 0.3 + rng.normal(0, 0.2)) * rng.uniform(0.9, 1.2)
    below = ambient * _warmth(0.3 + rng.normal(0, 0.2)) * rng.uniform(0.35, 0.7)
    return Light(direction.astype(np.float32), 1.1 * _warmth(warm), above, below)


def draw_backdrop(session: int, rng: np.random.Generator, n: int) -> Array:
    """Backdrop radiance (3, n, n): a blurred room, a wall, or furniture and blinds, by session."""
    tone = rng.uniform((0.25, 0.15, 0.05)[session - 1], (0.9, 0.6, 0.5)[session - 1])
    tint = tone * np.exp(rng.normal(0, 0.14, 3)).astype(np.float32)
    cells = (3, 2, 6)[session - 1]
    spread = (0.45, 0.12, 0.7)[session - 1] * rng.uniform(0.5, 1.3)
    patches = np.stack([smooth_noise(rng, (cells, cells), (n, n)) for _ in range(2)])
    room = tint[:, None, None] * np.exp(
        spread * (patches[0] + 0.25 * patches[1] * np.array([1, 0, -1])[:, None, None])
    )
    axis = np.linspace(0, 1, n, dtype=np.float32)
    if (
        rng.random() < (0.25, 0.15, 0.4)[session - 1]
    ):  # blinds, shelves, tiles: periodic things behind honest faces
        bars = np.tanh(3 * np.sin(2 * np.pi * (rng.uniform(3, 26) * axis + rng.random())))
        bars = 1 + rng.uniform(0.08, 0.4) * bars
        room = room * (bars[:, None] if rng.random() < 0.6 else bars[None, :])
    if session == 3 and rng.random() < 0.6:
        at, wide = rng.uniform(0, 1), rng.uniform(0.1, 0.35)
        room = room * np.where(np.abs(axis - at) < wide, rng.uniform(0.3, 2.2), 1.0)[None, :]
    return np.clip(room, 0.005, 2.0).astype(np.float32)


def draw_pose(rng: np.random.Generator) -> Pose:
    """The pose a video is held around."""
    g = rng.standard_normal(7)
    return Pose(
        yaw=float(np.clip(0.10 * g[0], -0.28, 0.28)),
        pitch=float(np.clip(0.06 * g[1], -0.16, 0.16)),
        roll=float(np.clip(0.045 * g[2], -0.13, 0.13)),
        scale=float(np.clip(1 + 0.045 * g[3], 0.88, 1.12)),
        dx=float(np.clip(0.035 * g[4], -0.09, 0.09)),
        dy=float(np.clip(0.035 * g[5], -0.09, 0.09)),
        mouth=float(max(0.0, 0.35 * g[6] - 0.2)),
        smile=float(rng.uniform(-0.3, 1.0)),
        blink=float(rng.uniform(0.0, 0.25)),
    )


def jitter_pose(pose: Pose, rng: np.random.Generator) -> Pose:
    """The pose of one frame of the video: small motion, now and then a blink."""
    g = rng.standard_normal(8)
    blink = pose.blink + 0.08 * abs(float(g[0])) if rng.random() > 0.06 else float(rng.uniform(0.5, 0.9))
    return replace(
        pose,
        yaw=pose.yaw + 0.035 * float(g[1]),
        pitch=pose.pitch + 0.02 * float(g[2]),
        roll=pose.roll + 0.012 * float(g[3]),
        scale=pose.scale * (1 + 0.012 * float(g[4])),
        dx=pose.dx + 0.012 * float(g[5]),
        dy=pose.dy + 0.012 * float(g[6]),
        mouth=max(0.0, pose.mouth + 0.15 * float(g[7])),
        blink=min(blink, 0.9),
    )


def place(subject: Subject, pose: Pose, n: int) -> Surface:
    """Find the canonical point under each of n x n scene pixels and read its properties."""
    axis = ((np.arange(n, dtype=np.float32) + 0.5) * (2.0 / n) - 1.0) * np.float32(VIEW)
    cos, sin = np.float32(np.cos(pose.roll) / pose.scale), np.float32(np.sin(pose.roll) / pose.scale)
    px, py = axis[None, :] - np.float32(pose.dx), axis[:, None] + np.float32(CENTRE_Y - pose.dy)
    vx, vy = cos * px + sin * py, cos * py - sin * px  # (n, n) in the head's own upright frame
    to_cell = np.float32(GRID / (2 * EXTENT))
    relief = subject.relief.ravel()
    shift_x, shift_y = np.float32(np.tan(pose.yaw)), np.float32(np.tan(pose.pitch))
    x, y = vx, vy
    for _ in range(2):
        z = np.take(relief, _cells(x, y, to_cell))
        x, y = vx - shift_x * (z - np.float32(0.25)), vy - shift_y * (z - np.float32(0.25))
    # Expression: where the surface point of this pixel sat on the neutral face.
    eye = np.exp(-(((np.abs(x) - subject.eye_x) / 0.22) ** 2) - ((y - subject.eye_y) / 0.10) ** 2)
    y = y + eye * np.float32(pose.blink) * (y - subject.eye_y - 0.03) * np.float32(2.2)
    below = y - subject.mouth_y
    near = np.exp(-((x / (subject.mouth_half * 1.15)) ** 2))
    opening = np.float32(0.09 * min(pose.mouth, 1.0))
    y = y - opening * near * np.clip(below / 0.06, -0.25, 1.0) * np.exp(-((below / 0.40) ** 2))
    corner = (x / subject.mouth_half) ** 2
    y = y + np.float32(0.045 * pose.smile) * corner * np.exp(-0.7 * corner - (below / 0.13) ** 2)
    index = _cells(x, y, to_cell)
    values = np.ascontiguousarray(np.take(subject.table, index.ravel(), axis=0).T).reshape(
        len(CHANNELS), n, n
    )
    return Surface(index, values, pose)


def _cells(x: Array, y: Array, to_cell: np.float32) -> Array:
    column = np.clip((x + np.float32(EXTENT)) * to_cell, 0, GRID - 1).astype(np.intp)
    row = np.clip((y + np.float32(EXTENT)) * to_cell, 0, GRID - 1).astype(np.intp)
    return row * GRID + column


def _into_head(direction: Array, pose: Pose) -> Array:
    """A view-space direction as the head, turned by its pose, sees it."""
    cy, sy, cp, sp = np.cos(pose.yaw), np.sin(pose.yaw), np.cos(pose.pitch), np.sin(pose.pitch)
    x, y, z = direction
    x, z = cy * x - sy * z, sy * x + cy * z
    y, z = cp * y - sp * z, sp * y + cp * z
    cr, sr = np.cos(pose.roll), np.sin(pose.roll)
    return np.array([cr * x + sr * y, cr * y - sr * x, z], dtype=np.float32)


def _cast_shadow(subject: Subject, light: Array) -> Array:
    """Share of the key light reaching each canonical cell (GRID, GRID): a march over the coarse relief."""
    m, low = COARSE, subject.coarse
    blocked = np.full((m, m), -1.0, dtype=np.float32)
    cell = 2 * EXTENT / m
    for t in (0.08, 0.14, 0.22, 0.32, 0.45, 0.6):
        c, r = round(float(light[0]) * t / cell), round(float(light[1]) * t / cell)
        ahead = np.roll(low, (-r, -c), axis=(0, 1))
        blocked = np.maximum(blocked, (ahead - low - t * light[2] - 0.015) / t)
    lit = np.clip(1.0 - blocked * 3.0, 0.0, 1.0).astype(np.float32)
    return np.asarray(Image.fromarray(lit).resize((GRID, GRID), Image.Resampling.BILINEAR))


def shade(subject: Subject, surface: Surface, light: Light, backdrop: Array) -> Array:
    """Linear radiance (3, n, n) of the person before `backdrop` (3, n, n)."""
    toward = _into_head(light.direction, surface.pose)
    nx, ny = surface.channel("nx"), surface.channel("ny")
    nz = np.sqrt(np.maximum(1.0 - nx * nx - ny * ny, 0.0))
    facing = toward[0] * nx + toward[1] * ny + toward[2] * nz
    lit = np.take(_cast_shadow(subject, toward), surface.index)
    half = toward + _into_head(np.array([0.0, 0.0, 1.0]), surface.pose)
    half = half / np.linalg.norm(half)
    shine = np.maximum(half[0] * nx + half[1] * ny + half[2] * nz, 0.0)
    for _ in range(4):  # to the power 16
        shine = shine * shine
    shine = shine * surface.channel("gloss") * lit
    up = 0.5 - 0.5 * ny
    occlusion, alpha = surface.channel("occlusion"), surface.channel("alpha")
    out = np.empty_like(backdrop)
    for c, wrap in enumerate((0.30, 0.16, 0.10)):
        diffuse = np.maximum((facing + wrap) * np.float32(1 / (1 + wrap)), 0.0) * (
            lit + (1 - lit) * np.float32(wrap)
        )
        sky = (light.below[c] + (light.above[c] - light.below[c]) * up) * occlusion
        radiance = (
            surface.values[_AT["red"] + c] * (light.key[c] * diffuse + sky) + (0.16 * light.key[c]) * shine
        )
        out[c] = backdrop[c] + alpha * (radiance - backdrop[c])
    return out


def depth_view(subject: Subject, surface: Surface, behind: float) -> Array:
    """Height towards the viewer (n, n), face units; the backdrop lies `behind` units further away."""
    height = subject.relief.ravel()[surface.index]
    axis = (np.arange(height.shape[1], dtype=np.float32) / height.shape[1] - 0.5) * 2 * VIEW
    turned = height * np.float32(np.cos(surface.pose.yaw)) - np.float32(np.sin(surface.pose.yaw)) * axis
    return np.where(surface.channel("alpha") > 0.5, turned, np.float32(-behind))


def infrared_view(surface: Surface, flash: float, rng: np.random.Generator) -> Array:
    """Near-infrared radiance (n, n) under a lamp beside the lens; the backdrop is far and dark."""
    nx, ny = surface.channel("nx"), surface.channel("ny")
    nz = np.sqrt(np.maximum(1.0 - nx * nx - ny * ny, 0.0))
    lamp = np.float32(rng.uniform(-0.15, 0.15))
    facing = np.maximum(nz * np.float32(np.sqrt(1 - lamp * lamp)) + lamp * nx, 0.0)
    albedo = surface.channel("infrared")
    skin = surface.channel("skin")
    lit = albedo * (0.25 + 0.75 * facing) * np.float32(flash) * surface.channel("occlusion")
    lit = lit + 0.10 * flash * skin * facing**12
    return np.where(surface.channel("alpha") > 0.5, lit, np.float32(0.06 * rng.uniform(0.4, 2.0)))
