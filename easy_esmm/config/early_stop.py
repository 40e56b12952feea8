"""The settings of early stopping, from `export_config`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence

from easy_esmm.config.hints import did_you_mean
from easy_esmm.protos.export_pb2 import ExportConfig

LIMITS: Mapping[str, str] = {
    "stop_if_no_increase": "max_steps_without_increase",
    "stop_if_no_decrease": "max_steps_without_decrease",
    "stop_if_higher": "threshold",
    "stop_if_lower": "threshold",
}
"""Each function with the parameter that is its limit; names as in tf.estimator.experimental."""

_LEAST: Mapping[str, int] = {
    "max_steps_without_increase": 1,
    "max_steps_without_decrease": 1,
    "min_steps": 0,
}
"""Parameters that count steps."""


@dataclass(frozen=True)
class EarlyStop:
    """One of the functions with its arguments."""

    function: str
    """A key of `LIMITS`."""
    metric: str
    """Name of a metric of the evaluation."""
    limit: float
    """Steps without a better value, or the value to pass."""
    min_steps: int = 0
    """Training does not stop before this step."""


def early_stop(export: ExportConfig) -> Optional[EarlyStop]:
    """The configured early stopping; None without.

    Raises:
      ValueError: `early_stop_params` is not what the function takes; the message states what is.
    """
    if not export.enable_early_stop:
        return None
    function = _function(export)
    limit = LIMITS[function]
    given = _given(export)
    if limit not in given:
        if limit == "threshold":
            raise ValueError('must give threshold, such as {"threshold": 0.8}')
        given[limit] = export.max_check_steps
    metric = given.get("metric_name", export.best_exporter_metric)
    return EarlyStop(function, metric, given[limit], int(given.get("min_steps", 0)))


def reads_max_check_steps(export: ExportConfig) -> bool:
    """Whether `max_check_steps` sets how many steps may go without a better value."""
    limit = LIMITS[_function(export)]
    return limit != "threshold" and limit not in _given(export)


def _function(export: ExportConfig) -> str:
    follows = "stop_if_no_increase" if export.metric_bigger else "stop_if_no_decrease"
    return export.early_stop_func or follows


def _given(export: ExportConfig) -> Dict[str, Any]:
    names = ("metric_name", LIMITS[_function(export)], "min_steps")
    return _parameters(export.early_stop_params, names)


def _parameters(text: str, names: Sequence[str]) -> Dict[str, Any]:
    if not text:
        return {}
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"must be a JSON object: {error}") from error
    if not isinstance(given, dict):
        raise ValueError("must be a JSON object")
    for name, value in given.items():
        if name not in names:
            hint = did_you_mean(name, names)
            rule = f"must hold only {', '.join(names)}, not {name}"
            raise ValueError(f"{rule}; {hint}" if hint else rule)
        kind, words = (str, "text") if name == "metric_name" else ((int, float), "a number")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"must hold {words} as {name}")
        if kind is not str:
            _check_number(name, value)
    return given


def _check_number(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"must hold a finite number as {name}")
    least = _LEAST.get(name, value)
    if value < least:
        raise ValueError(f"must hold at least {least} as {name}")
