"""Another session, made: test frames take the tone or the surrounding of frames of the other class.

Tone is each channel's mean and standard deviation, the light; the surrounding is what lies outside an
ellipse about the face, the room. A network that has learnt either from its training sessions ranks attacks
above faces when they are swapped (AUC below one half); what is left to judge by is texture and shape within
the face. Frames of color alone, of crops as they are stored; who gets whose is drawn once, from a fixed seed.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from autofas.data.batches.augmentation_ops import ellipse
from autofas.data.batches.loader import evaluation_batches
from autofas.data.opening import OpenData
from autofas.metrics import BONA_FIDE, error_rates, group_pais, roc_auc
from autofas.models.network import Network

BATCH = 128
FACE = (0.62, 0.85)
"""Half axes of the ellipse, across and down, of half a crop's side."""


def with_tone_of(images: Tensor, others: Tensor) -> Tensor:
    """Images with the mean and deviation of each channel of the others, cut to [-1, 1]: (B, C, H, W)."""
    deviation, mean = torch.std_mean(images, (2, 3), keepdim=True)
    other_deviation, other_mean = torch.std_mean(others, (2, 3), keepdim=True)
    return ((images - mean) / deviation.clamp_min(1e-3) * other_deviation + other_mean).clamp(-1, 1)


def with_surrounding_of(images: Tensor, others: Tensor) -> Tensor:
    """Images within the ellipse, the others outside it: (B, C, H, W)."""
    axes = np.tile(FACE, (len(images), 1))
    return torch.where(ellipse(images, axes, np.zeros_like(axes)), images, others)


def partners(bona_fide: np.ndarray, seed: int = 0) -> np.ndarray:
    """For each frame one of the other class: (N,)."""
    rng = np.random.default_rng(seed)
    faces, attacks = np.flatnonzero(bona_fide), np.flatnonzero(~bona_fide)
    count = len(bona_fide)
    return np.where(bona_fide, rng.choice(attacks, count), rng.choice(faces, count))


@torch.no_grad()
def swapped(network: Network, data: OpenData, thresholds: Mapping[str, float]) -> dict[str, float]:
    """`auc_tone_swapped`, `auc_surround_swapped` and `auc_both_swapped` of a network on the test split.

    Also `acer_NAME_swapped` for each named threshold, where both are swapped.
    """
    rows = data.dataset.split("test")
    batches = evaluation_batches(data.store, rows, BATCH, modalities=("color",), prefetch=0)
    images = torch.cat([batch.images["color"] for batch in batches])
    bona_fide = (rows["pai"] == BONA_FIDE).to_numpy()
    light, room = images[partners(bona_fide)], images[partners(bona_fide, seed=1)]
    changed = {
        "tone": with_tone_of(images, light),
        "surround": with_surrounding_of(images, room),
        "both": with_tone_of(with_surrounding_of(images, room), light),
    }
    network.eval()
    pais, found = group_pais(list(rows["pai"]), "family"), {}
    for name, frames in changed.items():
        parts = [network.score({"color": part}) for part in frames.split(BATCH)]
        scores = torch.cat(parts).double().numpy()
        found[f"auc_{name}_swapped"] = roc_auc(scores, pais)
    for rule, threshold in thresholds.items():
        found[f"acer_{rule}_swapped"] = error_rates(scores, pais, threshold).acer
    return found
