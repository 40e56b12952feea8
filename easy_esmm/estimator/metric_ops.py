"""The metric graph: every metric of an evaluation, by its public name."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

import tensorflow as tf

from easy_esmm import metrics as metric_registry
from easy_esmm.contract import (
    Labels,
    Outputs,
    RowMean,
    Tasks,
    Tensor,
    WeighedLoss,
    scored_tasks,
)
from easy_esmm.features import Embedded
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def metrics(
    config: PipelineConfig,
    tasks: Tasks,
    labels: Labels,
    outputs: Outputs,
    terms: Sequence[WeighedLoss],
    embedded: Embedded,
    row_means: Mapping[str, RowMean],
) -> Dict[str, Any]:
    """`eval_metric_ops`: name -> (value, update operation)."""
    result: Dict[str, Any] = {}
    for task in scored_tasks(tasks, outputs, labels):
        for metric in task.metrics:
            result.update(metric_registry.build(metric, task, embedded.columns))
    result.update(metric_registry.diagnostics(tasks, outputs, labels))
    result.update(_losses(config, labels, terms))
    result.update(_learned_weights(terms))
    result.update(_out_of_range(embedded))
    result.update({name: _mean(rows) for name, rows in row_means.items()})
    return result


def _losses(config: PipelineConfig, labels: Labels, terms: Sequence[WeighedLoss]) -> Dict[str, Any]:
    """`loss/loss/<term>`, weights included, and `loss/loss/total_loss`.

    Under `loss_reduction: MEAN` means over rows: the short last batch counts by its rows, unlike in
    `loss`, which the Estimator computes as the mean over batches. Under SUM means over batches.
    """
    is_mean = config.model_config.loss_reduction == ModelConfig.MEAN
    rows = tf.cast(tf.size(labels.weight), tf.float64) if is_mean else tf.constant(1.0, tf.float64)
    values = {term.name: term.contribution for term in terms}
    values["total_loss"] = tf.add_n(list(values.values()))
    return {
        f"loss/loss/{name}": metric_registry.exact_mean(tf.cast(value, tf.float64) * rows, rows)
        for name, value in values.items()
    }


def variable_metrics(prefix: str, values: Mapping[str, Tensor]) -> Dict[str, Any]:
    """`<prefix>/<name>`: scalars that only variables of the checkpoint make, as metrics."""
    return {f"{prefix}/{name}": (value, tf.no_op()) for name, value in values.items()}


def _mean(rows: RowMean) -> Any:
    weight = tf.cast(rows.weight, tf.float64)
    total = tf.reduce_sum(weight * tf.cast(rows.value, tf.float64))
    return metric_registry.exact_mean(total, tf.reduce_sum(weight))


def _learned_weights(terms: Sequence[WeighedLoss]) -> Dict[str, Any]:
    """`loss_weight/<term>`: what the checkpoint multiplies a loss by, where it learned that."""
    weights = {t.name: t.learned_weight for t in terms if t.learned_weight is not None}
    return variable_metrics("loss_weight", weights)


def _out_of_range(embedded: Embedded) -> Dict[str, Any]:
    """`out_of_range/<feature>`: share of ids outside the feature's vocabulary or buckets."""
    return {
        f"out_of_range/{name}": metric_registry.exact_mean(
            tf.cast(count, tf.float64), tf.cast(embedded.ids_seen[name], tf.float64)
        )
        for name, count in embedded.out_of_range.items()
    }
