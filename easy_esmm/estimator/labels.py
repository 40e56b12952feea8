"""Converts label columns to `Labels`: values, weights, masks and violated conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.contract import LabelColumn, Labels, TaskLabels, Tasks, TaskSpec, Tensor
from easy_esmm.data.fields import loss_sessions
from easy_esmm.metrics.groups import group_numbers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def labels_from_columns(
    config: PipelineConfig,
    tasks: Tasks,
    columns: Mapping[str, Any],
    features: Optional[Mapping[str, Tensor]] = None,
) -> Labels:
    """What was observed on a batch.

    Args:
      config: resolved.
      tasks: of `config`.
      columns: label column -> `LabelColumn`, and the sample weight under its own name.
      features: input columns [batch]; losses read sessions from them.
    """
    values = {name: _value(columns[name]) for name in tasks.columns()}
    weight_name = config.data_config.sample_weight
    weight = columns[weight_name] if weight_name else tf.ones_like(values[tasks.specs[0].label])
    of_towers: Dict[str, TaskLabels] = {}
    for task in tasks:
        # Tasks of one tower share its label and its weights.
        if task.path not in of_towers:
            of_towers[task.path] = _tower_labels(task, values, columns, weight)
    return Labels(
        tasks={task.name: _masked(task, of_towers[task.path], values) for task in tasks},
        weight=weight,
        sessions={name: group_numbers((features or {})[name]) for name in loss_sessions(tasks)},
    )


def _value(column: LabelColumn) -> Tensor:
    """The label as it counts: a missing one is 0, whatever stands in its place."""
    return tf.where(column.is_missing, 0.0, column.value)


def _tower_labels(
    task: TaskSpec, values: Mapping[str, Tensor], columns: Mapping[str, Any], weight: Tensor
) -> TaskLabels:
    claimed = values[task.label]
    missing, loss_weight = columns[task.label].is_missing, _loss_weight(task, weight, values)
    if task.condition is None:
        none = tf.zeros_like(claimed)
        return TaskLabels(claimed, weight, loss_weight, missing, none, _is_inside(task, values))
    is_met = values[task.condition]
    violates = (1.0 - is_met) * tf.cast(claimed > 0, tf.float32)
    return TaskLabels(
        claimed * is_met, weight, loss_weight, missing, violates, _is_inside(task, values)
    )


def _is_inside(task: TaskSpec, values: Mapping[str, Tensor]) -> Optional[Tensor]:
    if task.task_space is None:
        return None
    return tf.cast(values[task.task_space.indicator] > 0, tf.float32)


def _masked(task: TaskSpec, labels: TaskLabels, values: Mapping[str, Tensor]) -> TaskLabels:
    """Without the rows on which the task is not observed."""
    if not task.is_masked:
        return labels
    return replace(labels, weight=values[str(task.condition)] * labels.weight)


def _loss_weight(task: TaskSpec, weight: Tensor, values: Mapping[str, Tensor]) -> Tensor:
    """Sample weight times task-space weight, float32 [batch]."""
    total = weight if task.uses_sample_weight else tf.ones_like(weight)
    space = task.task_space
    if space is None:
        return total
    return total * tf.where(values[space.indicator] > 0, space.inside, space.outside)
