"""Initialisation from a checkpoint: which of its tensors go where, and which do not.

Read are .safetensors, and .pt, .pth or .bin with `weights_only`, which runs no code of the file. A tensor is
loaded where name and shape fit, after known wrappers ("state_dict", "module.") are taken off; everything else
is listed, nothing is guessed. A network of several streams whose names the checkpoint of one stream has
(stem, layer1, ...) gets them in every stream, as VisionLabs start each stream from the same res1 to res3
(Parkin and Grinchuk, CVPRW 2019); a ResNet-18 by torchvision's names is understood too. Others need a map.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from autofas.errors import ConfigError, RunError
from autofas.models.tensor_files import MAX_BYTES, MAX_TENSORS, read_safetensors, read_torch
from autofas.storage.files import file_size
from autofas.storage.schema import read_yaml

WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net", "weights")
PREFIXES = ("module.", "model.", "network.", "body.", "backbone.", "encoder.", "features_extractor.")

# torchvision's ResNet-18 (conv1, bn1, layerN.M.downsample, fc) in the words of baselines/resnet18.py and of a
# stream of three_stream_resnet18.py, whose first two layers are entries 5 and 6
_RESNET18 = (
    (r"conv1\.", "stem.0."),
    (r"bn1\.", "stem.1."),
    (r"layer([1-4])\.(\d)\.downsample\.", lambda m: f"layers.{int(m[1]) - 1}.{m[2]}.shortcut."),
    (r"layer([1-4])\.(\d)\.", lambda m: f"layers.{int(m[1]) - 1}.{m[2]}."),
    (r"fc\.", "classifier."),
)
_RESNET18_STREAM = (
    (r"conv1\.", "layers.1."),
    (r"bn1\.", "layers.2."),
    (r"layer([12])\.(\d)\.downsample\.", lambda m: f"layers.{int(m[1]) + 4}.{m[2]}.shortcut."),
    (r"layer([12])\.(\d)\.", lambda m: f"layers.{int(m[1]) + 4}.{m[2]}."),
)
# the stream of visionlabs_r34_se is a sequence of what the other VisionLabs networks name
_SEQUENCE_STREAM = ((r"stem\.", "0."), (r"layer([123])\.", lambda m: f"{m[1]}."))


@dataclass(frozen=True)
class Entry:
    """One line of the report: what happened to a tensor of the network or of the checkpoint."""

    status: str
    name: str
    note: str = ""


@dataclass(frozen=True)
class InitReport:
    """Every tensor of the network and of the checkpoint, and whether they met.

    Statuses: matched, missing (the network's, not in the checkpoint), unexpected (the checkpoint's, nowhere
    to go), mismatched (same name, another shape; not loaded).
    """

    entries: tuple[Entry, ...]

    def count(self, status: str) -> int:
        """How many entries have a status."""
        return sum(entry.status == status for entry in self.entries)

    def summary(self) -> str:
        """The four counts in one line."""
        return ", ".join(f"{self.count(status)} {status}" for status in STATUSES)

    def table(self) -> str:
        """A line an entry, by status."""
        width = max(map(len, STATUSES))
        ordered = sorted(self.entries, key=lambda entry: STATUSES.index(entry.status))
        return "\n".join(f"{e.status:<{width}}  {e.name}  {e.note}".rstrip() for e in ordered)


STATUSES = ("matched", "missing", "unexpected", "mismatched")


def initialise(body: nn.Module, path: Path, rename: Path | None = None) -> InitReport:
    """Load what fits of the checkpoint at `path` into `body`, in place, and report on every tensor.

    `rename` is a YAML file of `checkpoint prefix: network prefix` or a list of such prefixes. Raises RunError
    where the file cannot be read or nothing in it fits.
    """
    found = read_tensors(path)
    own = body.state_dict()
    places = _places(found, own, _read_map(rename) if rename else None)
    loaded: dict[str, str] = {}
    entries = []
    for name in found:
        targets = [target for target in places[name] if target in own]
        if not targets:
            entries.append(Entry("unexpected", name, _shape(found[name])))
        for target in targets:
            if own[target].shape != found[name].shape:
                shapes = f"{_shape(found[name])} in the checkpoint, {_shape(own[target])} in the network"
                entries.append(Entry("mismatched", target, shapes))
            else:
                loaded[target] = name
    mismatched = {entry.name for entry in entries if entry.status == "mismatched"}
    for target in own:
        if target in loaded:
            source = "" if loaded[target] == target else f"from {loaded[target]}"
            entries.append(Entry("matched", target, source))
        elif target not in mismatched:
            entries.append(Entry("missing", target, _shape(own[target])))
    report = InitReport(tuple(entries))
    if not loaded:
        raise RunError(
            f"{path}: none of its {len(found)} tensors fit this network ({report.summary()}; it has "
            f"{next(iter(found))}, the network {next(iter(own))}); give --init-map"
        )
    body.load_state_dict({**own, **{target: found[name] for target, name in loaded.items()}})
    return report


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, wrappers taken off; raises RunError in one line."""
    if not path.is_file():
        raise RunError(f"{path} does not exist; give a .safetensors or .pt file")
    if path.suffix == ".safetensors":
        return read_safetensors(path)[0]
    try:
        file_size(path, MAX_BYTES, RunError)
        content: Any = read_torch(path.read_bytes(), str(path))
    except OSError as exc:
        raise RunError(f"{path} cannot be read: {exc.strerror}") from None
    for _ in WRAPPERS:
        inner = next(
            (content[key] for key in WRAPPERS if isinstance(content, Mapping) and key in content), None
        )
        if not isinstance(inner, Mapping):
            break
        content = inner
    tensors = {str(name): value for name, value in _items(content) if isinstance(value, Tensor)}
    if not tensors:
        raise RunError(f"{path} holds no named tensors; save a state_dict")
    if len(tensors) > MAX_TENSORS:
        raise RunError(f"{path} holds {len(tensors)} tensors; at most {MAX_TENSORS} are read")
    return tensors


