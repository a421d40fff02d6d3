"""Which modalities a training opens: what its network reads, and depth where a depth map is taught."""

from autofas.baselines import BASELINES
from autofas.config.train import TrainConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.models.supervisions import build_supervision


def with_modalities(config: TrainConfig, datasets: OpenedDatasets | None = None) -> TrainConfig:
    """The configuration with `data.modalities` and `depth_target` settled for its network.

    A network of several streams reads its own modalities, any other the first of `data.modalities`. Raises
    ConfigError where the data set lacks one.
    """
    baseline = BASELINES.get(config.baseline or "")
    reads = config.data.modalities[:1]
    if baseline is not None and len(baseline.modalities) > 1:
        reads = baseline.modalities  # names of the same three
    supervision = config.supervision or (baseline.supervision if baseline else "pixelwise_bce")
    learns_depth = "depth_map" in build_supervision(supervision).needs
    wanted = reads
    target = config.depth_target
    if reads != ("color",) or learns_depth:
        found = (datasets or OpenedDatasets()).modalities(config.data)
        missing = [name for name in reads if name not in found]
        if missing:
            name = config.baseline or config.genotype
            # a network of one modality can read another
            remedy = "choose a network that reads one modality" if len(reads) > 1 else "give --modality color"
            raise ConfigError(
                f"{name} reads {', '.join(reads)} and {config.data.dataset} has no "
                f"{' and no '.join(missing)} images; {remedy}, or data with them"
            )
        if learns_depth and target == "auto":
            target = "depth" if "depth" in found else "ones"
        if learns_depth and target == "depth":
            if "depth" not in found:
                raise ConfigError(
                    f"depth_target depth: {config.data.dataset} has no depth images; use depth_target=ones"
                )
            wanted = tuple(dict.fromkeys((*reads, "depth")))
    data = config.data.model_copy(update={"modalities": wanted})
    return config.model_copy(update={"data": data, "depth_target": target})
