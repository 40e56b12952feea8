"""The evaluations of a training so far, for the best export and early stopping."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping

from easy_esmm.evaluation.events import Series, read_scalars

EVALUATION_NAME = "val"


def evaluations_folder(model_dir: str) -> str:
    """Where evaluations during training leave their events: `eval_val`, as in EasyRec."""
    return os.path.join(model_dir, f"eval_{EVALUATION_NAME}")


class Evaluations:
    """Results by step."""

    def __init__(self) -> None:
        self._results: Dict[int, Dict[str, float]] = {}

    @classmethod
    def read(cls, folder: str, last_step: int) -> Evaluations:
        """From TensorBoard's events in `folder`, up to `last_step`; none without the folder."""
        found = cls()
        for step, values in read_scalars(folder):
            if step <= last_step:
                found.add(step, values)
        return found

    def __len__(self) -> int:
        return len(self._results)

    def add(self, step: int, result: Mapping[str, Any]) -> None:
        """Adds the result of a step."""
        values = {name: float(value) for name, value in result.items()}
        self._results.setdefault(step, {}).update(values)

    def at(self, step: int) -> Dict[str, float]:
        """The result of a step; nothing if there is none."""
        return dict(self._results.get(step, {}))

    def series(self, metric: str) -> Series:
        """The metric at each step that has it."""
        return sorted((s, r[metric]) for s, r in self._results.items() if metric in r)
