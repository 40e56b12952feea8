"""Warns of labels that are read without an error and can hardly be meant."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Set, Tuple

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.config.towers import towers
from easy_esmm.contract import Tensor
from easy_esmm.data.missing_labels import is_missing
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

TRAINING, EVALUATION = "the training input", "the evaluation input"


class LabelWarningHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Counts rows by their labels; warns at the end, of each thing once.

    `told` holds what was warned of before, and takes what is warned of now: one set for all
    evaluations of a process.
    """

    def __init__(
        self, config: PipelineConfig, columns: Mapping[str, Tensor], where: str, told: Set[str]
    ) -> None:
        ctr_tower, cvr_tower = towers(config.model_config)
        self._click, self._conversion = ctr_tower.label_name, cvr_tower.label_name
        self._names = label_names(config)
        self._where, self._told = where, told
        is_click = columns[self._click] > 0
        is_claimed = columns[self._conversion] > 0
        is_orphan = is_claimed & ~is_click
        missing = [is_missing(columns[name]) for name in self._names]
        rows = tf.ones_like(is_click)
        # One tensor: a step fetches one array.
        self._counts = _true_counts([rows, is_click, is_claimed, is_orphan, *missing])
        self._totals = np.zeros(4 + len(missing), np.int64)

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._counts)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._totals += run_values.results

    def end(self, session: Any) -> None:
        rows, clicks, claimed, orphans, *missing = self._totals.tolist()
        found = [
            *missing_labels(list(zip(self._names, missing)), rows, self._where),
            *no_positives(self._click, self._conversion, (rows, clicks, claimed), self._where),
            *orphan_conversions(self._click, self._conversion, orphans, claimed, self._where),
        ]
        for what, text in found:
            if what not in self._told:
                self._told.add(what)
                logging.warning("%s", text)


def label_names(config: PipelineConfig) -> Tuple[str, ...]:
    """The label columns that the towers read, each once."""
    both = towers(config.model_config)
    names = [tower.label_name for tower in both]
    names += [tower.task_space_indicator_label for tower in both]
    return tuple(name for name in dict.fromkeys(names) if name)


def missing_labels(
    counts: Sequence[Tuple[str, int]], rows: int, where: str
) -> List[Tuple[str, str]]:
    """(what, warning) for each label column that so many of the rows lack."""
    return [
        (
            f"missing {name}",
            f"{count:,} of {rows:,} rows of {where} have no value in label column '{name}', which "
            "counts as 0; mend them, or set the column's default_val, which says that it is meant",
        )
        for name, count in counts
        if count
    ]


def no_positives(
    click: str, conversion: str, counts: Tuple[int, int, int], where: str
) -> List[Tuple[str, str]]:
    """(what, warning) where not one of (rows, clicks, claimed conversions) is a positive."""
    rows, clicks, claimed = counts
    none = [
        f"{name} (column '{column}', {tower}.label_name)"
        for name, column, tower, count in (
            ("click", click, "ctr_tower", clicks),
            ("conversion", conversion, "cvr_tower", claimed),
        )
        if not count
    ]
    if not none or not rows:
        return []
    text = f"none of the {rows:,} rows of {where} has a {' or a '.join(none)}"
    return [("no positives", f"{text}; nothing can be learned, or measured, of what never happens")]


def orphan_conversions(
    click: str, conversion: str, orphans: int, claimed: int, where: str
) -> List[Tuple[str, str]]:
    """(what, warning) where some of the claimed conversions are in rows without a click."""
    if not orphans:
        return []
    text = (
        f"{orphans:,} rows of {where} have a conversion without a click, {orphans / claimed:.1%} "
        f"of its {claimed:,} conversions; these conversions are not counted"
    )
    if 2 * orphans > claimed:
        text += (
            f"; are the two labels swapped? ctr_tower.label_name is '{click}', "
            f"cvr_tower.label_name is '{conversion}'"
        )
    return [("orphans", text)]


def _true_counts(flags: Sequence[Tensor]) -> Tensor:
    return tf.stack([tf.math.count_nonzero(flag) for flag in flags])