def _items(content: Any) -> Iterable[tuple[Any, Any]]:
    return content.items() if isinstance(content, Mapping) else ()


def _places(
    found: Mapping[str, Tensor], own: Mapping[str, Tensor], rename: Mapping[str, list[str]] | None
) -> dict[str, list[str]]:
    """Where each tensor of the checkpoint would go, by the first rule under which most find a place."""
    if rename is not None:
        return {name: _renamed(name, rename) for name in found}
    streams = sorted({key.split(".")[1] for key in own if key.startswith("streams.")})

    def in_streams(name: str) -> list[str]:
        return [f"streams.{stream}.{name}" for stream in streams]

    rules: list[dict[str, list[str]]] = []
    short = {name: _without_prefixes(name) for name in found}
    rules.append({name: [name] for name in found})
    rules.append({name: [plain] for name, plain in short.items()})
    rules.append({name: [_by(_RESNET18, plain)] for name, plain in short.items()})
    for table in ((), _SEQUENCE_STREAM, _RESNET18_STREAM):
        rules.append({name: in_streams(_by(table, plain)) for name, plain in short.items()})

    def fitting(rule: Mapping[str, list[str]]) -> int:
        pairs = ((name, target) for name, targets in rule.items() for target in targets)
        return sum(target in own and own[target].shape == found[name].shape for name, target in pairs)

    return max(rules, key=fitting)


def _by(table: Iterable[tuple[str, Any]], name: str) -> str:
    """The name with the first fitting rule of a table applied to its beginning."""
    for pattern, replacement in table:
        changed, times = re.subn(f"^{pattern}", replacement, name)
        if times:
            return changed
    return name


def _without_prefixes(name: str) -> str:
    for prefix in PREFIXES * 2:
        name = name.removeprefix(prefix)
    return name


def _renamed(name: str, rename: Mapping[str, list[str]]) -> list[str]:
    """Targets of a name by the longest prefix of the map that it begins with; itself under none."""
    fitting = [prefix for prefix in rename if name.startswith(prefix)]
    if not fitting:
        return [name]
    prefix = max(fitting, key=len)
    return [target + name.removeprefix(prefix) for target in rename[prefix]]


def _read_map(path: Path) -> dict[str, list[str]]:
    values = read_yaml(path)
    result = {}
    for prefix, targets in values.items():
        listed = targets if isinstance(targets, list) else [targets]
        if not all(isinstance(target, str) for target in (prefix, *listed)):
            raise ConfigError(f"{path}: {prefix}: expected a prefix or a list of prefixes as text")
        result[prefix] = listed
    return result


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
