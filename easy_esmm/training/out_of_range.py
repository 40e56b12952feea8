"""Warns about ids that a table has no row for."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.features import Embedded
from easy_esmm.protos.train_pb2 import TrainConfig

# A smaller share is normal at the edge of a vocabulary; a larger one silently merges ids.
_WARN_SHARE = 0.001


def warn(feature: str, share: float, where: str) -> None:
    """Logs that `share` of a feature's ids lie outside its rows, if it is worth a line."""
    if share > _WARN_SHARE:
        logging.warning(
            "feature %s: %.1f %% of the ids in %s lie outside its num_buckets or vocabulary and "
            "share row 0; raise num_buckets, extend the vocabulary, or use hash_bucket_size",
            feature,
            100 * share,
            where,
        )


class OutOfRangeHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Counts such ids in training; warns once a feature, at a log step or at the end."""

    def __init__(self, embedded: Embedded, config: TrainConfig) -> None:
        self._every = max(1, config.log_step_count_steps)
        names = sorted(embedded.out_of_range)
        self._names = names
        # One [2, features] tensor: a step fetches one array whatever the number of features.
        self._counts = (
            tf.stack(
                [
                    tf.stack([embedded.out_of_range[n] for n in names]),
                    tf.stack([embedded.ids_seen[n] for n in names]),
                ]
            )
            if names
            else None
        )
        self._totals = np.zeros((2, len(names)), np.int64)
        self._steps = 0
        self._warned: Dict[str, bool] = {}

    def before_run(self, run_context: Any) -> Any:
        return None if self._counts is None else v1.train.SessionRunArgs(self._counts)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._counts is None:
            return
        self._totals += run_values.results
        self._steps += 1
        if self._steps % self._every == 0:
            self._report()

    def end(self, session: Any) -> None:
        self._report()

    def _report(self) -> None:
        for name, outside, seen in zip(self._names, *self._totals):
            if seen and outside / seen > _WARN_SHARE and name not in self._warned:
                self._warned[name] = True
                warn(name, outside / seen, "training")
