"""Thumbnails are the worst errors' faces, inside the page, with their live map beside them."""

import base64
import io
import re

from PIL import Image

from autofas.report.faces import SIDE, thumbnails
from autofas.report.material import read_material
from autofas.report.sections import worst_errors


def test_each_of_the_worst_errors_has_its_face_and_its_map_if_there_is_one(runs):
    for run in read_material([str(run) for run in runs]).trained:
        pictures = re.findall(r'base64,([^"]+)"', thumbnails(run))
        assert len(pictures) == len(worst_errors(run)) > 0
        face = Image.open(io.BytesIO(base64.b64decode(pictures[0])))
        maps = run.figures["supervision"] == "pixelwise_bce"
        assert face.size == (SIDE * (1 + maps), SIDE)
        assert ("red is 0, attack" in thumbnails(run)) == maps
