"""Collects every evaluated row, in order, for what a streaming metric cannot compute."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import Labels


class RowRecorder:
    """Keeps labels, weights and probabilities of an evaluation in host memory: 24 bytes a row."""

    def __init__(self) -> None:
        self._batches: Dict[str, List[Any]] = {}

    def hook(self, labels: Labels, predictions: Any) -> Any:
        """An evaluation hook that feeds this recorder from the evaluation's graph."""
        self._batches = {}
        return _RecordHook(
            {
                "click": labels.click,
                "conversion": labels.conversion,
                "weight": labels.weight,
                "pctr": predictions.pctr,
                "pcvr": predictions.pcvr,
                "pctcvr": predictions.pctcvr,
            },
            self._batches,
        )

    def rows(self) -> Dict[str, NDArray[Any]]:
        """`click`, `conversion`, `weight`, `pctr`, `pcvr`, `pctcvr`: float32 [rows], as read."""
        return {name: np.concatenate(parts) for name, parts in self._batches.items()}


class _RecordHook(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, tensors: Dict[str, Any], batches: Dict[str, List[Any]]) -> None:
        self._tensors = tensors
        self._batches = batches

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._tensors)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        for name, value in run_values.results.items():
            self._batches.setdefault(name, []).append(value)
