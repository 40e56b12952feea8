"""From label columns to `Labels`: values, weights and conditions that are not met, in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Labels, TaskLabels, Tasks, TaskSpec, Tensor
from easy_esmm.data.fields import loss_sessions
from easy_esmm.data.missing_labels import is_missing, without_signs
from easy_esmm.metrics.groups import group_numbers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def labels_from_columns(
    config: PipelineConfig,
    tasks: Tasks,
    columns: Mapping[str, Tensor],
    features: Optional[Mapping[str, Tensor]] = None,
) -> Labels:
    """What was observed on a batch.

    Args:
      config: resolved.
      tasks: of `config`.
      columns: label column -> float32 [batch], and the sample weight under its own name.
      features: input columns [batch]; losses read sessions from them.
    """
    values = {name: without_signs(columns[name]) for name in tasks.columns()}
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
        sessions=_sessions(config, tasks, features or {}),
    )


def _tower_labels(
    task: TaskSpec, values: Mapping[str, Tensor], columns: Mapping[str, Tensor], weight: Tensor
) -> TaskLabels:
    claimed = values[task.label]
    missing, loss_weight = is_missing(columns[task.label]), _loss_weight(task, weight, columns)
    if task.condition is None:
        none = tf.zeros_like(claimed)
        return TaskLabels(claimed, weight, loss_weight, missing, none, _is_inside(task, columns))
    is_met = values[task.condition]
    violates = (1.0 - is_met) * tf.cast(claimed > 0, tf.float32)
    return TaskLabels(
        claimed * is_met, weight, loss_weight, missing, violates, _is_inside(task, columns)
    )


def _is_inside(task: TaskSpec, columns: Mapping[str, Tensor]) -> Optional[Tensor]:
    if task.task_space is None:
        return None
    return tf.cast(columns[task.task_space.indicator] > 0, tf.float32)


def _masked(task: TaskSpec, labels: TaskLabels, values: Mapping[str, Tensor]) -> TaskLabels:
    """Without the rows on which the task is not observed."""
    if not task.is_masked:
        return labels
    return replace(labels, weight=values[str(task.condition)] * labels.weight)


def _sessions(
    config: PipelineConfig, tasks: Tasks, features: Mapping[str, Tensor]
) -> Dict[str, Tensor]:
    names: Tuple[str, ...] = loss_sessions(tasks)
    if not names:
        return {}
    return {name: group_numbers(features[name]) for name in names}


def _loss_weight(task: TaskSpec, weight: Tensor, columns: Mapping[str, Tensor]) -> Tensor:
    """Sample weight times task-space weight, float32 [batch]."""
    total = weight if task.uses_sample_weight else tf.ones_like(weight)
    space = task.task_space
    if space is None:
        return total
    return total * tf.where(columns[space.indicator] > 0, space.inside, space.outside)
