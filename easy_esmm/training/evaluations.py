"""The evaluations of a training so far: what the best export and the early stop look at."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1

Series = List[Tuple[int, float]]
"""(step, value), by step."""


class Evaluations:
    """Results by step."""

    def __init__(self) -> None:
        self._results: Dict[int, Dict[str, float]] = {}

    @classmethod
    def read(cls, folder: str, last_step: int) -> Evaluations:
        """From TensorBoard's events in `folder`, up to `last_step`; none without the folder."""
        found = cls()
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        for name in names:
            if "tfevents" not in name:
                continue
            for event in _events(os.path.join(folder, name)):
                values = {
                    value.tag: value.simple_value
                    for value in event.summary.value
                    if value.HasField("simple_value")
                }
                if values and event.step <= last_step:
                    found.add(event.step, values)
        return found

    def __len__(self) -> int:
        return len(self._results)

    def add(self, step: int, result: Mapping[str, Any]) -> None:
        """Takes note of the result of a step."""
        values = {name: float(value) for name, value in result.items()}
        self._results.setdefault(step, {}).update(values)

    def series(self, metric: str) -> Series:
        """The metric at each step that has it."""
        return sorted((s, r[metric]) for s, r in self._results.items() if metric in r)


def _events(path: str) -> Iterator[Any]:
    """The events of a file, up to one that a killed process, or a full disk, left unfinished."""
    try:
        yield from v1.train.summary_iterator(path)
    except tf.errors.DataLossError:
        logging.warning("%s ends in the middle of an evaluation: it is left out", path)
