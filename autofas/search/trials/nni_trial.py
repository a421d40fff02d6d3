"""A trial inside an NNI experiment: its point comes from NNI, and every epoch's error goes to it.

Only NNI's trial interface is used: get_next_parameter, report_intermediate_result, report_final_result.
"""

import time
from typing import Any

from autofas.config.trial import TrialConfig
from autofas.errors import ConfigError
from autofas.models.space import load_space
from autofas.search.layouts import Layouts
from autofas.search.trials.points import cells_of, checked_point, key_of, laid_out
from autofas.search.trials.single import run_trial


def require_nni() -> Any:
    """NNI; raises ConfigError where the extra is not installed."""
    try:
        import nni
    except ImportError as exc:
        raise ConfigError(f"engine nni needs the extra: pip install 'autofas[nni]' ({exc})") from None
    return nni


def next_point() -> dict[str, int]:
    """The point that NNI's tuner proposes to this process; raises ConfigError outside an experiment."""
    values = require_nni().get_next_parameter()
    if not isinstance(values, dict) or not values:
        raise ConfigError("--nni: NNI gave no point; this flag is for trials that an experiment starts")
    return {str(name): int(value) for name, value in values.items()}


def report_to_nni(config: TrialConfig, *, quiet: bool = True) -> dict[str, Any]:
    """Run the trial and report it; a point beyond the limits is reported as an error of 1 and not trained."""
    nni = require_nni()
    space = load_space(config.space)
    point = checked_point(space, config.point or {})
    layouts = Layouts(space, config)
    row: dict[str, Any] = {"point": key_of(point), "default": 1.0}
    if not layouts.allow(laid_out(space, point), cells_of(space, point)):
        row["void"] = "beyond"
    else:
        started, cpu = time.perf_counter(), time.process_time()
        report = run_trial(
            config, quiet=quiet, after_epoch=lambda r: nni.report_intermediate_result(1 - r["arch_auc"])
        )
        last = report.epochs[-1]
        row |= {
            "default": 1 - last["arch_auc"],
            "arch_auc": last["arch_auc"],
            "arch_loss": last["arch_loss"],
            "params": report.params,
            "macs": report.macs,
            "epochs": len(report.epochs),
            "seconds": round(time.perf_counter() - started, 3),
            "cpu_seconds": round(time.process_time() - cpu, 3),
        }
    nni.report_final_result(row)
    return row
