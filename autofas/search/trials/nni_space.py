"""A search space as a ModelSpace of NNI: its choices are a point's, and what is frozen is our network.

For strategies of `nni.nas` that try whole networks, such as its evolution; those that train a supernet of
their own need one built of NNI's layers. Importing this module needs NNI 3.0, the extra [nni].
"""

from collections.abc import Mapping
from typing import Any

import nni
from nni.mutable import ensure_frozen
from nni.nas.nn.pytorch import ModelSpace
from nni.nas.space import model_context

from autofas.models.build import build
from autofas.models.genotype import Genotype
from autofas.models.space import load_space
from autofas.search.layouts import space_of
from autofas.search.trials.points import Point, choice_counts, genotype_of, point_of


class NniSpace(ModelSpace):
    """The networks of a space, by its name or YAML file, as one module that NNI can choose from.

    Labels and values are those that `autofas trial --show-choices` prints. `network` is the network of the
    choices made, in an unfrozen space that of the first values; images by modality -> what it returns.
    """

    def __init__(self, space: str, supervision: str = "pixelwise_bce") -> None:
        super().__init__()
        self.space, self.supervision = space, supervision
        opened = load_space(space)
        point: Point = {}
        for label, count in choice_counts(opened).items():
            point[label] = ensure_frozen(self.add_mutable(nni.choice(label, list(range(count)))))
        self.network = build(genotype_of(opened, point, "nni"), supervision=supervision)

    def freeze(self, sample: Mapping[str, Any]) -> "NniSpace":
        """The module of one point; raises NNI's SampleValidationError for what is none of the space."""
        self.validate(sample)
        with model_context(sample):
            return type(self)(self.space, self.supervision)

    def forward(self, images: Any) -> Any:
        return self.network(images)


def sample_of(genotype: Genotype, space: str) -> Point:
    """The sample that freezes a space to a genotype's network; ValueError where a node has not two inputs."""
    return point_of(space_of(load_space(space), genotype), genotype.normal, genotype.reduction)
