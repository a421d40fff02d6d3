"""What frames a face: hair of five styles, glasses, ears, neck and clothes."""

import numpy as np

from autofas.data.synthetic.head import Head
from autofas.data.synthetic.shapes import GRID, Array, mix, ramp, smooth_noise


def glasses(head: Head, colour: Array) -> Array:
    """`colour` with a pair of frames over it; they shine, and are dark in the infrared."""
    power = head.rng.choice([2.0, 4.0])
    wide, tall = head.rng.uniform(0.19, 0.225), head.rng.uniform(0.12, 0.17)
    ring = (
        np.abs((head.side - head.eye_x) / wide) ** power
        + np.abs((head.y - head.eye_y - 0.02) / tall) ** power
    ) ** (1 / power)
    frame = np.exp(-0.5 * ((ring - 1) / head.rng.uniform(0.045, 0.085)) ** 4)
    frame = np.maximum(
        frame,
        ramp(0.012 - np.abs(head.y - head.eye_y + 0.02), 0, 0.01) * (head.side < head.eye_x - wide),
    )
    arm = (
        ramp(0.014 - np.abs(head.y - head.eye_y + 0.03), 0, 0.01)
        * (head.side > head.eye_x + wide)
        * (head.radius < 1)
    )
    frame = np.maximum(frame, arm)
    head.gloss = head.gloss + 0.6 * frame
    head.infrared = head.infrared - 0.35 * frame
    return mix(colour, head.rng.uniform(0.01, 0.08, 3).astype(np.float32), 0.95 * frame)


def surroundings(head: Head, colour: Array, z: Array) -> tuple[Array, Array, Array, Array]:
    """Hair, ears, neck and clothes; returns colour, relief, the silhouette's alpha and the bare skin."""
    rng, x, y, s, edge = head.rng, head.x, head.y, head.side, head.edge
    face = 1 - ramp(head.radius, 1 - 0.03, 1 + 0.005)
    ear_x = head.half_width * 0.985
    ear_r = np.sqrt(((s - ear_x) / 0.075) ** 2 + ((y - 0.02 - 0.25 * (s - ear_x)) / 0.17) ** 2)
    lobe = 1 - ramp(ear_r, 0.92, 1.04)
    ear = lobe * (1 - face)
    ear_skin = head.base * np.array([0.92, 0.80, 0.78], dtype=np.float32)
    ear_tone = 0.62 + 0.38 * ramp(np.abs(ear_r - 0.55), 0.0, 0.35)

    neck_half = rng.uniform(0.38, 0.50)
    flare = neck_half + 0.55 * ramp(y, 1.0, 1.7) ** 2
    column = (1 - ramp(s, flare - 2 * edge, flare + edge)) * ramp(y, 0.3, 0.4)
    neck = column * (1 - face) * (1 - ear)
    shadow = 0.42 + 0.35 * ramp(y, 1.0, 1.5) - 0.25 * ramp(s, 0.5 * neck_half, neck_half)
    collar = 1.16 + rng.uniform(0.0, 0.12) - 0.25 * np.clip(s - 0.1, 0, 2) * rng.uniform(0.4, 1.4)
    slope = 1.02 + 0.10 * s + 0.9 * np.clip(0.30 - s, 0, 1) * rng.uniform(0, 1)
    cloth = (
        ramp(y, np.minimum(collar, slope + 0.3) - edge, np.minimum(collar, slope + 0.3) + edge)
        * (1 - face)
        * ramp(1.9 - s, 0, edge)
    )
    dye = rng.uniform(0.02, 0.6) * rng.uniform(0.4, 1.0, 3)
    weave = 1 + 0.10 * head.noise[96]
    if rng.random() < 0.4:  # fine stripes: a periodic texture that is not an attack
        weave = weave + rng.uniform(0.15, 0.5) * np.sin(
            2 * np.pi * rng.uniform(5, 13) * (y if rng.random() < 0.5 else x)
        )

    body = np.broadcast_to(head.base[:, None, None], colour.shape) * (shadow * (1 + 0.05 * head.noise[24]))
    out = mix(body.astype(np.float32), ear_skin[:, None, None] * ear_tone, ear)
    out = mix(out, (dye[:, None, None] * weave).astype(np.float32), cloth)
    out = mix(out, colour, face)
    alpha = 1 - (1 - face) * (1 - lobe) * (1 - column) * (1 - cloth)
    skin_mask = np.maximum.reduce([face, ear, neck * (1 - cloth)])
    z = z + 0.10 * (1 - face) * np.sqrt(np.clip(1 - np.clip(s / flare, 0, 1) ** 2, 0, 1)) * neck * (1 - cloth)
    gloss = head.gloss * face + 0.1 * neck
    infrared = head.infrared * face + (1 - face) * (0.5 * (1 - cloth) + 0.55 * cloth)

    hair, strands, shell = _hair(head)
    hair_rgb = head.hair_colour[:, None, None] * np.exp(0.55 * strands)
    out = mix(out, hair_rgb.astype(np.float32), hair)
    dome = 0.74 * np.sqrt(np.clip(1.0 - shell**2.4, 0.0, 1.0))
    z = z + (np.maximum(dome, 0.12) - z) * hair * np.where(y < 0.5, 1.0, 0.4) + 0.010 * hair * strands
    head.gloss = gloss * (1 - hair) + 0.35 * hair
    head.infrared = infrared * (1 - hair) + hair * (0.34 + 0.08 * strands)
    return out, z, 1 - (1 - alpha) * (1 - hair), skin_mask * (1 - hair) * (1 - head.inside_eye)


