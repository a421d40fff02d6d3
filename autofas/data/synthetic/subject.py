"""The invented people: what never changes about a person, worked out once and packed for quick reading.

A subject lives on a square canonical grid spanning [-EXTENT, EXTENT] face units, x to the right, y down;
the face's half height is about one unit. Relief, normals, occlusion, albedo, gloss, silhouette and near-
infrared albedo depend on neither pose nor light, so they are kept in one table that a pose reads with a
single gather.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from autofas.data.synthetic.attire import glasses, surroundings
from autofas.data.synthetic.head import Head
from autofas.data.synthetic.shapes import COARSE, EXTENT, GRID, Array

CHANNELS = ("nx", "ny", "occlusion", "red", "green", "blue", "gloss", "alpha", "infrared", "skin")


@dataclass(frozen=True)
class Subject:
    """One person: `table` (GRID * GRID, channels), `relief` (GRID, GRID) and its `coarse` copy."""

    table: Array
    relief: Array
    coarse: Array
    eye_x: float
    eye_y: float
    mouth_y: float
    mouth_half: float


def build_subject(seed: int, user: int) -> Subject:
    """The person `user` of the population `seed`; the same two numbers always give the same face."""
    head = Head(np.random.default_rng(np.random.SeedSequence([seed, 101, user])))
    z = head.relief()
    colour = head.features(head.skin())
    if head.rng.random() < 0.2:
        colour = glasses(head, colour)
    colour, z, alpha, bare = surroundings(head, colour, z)
    step = 2 * EXTENT / GRID
    dy, dx = np.gradient(z, step)
    norm = 1.0 / np.sqrt(dx**2 + dy**2 + 1.0)
    wide = Image.fromarray(z.astype(np.float32)).resize((40, 40), Image.Resampling.BOX)
    around = np.asarray(wide.resize((GRID, GRID), Image.Resampling.BICUBIC))
    occlusion = np.clip(1.0 + 5.0 * np.minimum(z - around, 0.0), 0.45, 1.0)
    planes = [-dx * norm, -dy * norm, occlusion, *colour, head.gloss, alpha, head.infrared, bare]
    table = np.stack([p.astype(np.float32).ravel() for p in planes], axis=1)  # (GRID * GRID, channels)
    relief = z.astype(np.float32)
    return Subject(
        table=np.ascontiguousarray(table),
        relief=relief,
        coarse=np.asarray(Image.fromarray(relief).resize((COARSE, COARSE), Image.Resampling.BOX)),
        eye_x=head.eye_x,
        eye_y=head.eye_y,
        mouth_y=head.mouth_y,
        mouth_half=head.mouth_half,
    )
