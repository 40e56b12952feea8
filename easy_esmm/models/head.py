"""Networks of a model's own beside its two towers."""

from __future__ import annotations

from typing import Optional

import tensorflow as tf

from easy_esmm.layers.tower import Tower
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
