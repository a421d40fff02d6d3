"""The smallest bi-level search: two batches a level and epoch at 16 pixels."""

from autofas.config.search import SearchConfig
from autofas.models.space import Space, load_space


def config(tmp_path, data, **changes):
    """Three epochs, the first of them for the weights alone."""
    values = {
        "space": "small",
        "epochs": 3,
        "warmup_epochs": 1,
        "batch_size": 32,
        "input_size": 16,
        "augment": "basic",
        "runs_dir": str(tmp_path),
        "threads": 1,
        "device": "cpu",
        "data": data,
    }
    return SearchConfig.model_validate(values | changes)


def losses(result):
    """The losses of both levels by epoch."""
    return [(row["train_loss"], row["arch_loss"]) for row in result.results]


def opened(name="small", **variants):
    """A space that leaves these parts of its layout open."""
    return Space.model_validate(load_space(name).model_dump() | {"variants": variants})
