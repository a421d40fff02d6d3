"""One video of the data set: a user, a phone, a session and a file number, rendered to a few frames.

File numbers follow OULU-NPU: 1 bona fide, 2 print1, 3 print2, 4 replay1, 5 replay2. Every random draw of a
video comes from one stream keyed by (seed, user, phone, session, file), so a video does not depend on what
else is generated. Depth frames code near as bright and 0 as unknown; infrared frames show an active lamp's
return.
Left out: sound, time between frames (frames are independent jitters of one take).
"""

from dataclasses import replace
from typing import get_args

import numpy as np
from PIL import Image

from autofas.config.data import Modality
from autofas.data.synthetic import recapture, scene
from autofas.data.synthetic.camera import PHONES, Phone, Take, develop, display_picture, draw_take
from autofas.data.synthetic.shapes import Array, smooth_noise
from autofas.data.synthetic.subject import Subject

PAI_OF_FILE = {1: "bona_fide", 2: "print1", 3: "print2", 4: "replay1", 5: "replay2"}
MODALITIES = get_args(Modality)
SUPERSAMPLING = 1.5
_PICTURE_SHARE = 0.8  # resolution of the attacker's picture relative to the scene grid
_NEAR, _FAR = 1.3, -1.2  # face units coded as 255 and 1


def _video_rng(seed: int, user: int, phone: int, session: int, file: int) -> np.random.Generator:
    return np.random.Generator(
        np.random.Philox(np.random.SeedSequence([seed, 202, user, phone, session, file]))
    )


def render_video(
    subject: Subject,
    *,
    seed: int,
    user: int,
    phone: int,
    session: int,
    file: int,
    frames: int,
    size: int,
    modalities: tuple[str, ...] = ("color",),
) -> list[dict[str, Array]]:
    """Frames of one video by modality: color uint8 (size, size, 3), depth and ir uint8 (size, size)."""
    rng = _video_rng(seed, user, phone, session, file)
    device, take = PHONES[phone - 1], draw_take(rng)
    pai = PAI_OF_FILE[file]
    n = round(size * SUPERSAMPLING)
    light, pose = scene.draw_light(session, rng), scene.draw_pose(rng)
    if pai == "bona_fide":
        return _honest(subject, session, light, pose, device, take, frames, size, n, modalities, rng)
    return _attack(pai, subject, session, light, pose, device, take, frames, size, n, modalities, rng)


def _honest(
    subject: Subject,
    session: int,
    light: scene.Light,
    pose: scene.Pose,
    device: Phone,
    take: Take,
    frames: int,
    size: int,
    n: int,
    modalities: tuple[str, ...],
    rng: np.random.Generator,
) -> list[dict[str, Array]]:
    backdrop = scene.draw_backdrop(session, rng, n)
    behind = float(rng.uniform(0.9, 3.0))
    shots = []
    for _ in range(frames):
        surface = scene.place(subject, scene.jitter_pose(pose, rng), n)
        shot = {"color": develop(scene.shade(subject, surface, light, backdrop), device, take, size, rng)}
        if "depth" in modalities:
            shot["depth"] = _code_depth(scene.depth_view(subject, surface, behind), size, rng)
        if "ir" in modalities:
            shot["ir"] = _code_infrared(scene.infrared_view(surface, rng.uniform(0.7, 1.2), rng), size, rng)
        shots.append(shot)
    return shots


