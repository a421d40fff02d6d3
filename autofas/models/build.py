"""The one door to networks: a genotype, a genotype's file or a baseline's name becomes a `Network`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from autofas.baselines import BASELINES, build_baseline
from autofas.errors import ConfigError
from autofas.models.genotype import Genotype, load_genotype
from autofas.models.network import DerivedNetwork
from autofas.models.supervisions import Supervision, build_supervision
from autofas.schema import nearest

Kind = Literal["searched", "hand-designed", "random"]


class Network(nn.Module):
    """A network with its supervision: batches in, outputs and scores out.

    `forward` takes a dict of images (B, 3, S, S) by modality in [-1, 1], as a batch holds them, and hands
    the body what it was built for: one tensor, or the dict.
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
    ) -> None:
        super().__init__()
        self.body = body
        self.name, self.kind = name, kind
        self.input_size, self.modalities = input_size, modalities
        self.supervision_name = supervision
        self.supervision: Supervision = build_supervision(supervision)

    def forward(self, images: Mapping[str, Tensor]) -> Any:
        if len(self.modalities) == 1:
            return self.body(images[self.modalities[0]])
        return self.body({name: images[name] for name in self.modalities})

    def score(self, images: Mapping[str, Tensor]) -> Tensor:
        """(B,) in [0, 1], higher = bona fide."""
        return self.supervision.score(self(images))


def build(
    source: Genotype | str | Path,
    *,
    supervision: str | None = None,
    input_size: int | None = None,
    modality: str = "color",
    name: str | None = None,
) -> Network:
    """The network of a genotype, of a genotype's .json file, or of a baseline's name.

    `input_size` defaults to the one of the genotype's space or of the baseline's paper; `modality` is what
    a single-modality network reads. Raises ConfigError or GenotypeError in one line.
    """
    if isinstance(source, Genotype):
        return _derived(source, supervision, input_size, modality, name)
    text = str(source)
    if text.endswith(".json"):
        return _derived(load_genotype(text), supervision, input_size, modality, name)
    if text not in BASELINES:
        raise ConfigError(
            f"baseline {text} does not exist{nearest(text, BASELINES)} "
            "See autofas baselines, or give the path of a genotype .json"
        )
    baseline = BASELINES[text]
    size = input_size or baseline.input_size
    try:
        body = build_baseline(text, input_size=size)
    except ValueError as exc:
        raise ConfigError(f"baseline {text}: {exc}") from None
    return Network(
        body,
        name=name or text,
        kind="hand-designed",
        supervision=supervision or baseline.supervision,
        input_size=size,
        modalities=baseline.modalities if len(baseline.modalities) > 1 else (modality,),
    )


def _derived(
    genotype: Genotype, supervision: str | None, input_size: int | None, modality: str, name: str | None
) -> Network:
    return Network(
        DerivedNetwork(genotype),
        name=name or str(genotype.provenance.get("run", genotype.space)),
        kind="random" if genotype.derivation == "random" else "searched",
        supervision=supervision or "pixelwise_bce",
        input_size=input_size or genotype.layout.input_size,
        modalities=(modality,),
    )
