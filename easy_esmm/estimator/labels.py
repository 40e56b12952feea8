"""From label columns to `Labels`: masks, weights and impossible rows, in one place."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.config.towers import towers
from easy_esmm.contract import Labels, Tensor
from easy_esmm.data.fields import loss_sessions
from easy_esmm.data.missing_labels import without_signs
from easy_esmm.metrics.groups import group_numbers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.tower_pb2 import TaskTower


def labels_from_columns(
    config: PipelineConfig,
    columns: Mapping[str, Tensor],
    features: Optional[Mapping[str, Tensor]] = None,
) -> Labels:
    """What was observed on a batch.

    Args:
      config: resolved, so that both towers name their labels.
      columns: label column -> float32 [batch], and the sample weight under its own name.
      features: input columns [batch]; losses read sessions from them.
    """
    ctr_tower, cvr_tower = towers(config.model_config)
    click = without_signs(columns[ctr_tower.label_name])
    claimed = without_signs(columns[cvr_tower.label_name])
    weight_name = config.data_config.sample_weight
    weight = columns[weight_name] if weight_name else tf.ones_like(click)
    unclicked = 1.0 - click
    return Labels(
        click=click,
        conversion=claimed * click,
        weight=weight,
        ctr_loss_weight=_loss_weight(ctr_tower, weight, columns),
        cvr_loss_weight=_loss_weight(cvr_tower, weight, columns),
        orphan_conversion=unclicked * tf.cast(claimed > 0, tf.float32),
        sessions=_sessions(config, features or {}),
    )


def _sessions(config: PipelineConfig, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    names = loss_sessions(config)
    if not names:
        return {}
    return {name: group_numbers(features[name]) for name in names}


def _loss_weight(tower: TaskTower, weight: Tensor, columns: Mapping[str, Tensor]) -> Tensor:
    """Sample weight times task-space weight, float32 [batch]."""
    total = weight if tower.use_sample_weight else tf.ones_like(weight)
    if not tower.task_space_indicator_label:
        return total
    is_inside = columns[tower.task_space_indicator_label] > 0
    return total * tf.where(is_inside, tower.in_task_space_weight, tower.out_task_space_weight)
