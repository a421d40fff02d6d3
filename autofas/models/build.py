"""The one door to networks: a genotype, a genotype's file or a baseline's name becomes a `Network`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from autofas.baselines import BASELINES, build_baseline
from autofas.config.recipes import require_baseline
from autofas.errors import ConfigError
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import Genotype, load_genotype
from autofas.models.network import Network
from autofas.models.own_network import Code, fitting_supervision, is_own, name_code, own_body, own_size

MAX_PARAMETERS = 2**27
"""The largest published network here has 99 million; what has more is not built, so that a file of a few
lines cannot ask for all memory."""

M = TypeVar("M", bound=nn.Module)


def build(
    source: Genotype | Code | str | Path,
    *,
    supervision: str | None = None,
    input_size: int | None = None,
    modality: str = "color",
    name: str | None = None,
    view: str = "whole",
    crop_size: int | None = None,
    options: Mapping[str, Any] | None = None,
    tensors: Mapping[str, Tensor] | None = None,
) -> Network:
    """The network of a genotype, of a genotype's file, of a baseline's name, or of `file.py:factory`.

    The last is the user's own code, which runs. A path is a genotype's file, whatever its suffix; text is a
    baseline's name, or else a file where one is there or it is spelt like one (with a folder or a suffix).
    `input_size` defaults to that of the space or the paper; `modality` is what a single-modality network
    reads; `view`, `crop_size`: autofas.data.batches.views; `options` are build arguments. With `tensors`, a
    state_dict, only a network of such tensors is built. Raises ConfigError or GenotypeError in one line.
    """
    wished = _Wished(supervision, input_size, modality, name, view, crop_size, options or {}, tensors)
    text = str(source)
    code = source if isinstance(source, Code) else name_code(text) if is_own(text) else None
    if code is not None:
        return _own(code, wished)
    if isinstance(source, str) and not _names_file(text):
        return _baseline(text, wished)
    return _derived(source if isinstance(source, Genotype) else load_genotype(text), wished)


@dataclass(frozen=True)
class _Wished:
    """What the caller of `build` asks of any network; None takes the network's own."""

    supervision: str | None
    input_size: int | None
    modality: str
    name: str | None
    view: str
    crop_size: int | None
    options: Mapping[str, Any]
    tensors: Mapping[str, Tensor] | None


def _derived(genotype: Genotype, wished: _Wished) -> Network:
    return Network(
        bounded(lambda: DerivedNetwork(genotype), f"genotype {genotype.name}", wished.tensors),
        name=wished.name or genotype.name,
        kind="random" if genotype.derivation == "random" else "searched",
        supervision=wished.supervision or "pixelwise_bce",
        input_size=wished.input_size or genotype.layout.input_size,
        modalities=(wished.modality,),
        view=wished.view,
        crop_size=wished.crop_size,
        default_supervision="pixelwise_bce",
    )


def _baseline(text: str, wished: _Wished) -> Network:
    require_baseline(text)
    baseline = BASELINES[text]
    size = wished.input_size or baseline.input_size
    arguments = {**wished.options, "input_size": size}
    return Network(
        bounded(lambda: build_baseline(text, **arguments), f"baseline {text}", wished.tensors),
        name=wished.name or text,
        kind="hand-designed",
        supervision=wished.supervision or baseline.supervision,
        input_size=size,
        modalities=baseline.modalities if len(baseline.modalities) > 1 else (wished.modality,),
        view=wished.view,
        crop_size=wished.crop_size,
        options=wished.options,
        default_supervision=baseline.supervision,
    )


def _own(code: Code, wished: _Wished) -> Network:
    size = own_size(code, wished.input_size)
    body = bounded(lambda: own_body(code, size, wished.options), code.label, wished.tensors)
    fitting = fitting_supervision(code, body, size)
    return Network(
        body,
        name=wished.name or code.label,
        kind="hand-designed",
        supervision=wished.supervision or fitting,
        input_size=size,
        modalities=(wished.modality,),
        view=wished.view,
        crop_size=wished.crop_size,
        options=wished.options,
        default_supervision=None if wished.supervision else fitting,
        code=code,
    )


def _names_file(text: str) -> bool:
    place = Path(text)
    return text not in BASELINES and (place.is_file() or bool(place.suffix) or len(place.parts) > 1)


def bounded(
    make: Callable[[], M],
    what: str,
    tensors: Mapping[str, Tensor] | None = None,
    most: int = MAX_PARAMETERS,
) -> M:
    """The module that `make` builds, after its size was counted without allocating it.

    With `tensors` their names, types and shapes must be those of its state_dict, which becomes them. Raises
    ConfigError that names `what` for more than `most` parameters, for tensors of another network, or for
    arguments of which no network can be built.
    """
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), _Unfilled():
            outline = make()
        size = sum(tensor.numel() for tensor in outline.state_dict().values())
        if size > most:
            raise ConfigError(f"{what} has {size:,} parameters; at most {most:,} are built")
        if tensors is not None:
            _require_same(outline.state_dict(), tensors, what)
        module = make()
    except (ValueError, TypeError, ArithmeticError, RuntimeError) as exc:
        reason = " ".join(str(exc).split())[:200]
        raise ConfigError(f"{what}: {reason}") from None
    if tensors is not None:
        module.load_state_dict(dict(tensors))
    return module


class _Unfilled(TorchFunctionMode):
    """Leaves meta tensors as they are where they would be filled: they have no values, and drawing them or
    computing with them would import torch._dynamo, 70 MB."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [*args, *(kwargs or {}).values()]
        if func in _FILLING and given[0].is_meta:
            return given[0]
        return func(*args, **(kwargs or {}))


_FILLING = {getattr(nn.init, name) for name in dir(nn.init) if name.endswith("_") and name[0] != "_"}
_FILLING |= {Tensor.mul_, Tensor.normal_, Tensor.uniform_}


def _require_same(own: Mapping[str, Tensor], found: Mapping[str, Tensor], what: str) -> None:
    faults = [f"{name} is missing" for name in own if name not in found]
    faults += [f"{name} does not belong to it" for name in found if name not in own]
    for name in own.keys() & found.keys():
        if own[name].shape != found[name].shape or own[name].dtype != found[name].dtype:
            faults.append(f"{name} is {_kind(found[name])}, not {_kind(own[name])}")
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise ConfigError(f"the tensors are not those of {what}: {faults[0][:200]}{more}")


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {'x'.join(map(str, tensor.shape)) or 'scalar'}"
