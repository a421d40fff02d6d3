"""A picture with its faces' boxes, scores and live maps drawn on it."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from autofas.deploy.detector import Judgement

COLOURS = {"bona fide": (38, 166, 91), "attack": (214, 48, 49), "not judged": (120, 120, 120)}
MAP_OPACITY = 0.45
_LOW, _HIGH = np.array((214, 48, 49), float), np.array((38, 166, 91), float)


def drawn(image: Image.Image, faces: Sequence[Judgement], warning: str = "") -> Image.Image:
    """A copy of an RGB picture: red to green is the live map from 0 to 1, the frame's colour the verdict."""
    shown = image.copy()
    for face in faces:
        if face.live_map is not None and face.square is not None:
            _lay(shown, face)
    pen = ImageDraw.Draw(shown)
    width = max(2, round(min(shown.size) / 200))
    letters = ImageFont.load_default(max(12, round(min(shown.size) / 24)))
    for face in faces:
        x, y, w, h = face.box or (0, 0, *shown.size)
        colour = COLOURS[face.verdict]
        pen.rectangle((x, y, x + w - 1, y + h - 1), outline=colour, width=width)
        score = "" if face.score is None else f" {face.score:.3f}"
        _label(pen, (x, y), f"{face.verdict}{score}", colour, letters)
    if warning:
        small = ImageFont.load_default(max(10, round(min(shown.size) / 32)))
        bounds = pen.textbbox((0, 0), warning, font=small)
        top = shown.height - (bounds[3] - bounds[1]) - 12
        pen.rectangle((0, top, shown.width, shown.height), fill=(20, 20, 20))
        pen.text((6, top + 4), warning, fill=(255, 214, 102), font=small)
    return shown


def _lay(shown: Image.Image, face: Judgement) -> None:
    """Blend the live map over the square that was cut, as far as it is in the picture."""
    assert face.live_map is not None
    assert face.square is not None
    left, top, side, _ = face.square
    values = np.clip(face.live_map, 0, 1)[..., None]
    colours = Image.fromarray((_LOW + (_HIGH - _LOW) * values).astype(np.uint8))
    colours = colours.resize((side, side), Image.Resampling.NEAREST)
    inside = (max(left, 0), max(top, 0), min(left + side, shown.width), min(top + side, shown.height))
    part = colours.crop((inside[0] - left, inside[1] - top, inside[2] - left, inside[3] - top))
    shown.paste(Image.blend(shown.crop(inside), part, MAP_OPACITY), inside[:2])


def _label(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    colour: tuple[int, int, int],
    letters: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, top, right, bottom = pen.textbbox(corner, text, font=letters)
    height = bottom - top + 6
    place = (corner[0], max(0, corner[1] - height))
    pen.rectangle((place[0], place[1], place[0] + right - left + 8, place[1] + height), fill=colour)
    pen.text((place[0] + 4, place[1] + 3 - (top - corner[1])), text, fill=(255, 255, 255), font=letters)
