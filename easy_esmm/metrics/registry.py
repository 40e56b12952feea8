"""Metrics by the name of their field in `EvalMetrics`.

A metric is a file with a function `(its config message, task, columns) -> {key: Metric}`; adding
one touches that file and its import.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

from easy_esmm.contract import ScoredTask, Tensor
from easy_esmm.metrics.streaming import Metric
from easy_esmm.protos.eval_pb2 import EvalMetrics

Columns = Mapping[str, Tensor]
"""Input columns of the batch by input name."""
Builder = Callable[[Any, ScoredTask, Columns], Dict[str, Metric]]

_BUILDERS: Dict[str, Builder] = {}


def register(name: str) -> Callable[[Builder], Builder]:
    """Decorator: the function builds the metric of the `EvalMetrics` field `name`."""

    def add(builder: Builder) -> Builder:
        _BUILDERS[name] = builder
        return builder

    return add


def registered() -> Dict[str, Builder]:
    """A copy of the registry."""
    return dict(_BUILDERS)


def build(config: EvalMetrics, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """The metric of `config`, on `task`; keys end in the task's name."""
    name = config.WhichOneof("metric")
    return _BUILDERS[name](getattr(config, name), task, columns)