def _hair(head: Head) -> tuple[Array, Array, Array]:
    """Mask, strand texture and shell radius (1 at the rim) of hair: none, cropped, short, fringed, long."""
    rng, x, y, s = head.rng, head.x, head.y, head.side
    style = rng.choice(
        5, p=[0.08, 0.17, 0.35, 0.15, 0.25] if head.masculine else [0.0, 0.03, 0.22, 0.30, 0.45]
    )
    across, along = (150, 12) if style != 1 else (140, 140)
    strands = 0.75 * smooth_noise(rng, (along, across), (GRID, GRID)) + 0.35 * head.noise[24]
    if style == 0:
        return np.zeros_like(x), strands, head.radius
    puff = (0.03, 0.03, 0.12, 0.14, 0.18)[style] * rng.uniform(0.8, 1.3)
    shell = np.sqrt((x / (head.half_width + puff)) ** 2 + ((y + 0.06) / (head.half_height + puff)) ** 2)
    ragged = 0.006 * head.noise[96] + 0.014 * head.noise[24]
    cap = 1 - ramp(shell + ragged, 0.985, 1.015)
    part = rng.uniform(-0.5, 0.5)
    line = -rng.uniform(0.58, 0.72) + rng.uniform(0.0, 0.25) * (x - part) ** 2 + 0.05 * strands * 0.5
    line = line + 1.9 * np.clip(s / head.half_width - 0.78, 0, 1) * (1.0 if style != 1 else 0.7)
    if style == 3:
        line = np.maximum(
            line, head.eye_y - rng.uniform(0.26, 0.34) - 0.3 * np.clip(s - 0.35, 0, 1) + 0.03 * strands
        )
    hair = cap * (1 - ramp(y - line, -0.03, 0.04))
    side_low = 0.12 if style in (1, 2) else 0.3
    burn = cap * ramp(s / head.half_width, 0.93, 0.99) * (1 - ramp(y, side_low - 0.2, side_low))
    hair = np.maximum(hair, burn * (0.75 if style == 1 else 1.0))
    if style == 4:
        outer = head.half_width + puff * (0.7 + 0.5 * ramp(y, 0.0, 1.0))
        inner = (
            head.half_width
            * (1.0 - head.jaw * ramp(y, 0.05, 1.05))
            * np.sqrt(np.clip(1 - np.abs(y / head.half_height) ** 2.4, 0.18, 1))
        )
        length = rng.uniform(0.7, 1.6)
        fall = (1 - ramp(s + ragged, outer - 0.02, outer + 0.02)) * ramp(
            s + ragged, inner * 0.96, inner * 1.02
        )
        hair = np.maximum(
            hair, fall * ramp(y, -0.4, -0.2) * (1 - ramp(y + 0.06 * strands, length - 0.1, length))
        )
    if style == 1:
        hair = hair * np.clip(0.80 + 0.18 * head.noise[192], 0, 1)
    return hair, strands, shell
