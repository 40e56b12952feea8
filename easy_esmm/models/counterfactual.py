"""The parts that ESCM2 and DCMT share: a further head, propensities and warm-up of a weight."""

from __future__ import annotations

from typing import Dict, Optional

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import EntireSpaceTasks, Labels, Outputs, RowMean, Tensor
from easy_esmm.layers.tower import Tower
from easy_esmm.losses import propensity
from easy_esmm.losses.propensity import Clip
from easy_esmm.protos.propensity_pb2 import Propensity
from easy_esmm.protos.tower_pb2 import Head, TaskTower


def head(
    config: Head,
    cvr_tower: TaskTower,
    name: str,
    product_dtype: tf.DType,
    prior: Optional[float] = None,
) -> Tower:
    """Hidden layers and one output unit: float32 [batch, width] -> [batch], unbounded.

    Args:
      config: its hidden layers, or nothing.
      cvr_tower: whose hidden layers it copies then, with weights of its own.
      name: of the layer, and of its variables.
      product_dtype: as `Tower`'s.
      prior: probability whose log odds the output bias starts at; the bias starts at 0 without.
    """
    dnn = config.dnn if config.HasField("dnn") else cvr_tower.dnn
    return Tower(TaskTower(dnn=dnn, label_prior=prior), name, product_dtype)


def clip_of(config: Propensity) -> Clip:
    """The range of propensities that the config allows."""
    return Clip(floor=config.floor, cap=config.cap)


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
