"""The one door to networks: a genotype, a genotype's file or a baseline's name becomes a `Network`."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autofas.baselines import BASELINES, build_baseline
from autofas.data.views import make_view
from autofas.errors import ConfigError
from autofas.models.genotype import Genotype, load_genotype
from autofas.models.network import DerivedNetwork
from autofas.models.supervisions import Supervision, build_supervision
from autofas.schema import nearest

Kind = Literal["searched", "hand-designed", "random"]


class Network(nn.Module):
    """A network with its supervision and view: batches in, outputs and scores out.

    `forward` takes a dict of images (B, 3, S, S) by modality in [-1, 1], S = input_size, and hands the body
    what it was built for: one tensor, or the dict. `score` takes stored crops, (B, 3, C, C) with C =
    view.crop_size, and judges them as the view says. `options` are the build arguments of a baseline.
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
    ) -> None:
        super().__init__()
        self.body = body
        self.name, self.kind = name, kind
        self.input_size, self.modalities = input_size, modalities
        self.view = make_view(view, input_size, crop_size)
        self.options = dict(options or {})
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


def build(
    source: Genotype | str | Path,
    *,
    supervision: str | None = None,
    input_size: int | None = None,
    modality: str = "color",
    name: str | None = None,
    view: str = "whole",
    crop_size: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Network:
    """The network of a genotype, of a genotype's .json file, or of a baseline's name.

    `input_size` defaults to the one of the genotype's space or of the baseline's paper; `modality` is what
    a single-modality network reads; `view` and `crop_size` say how stored crops become its input
    (autofas.data.views); `options` are a baseline's build arguments. Raises ConfigError or GenotypeError in
    one line.
    """
    text = str(source)
    if isinstance(source, Genotype) or text.endswith(".json"):
        genotype = source if isinstance(source, Genotype) else load_genotype(text)
        return Network(
            DerivedNetwork(genotype),
            name=name or str(genotype.provenance.get("run", genotype.space)),
            kind="random" if genotype.derivation == "random" else "searched",
            supervision=supervision or "pixelwise_bce",
            input_size=input_size or genotype.layout.input_size,
            modalities=(modality,),
            view=view,
            crop_size=crop_size,
            default_supervision="pixelwise_bce",
        )
    if text not in BASELINES:
        raise ConfigError(
            f"baseline {text} does not exist{nearest(text, BASELINES) or '.'} "
            "See autofas baselines, or give the path of a genotype .json"
        )
    baseline = BASELINES[text]
    size = input_size or baseline.input_size
    try:
        body = build_baseline(text, **{**(options or {}), "input_size": size})
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"baseline {text}: {exc}") from None
    return Network(
        body,
        name=name or text,
        kind="hand-designed",
        supervision=supervision or baseline.supervision,
        input_size=size,
        modalities=baseline.modalities if len(baseline.modalities) > 1 else (modality,),
        view=view,
        crop_size=crop_size,
        options=options,
        default_supervision=baseline.supervision,
    )
