"""Converts label columns to `Labels`: values, weights, masks and violated conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.config.cells import parse_cell
from easy_esmm.contract import (
    LabelColumn,
    Labels,
    NegativeSampling,
    TaskLabels,
    Tasks,
    TaskSpec,
    Tensor,
)
from easy_esmm.data.fields import loss_sessions
from easy_esmm.estimator.conversion_times import conversion_times
from easy_esmm.losses.negative_sampling import sampling_of
from easy_esmm.metrics.groups import group_numbers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def labels_from_columns(
    config: PipelineConfig,
    tasks: Tasks,
    columns: Mapping[str, Any],
    features: Optional[Mapping[str, Tensor]] = None,
    training: bool = False,
    share: float = 1.0,
) -> Labels:
    """What was observed on a batch.

    Args:
      config: resolved.
      tasks: of `config`.
      columns: name -> `LabelColumn`, of the label columns and the sample weight.
      features: input columns [batch]; losses read sessions from them, and task spaces values.
      training: whether times of conversions are read from them too, where the config has any.
      share: of the negatives of the data, the rows whose label of the first task is 0.
    """
    values = {name: _value(columns[name]) for name in tasks.columns()}
    weight_name = config.data_config.sample_weight
    first = values[tasks.specs[0].label]
    weight = _value(columns[weight_name]) if weight_name else tf.ones_like(first)
    of_towers: Dict[str, TaskLabels] = {}
    for task in tasks:
        # Tasks of one tower share its label and its weights.
        if task.path not in of_towers:
            is_inside = _is_inside(config, task, values, features or {})
            of_towers[task.path] = _tower_labels(task, values, columns, weight, is_inside)
    times = None
    if training and tasks.entire_space is not None:
        converted = of_towers[tasks.entire_space.product.path].value
        times = conversion_times(config, features or {}, converted)
    observed = Labels(
        tasks={task.name: _masked(task, of_towers[task.path], values) for task in tasks},
        weight=weight,
        sessions={name: group_numbers((features or {})[name]) for name in loss_sessions(tasks)},
        times=times,
    )
    return observed if share == 1.0 else _of_sample(observed, sampling_of(first, share))


def _of_sample(labels: Labels, sampling: NegativeSampling) -> Labels:
    """With metrics' weights that count each row as often as it stands for one of all rows."""
    tasks = {
        name: replace(task, weight=task.weight * sampling.importance)
        for name, task in labels.tasks.items()
    }
    return replace(
        labels, tasks=tasks, weight=labels.weight * sampling.importance, sampling=sampling
    )


def _value(column: LabelColumn) -> Tensor:
    """The label as it counts: a missing one is 0, whatever stands in its place."""
    return tf.where(column.is_missing, 0.0, column.value)


def _tower_labels(
    task: TaskSpec,
    values: Mapping[str, Tensor],
    columns: Mapping[str, Any],
    weight: Tensor,
    is_inside: Optional[Tensor],
) -> TaskLabels:
    claimed = values[task.label]
    missing, loss_weight = columns[task.label].is_missing, _loss_weight(task, weight, is_inside)
    inside = None if is_inside is None else tf.cast(is_inside, tf.float32)
    if task.condition is None:
        none = tf.zeros_like(claimed)
        return TaskLabels(claimed, weight, loss_weight, missing, none, inside)
    is_met = values[task.condition]
    violates = (1.0 - is_met) * tf.cast(claimed > 0, tf.float32)
    return TaskLabels(claimed * is_met, weight, loss_weight, missing, violates, inside)


def _is_inside(
    config: PipelineConfig,
    task: TaskSpec,
    values: Mapping[str, Tensor],
    features: Mapping[str, Tensor],
) -> Optional[Tensor]:
    """Bool [batch]: whether the row lies inside the task's space; None of a task without one."""
    space = task.task_space
    if space is None:
        return None
    if space.value is None:
        return values[space.indicator] > 0
    types = {field.input_name: field.input_type for field in config.data_config.input_fields}
    value = parse_cell(types[space.indicator], space.value.encode())
    column = features[space.indicator]
    return tf.equal(column, tf.constant(value, column.dtype))


def _masked(task: TaskSpec, labels: TaskLabels, values: Mapping[str, Tensor]) -> TaskLabels:
    """Without the rows on which the task is not observed."""
    if not task.is_masked:
        return labels
    return replace(labels, weight=values[str(task.condition)] * labels.weight)


def _loss_weight(task: TaskSpec, weight: Tensor, is_inside: Optional[Tensor]) -> Tensor:
    """Sample weight times task-space weight, float32 [batch]."""
    total = weight if task.uses_sample_weight else tf.ones_like(weight)
    space = task.task_space
    if space is None or is_inside is None:
        return total
    return total * tf.where(is_inside, space.inside, space.outside)
