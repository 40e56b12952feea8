"""Builds the graph of a mode without running it, to learn its variables and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import tensorflow as tf

from easy_esmm.compat import estimator, v1
from easy_esmm.contract import LabelColumn
from easy_esmm.data.decode import DTYPES
from easy_esmm.data.fields import needed_fields
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.signature import receive_columns


@dataclass(frozen=True)
class DryBuild:
    """What a graph holds."""

    variables: Dict[str, List[int]]
    """Name -> shape of every variable, optimizer slots included."""
    metrics: Tuple[str, ...]
    """Names of the metrics, in the order of their making."""


def dry_build(config: PipelineConfig, mode: str) -> DryBuild:
    """Builds the graph of a mode."""
    with tf.Graph().as_default():
        v1.train.create_global_step()
        columns = receive_columns(config)
        labels: Dict[str, Any] = {}
        if mode != estimator.ModeKeys.PREDICT:
            is_training = mode == estimator.ModeKeys.TRAIN
            fields = needed_fields(config, with_labels=True, training=is_training)
            # What metrics and losses alone read.
            for column in fields.columns:
                if column.name not in columns:
                    columns[column.name] = v1.placeholder(DTYPES[column.type], [None])
            for column in fields.labels_and_weight:
                value, is_missing = (
                    v1.placeholder(dtype, [None]) for dtype in (tf.float32, tf.bool)
                )
                labels[column.name] = LabelColumn(value, is_missing)
        spec = make_model_fn(config)(columns, labels, mode)
        shapes = {v.op.name: v.shape.as_list() for v in v1.global_variables()}
        return DryBuild(shapes, tuple(spec.eval_metric_ops))
