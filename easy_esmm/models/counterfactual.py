"""What models with a further head or with weights by propensity share."""

from __future__ import annotations

from typing import Dict, Optional, Type

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import EntireSpaceTasks, Labels, Outputs, RowMean, Tensor
from easy_esmm.layers.tower import Tower, TowerLayers
from easy_esmm.losses import negative_sampling, propensity
from easy_esmm.losses.propensity import Clip
from easy_esmm.protos.propensity_pb2 import Propensity
from easy_esmm.protos.tower_pb2 import Head, TaskTower


def head(
    config: Head,
    cvr_tower: TaskTower,
    name: str,
    product_dtype: tf.DType,
    prior: Optional[float] = None,
    layers: Type[TowerLayers] = Tower,
) -> TowerLayers:
    """Hidden layers and one output unit: float32 [batch, width] -> [batch], unbounded.

    Args:
      config: its hidden layers, or nothing.
      cvr_tower: whose hidden layers it copies then, with weights of its own.
      name: of the layer, and of its variables.
      product_dtype: as `Tower`'s.
      prior: probability whose log odds the output bias starts at; the bias starts at 0 without.
      layers: `Tower`, or another class, which may give more than the output.
    """
    dnn = config.dnn if config.HasField("dnn") else cvr_tower.dnn
    return layers(TaskTower(dnn=dnn, label_prior=prior), name, product_dtype)


def clip_of(config: Propensity) -> Clip:
    """The range of propensities that the config allows."""
    return Clip(floor=config.floor, cap=config.cap)


def conversion_prior(cvr_tower: TaskTower) -> Optional[float]:
    """The expected rate of conversions per click, if the config gives one."""
    return cvr_tower.label_prior if cvr_tower.HasField("label_prior") else None


def row_weights(
    mask: Tensor, logit: Tensor, clip: Clip, is_normalized: bool, labels: Labels
) -> Tensor:
    """float32 [batch]: mask / clip(sigmoid(logit)) over the rows or its sum; no gradient.

    `mask` is 1 on clicked rows or on all others. The logit is that among all rows also where
    negatives were dropped: the weights then bring what is left to all rows.
    """
    inverse = propensity.inverse(logit, clip)
    if is_normalized:  # of rows that stand for equally many: their proportions are the same
        return negative_sampling.in_proportion(propensity.self_normalized(mask, inverse), labels)
    return negative_sampling.importance_weighted(propensity.mean_weights(mask, inverse), labels)


def propensity_means(
    family: EntireSpaceTasks, outputs: Outputs, labels: Labels, clip: Clip
) -> Dict[str, RowMean]:
    """Over clicked rows: how many propensities were clipped, and the mean weight 1 / P.

    A share near 1 says that the floor has made all weights equal: the risk is then that of the
    clicked rows, unweighted.
    """
    clicked = labels[family.conversion.name].weight
    logit = outputs.heads[family.click.name].logit
    return {
        "propensity/clipped_share": RowMean(propensity.is_clipped(logit, clip), clicked),
        "propensity/mean_weight": RowMean(propensity.inverse(logit, clip), clicked),
    }


def warm_up_factor(steps: int, training: bool) -> Tensor:
    """Scalar float32 in [0, 1]: global step / `steps`, and 1 from then on.

    Always 1 outside training, so that evaluations of all checkpoints measure one objective.
    """
    if not training or not steps:
        return tf.constant(1.0)
    step = tf.cast(v1.train.get_or_create_global_step(), tf.float32)
    return tf.minimum(step / float(steps), 1.0)