def _attack(
    pai: str,
    subject: Subject,
    session: int,
    light: scene.Light,
    pose: scene.Pose,
    device: Phone,
    take: Take,
    frames: int,
    size: int,
    n: int,
    modalities: tuple[str, ...],
    rng: np.random.Generator,
) -> list[dict[str, Array]]:
    printed = pai.startswith("print")
    m = round(n * _PICTURE_SHARE)
    strength = float(rng.uniform(0.4, 1.2))
    backdrop = scene.draw_backdrop(session, rng, m)
    source_light = scene.draw_light(session, rng)
    tone = (
        float(np.exp(rng.normal(0, 0.15))),
        float(np.exp(rng.normal(0.05, 0.12))),
        float(rng.uniform(0.1, 0.7)),
    )
    hold = recapture.draw_hold(rng, flexible=printed)
    pose = replace(
        pose, scale=pose.scale * hold.zoom
    )  # the sheet fills the crop, the face keeps its honest size
    page = recapture.draw_print(pai, strength, rng, n) if printed else None
    screen = None if printed else recapture.draw_screen(pai, strength, rng, n)
    picture: Array | None = None
    shots = []
    for _ in range(frames):
        if picture is None or not printed:  # a print is one picture, a replay plays on
            surface = scene.place(subject, scene.jitter_pose(pose, rng), m)
            picture = display_picture(scene.shade(subject, surface, source_light, backdrop), *tone)
        sheet = recapture.hold_sheet(hold, n, rng)
        carrier = None
        if page is not None:
            radiance = recapture.print_radiance(picture, page, sheet, light)
        elif screen is not None:
            radiance = recapture.replay_radiance(picture, screen, sheet, light)
            carrier = recapture.beat_carrier(screen, size, take.defocus, float(rng.uniform(0, 2 * np.pi)))
        shot = {"color": develop(radiance, device, take, size, rng, carrier)}
        if "depth" in modalities:
            shot["depth"] = _code_depth(sheet.height + np.float32(rng.uniform(-0.1, 0.5)), size, rng)
        if "ir" in modalities:
            shot["ir"] = _code_infrared(_sheet_infrared(picture, sheet, printed, rng), size, rng)
        shots.append(shot)
    return shots


def _sheet_infrared(picture: Array, sheet: recapture.Sheet, printed: bool, rng: np.random.Generator) -> Array:
    """Near-infrared return of paper (bright, only black ink absorbs) or of a screen (dark glass, a glint)."""
    facing = 1 / (1 + sheet.nx**2 + sheet.ny**2)
    if printed:
        luma = recapture.read_page(picture, sheet).mean(axis=0)
        ink = rng.uniform(0.05, 0.30) * np.clip(1 - 1.6 * luma, 0, 1)
        return rng.uniform(0.45, 0.75) * facing * (1 - ink)
    glint_x, glint_y = rng.uniform(0, 1, 2)
    glint = np.exp(-(((sheet.u - glint_x) / 0.05) ** 2) - ((sheet.v - glint_y) / 0.05) ** 2)
    return rng.uniform(0.02, 0.07) * facing + rng.uniform(0.1, 0.8) * glint


def _shrink(plane: Array, size: int) -> Array:
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize((size, size), Image.Resampling.BOX))


def _code_depth(height: Array, size: int, rng: np.random.Generator) -> Array:
    """8-bit depth (size, size), near bright: sensor noise, holes (0) at jumps and by chance."""
    plane = _shrink(height, size)
    noisy = plane + 0.012 * rng.standard_normal(plane.shape, dtype=np.float32)
    code = np.clip((noisy - _FAR) / (_NEAR - _FAR) * 254 + 1, 1, 255)
    jump = np.zeros(plane.shape, dtype=bool)
    jump[:, 1:] |= np.abs(np.diff(plane, axis=1)) > 0.35
    jump[1:, :] |= np.abs(np.diff(plane, axis=0)) > 0.35
    holes = jump | (smooth_noise(rng, (size // 4, size // 4), plane.shape) > 2.6)
    return np.where(holes, 0, code).astype(np.uint8)


def _code_infrared(radiance: Array, size: int, rng: np.random.Generator) -> Array:
    """8-bit infrared (size, size) with gamma 2 and sensor noise."""
    plane = np.sqrt(np.clip(_shrink(radiance, size), 0, 1))
    noisy = plane + 0.02 * rng.standard_normal(plane.shape, dtype=np.float32)
    return np.clip(noisy * 255 + 0.5, 0, 255).astype(np.uint8)
