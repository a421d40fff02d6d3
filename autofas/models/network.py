"""A network with what it is judged by: its body, its supervision and the view of stored crops it reads."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autofas.data.batches.views import make_view
from autofas.models.own_network import Code
from autofas.models.supervisions import Supervision, build_supervision

Kind = Literal["searched", "hand-designed", "random"]


class Network(nn.Module):
    """A network with its supervision and view: batches in, outputs and scores out.

    `forward` takes a dict of images (B, 3, S, S) by modality in [-1, 1], S = input_size, and hands the body
    what it was built for: one tensor, or the dict. `score` takes stored crops, (B, 3, C, C) with C =
    view.crop_size, and judges them as the view says. `options` are the build arguments of a baseline, `code`
    the user's own that built it.
    """

    def __init__(
        self,
        body: nn.Module,
        *,
        name: str,
        kind: Kind,
        supervision: str,
        input_size: int,
        modalities: tuple[str, ...] = ("color",),
        view: str = "whole",
        crop_size: int | None = None,
        options: Mapping[str, Any] | None = None,
        default_supervision: str | None = None,
        code: Code | None = None,
    ) -> None:
        super().__init__()
        self.body = body
        self.name, self.kind = name, kind
        self.input_size, self.modalities = input_size, modalities
        self.view = make_view(view, input_size, crop_size)
        self.options = dict(options or {})
        self.code = code
        self.supervision_name = supervision
        self.supervision: Supervision = build_supervision(supervision, instead_of=default_supervision)

    def forward(self, images: Mapping[str, Tensor]) -> Any:
        if len(self.modalities) == 1:
            return self.body(images[self.modalities[0]])
        return self.body({name: images[name] for name in self.modalities})

    def score(self, images: Mapping[str, Tensor], *, every_view: bool = True) -> Tensor:
        """(B,) in [0, 1], higher = bona fide: the mean over the view's inputs, or its first input's alone."""
        chosen = {name: images[name] for name in self.modalities}
        inputs = islice(self.view.evaluation(chosen), None if every_view else 1)
        scores = [self.supervision.score(self(one)) for one in inputs]
        return scores[0] if len(scores) == 1 else torch.stack(scores).mean(dim=0)
