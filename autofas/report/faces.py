"""Thumbnails of a run's worst errors with their live maps: only on request, licences seldom allow them."""

import base64
import io
from html import escape

import numpy as np
import torch
from PIL import Image

from autofas.data.batches.loader import normalise
from autofas.data.opening import open_data
from autofas.evaluation.evaluate import training_of
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.report.material import TrainedRun
from autofas.report.sections import worst_errors

SIDE = 150
NOTE = '<p class="soft">Beside each face its live map: red is 0, attack, and green 1, bona fide.</p>'
OPACITY = 0.4
_LOW, _HIGH = np.array((214, 48, 49), float), np.array((38, 166, 91), float)


def thumbnails(run: TrainedRun) -> str:
    """The faces as pictures inside the page, red to green the live map from 0 to 1. Raises DataError."""
    worst = worst_errors(run)
    if not worst:
        return ""
    network = load_network(run.path / WEIGHTS_FILE).network
    config = training_of(run.path).data.model_copy(update={"modalities": network.modalities})
    data = open_data(config, network.view.crop_size)
    rows = data.dataset.split(run.figures["split"])
    paths = list(rows["path"])
    named = [f"{path}#{frame}" for path, frame in zip(rows["path"], rows["frame"], strict=True)]
    parts, note = [], ""
    for path, pai, score in worst:
        place = paths.index(path) if path in paths else named.index(path)
        stored = data.store.rows(rows.iloc[[place]])
        crops = {name: data.store.crops(name, stored) for name in network.modalities}
        images = {name: normalise(torch.from_numpy(crop).float() / 255) for name, crop in crops.items()}
        with torch.no_grad():
            outputs = network(next(network.view.evaluation(images)))
            live_map = network.supervision.live_map(outputs)
        note = "" if live_map is None else NOTE
        face = _picture(crops[network.modalities[0]][0], None if live_map is None else live_map[0].numpy())
        words = f"{pai}, score {score:.3f}"
        parts.append(
            f'<figure><img alt="{escape(f"{path}: {words}")}" src="data:image/jpeg;base64,{face}">'
            f"<figcaption>{escape(words)}</figcaption></figure>"
        )
    return f'{note}<div class="faces">{"".join(parts)}</div>'


def _picture(crop: np.ndarray, live_map: np.ndarray | None) -> str:
    """A crop (3, C, C) beside itself under its map, as base64 of a JPEG."""
    face = Image.fromarray(np.ascontiguousarray(crop.transpose(1, 2, 0))).resize((SIDE, SIDE))
    pair = [face]
    if live_map is not None:
        colours = (_LOW + (_HIGH - _LOW) * np.clip(live_map, 0, 1)[..., None]).astype(np.uint8)
        laid = Image.fromarray(colours).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        pair.append(Image.blend(face, laid, OPACITY))
    whole = Image.new("RGB", (SIDE * len(pair), SIDE))
    for number, one in enumerate(pair):
        whole.paste(one, (number * SIDE, 0))
    stream = io.BytesIO()
    whole.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode()
