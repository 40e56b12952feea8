"""Warns of ids outside the vocabulary or the buckets of their feature."""

from __future__ import annotations

from typing import Any, Set

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.features import Embedded
from easy_esmm.protos.train_pb2 import TrainConfig

# A smaller share is normal at the edge of a vocabulary; a larger one silently merges ids.
_OUT_OF_RANGE_SHARE = 0.001


def warn_of_ids(feature: str, share: float, where: str) -> None:
    """Logs that `share` of a feature's ids have no row of their own, if it is worth a line."""
    if share > _OUT_OF_RANGE_SHARE:
        logging.warning(
            "feature %s: %.1f %% of the ids in %s lie outside its num_buckets or vocabulary and "
            "share row 0; raise num_buckets, extend the vocabulary, or use hash_bucket_size",
            feature,
            100 * share,
            where,
        )


class IdWarningHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Counts such ids in training; warns of each feature once, at a log step or at the end."""

    def __init__(self, embedded: Embedded, config: TrainConfig) -> None:
        self._every = max(1, config.log_step_count_steps)
        self._names = sorted(embedded.out_of_range)
        outside = [embedded.out_of_range[name] for name in self._names]
        seen = [embedded.ids_seen[name] for name in self._names]
        # One tensor: a step fetches one array whatever the number of features.
        self._counts = tf.stack([*outside, *seen])
        self._totals = np.zeros(2 * len(self._names), np.int64)
        self._steps = 0
        self._warned: Set[str] = set()

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._counts)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._totals += run_values.results
        self._steps += 1
        if self._steps % self._every == 0:
            self._warn_of_ids()

    def end(self, session: Any) -> None:
        self._warn_of_ids()

    def _warn_of_ids(self) -> None:
        outside, seen = np.split(self._totals, 2)
        for name, share in zip(self._names, outside / np.maximum(seen, 1)):
            if share > _OUT_OF_RANGE_SHARE and name not in self._warned:
                self._warned.add(name)
                warn_of_ids(name, float(share), "the training input")
