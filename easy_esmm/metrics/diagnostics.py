"""Metrics that every evaluation reports, whatever the `metrics_set` of its tasks.

A ranking metric alone misleads: a model may rank well and be wrong twelvefold in its rates.
"""

from __future__ import annotations

from typing import Dict, Sequence

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import (
    Labels,
    Outputs,
    ScoredTask,
    Tasks,
    Tensor,
    keyed,
    scored_tasks,
)
from easy_esmm.metrics import entire_space
from easy_esmm.metrics.calibration import expected_calibration_error
from easy_esmm.metrics.streaming import Metric, ratio, row_counts, row_means, sums, weighed


def diagnostics(tasks: Tasks, outputs: Outputs, labels: Labels) -> Dict[str, Metric]:
    """Always-on metrics by key; float64 scalars unless said, NaN where there is no valid row.

    Per task (by its `metric_name`: `ctr`, `ctcvr`, `cvr_masked`, ...) with probabilities:
      log_loss_<task>             mean cross entropy, from the logits, nats
      normalized_entropy_<task>   the same over the entropy of the mean label; 1 is a constant guess
      pcoc_<task>                 mean prediction / mean label; 1 is calibrated
      ece_<task>                  expected calibration error, see `calibration`
    and with values (`loss_type: L2_LOSS`): mse_<task>, mae_<task>, pcoc_<task>.

    Counts of rows (int64, not weighted) and means: see `entire_space` for models of that family;
    for others count/impressions, count/positives_<task>, count/rows_<task> where a task is not
    observed on all rows, and mean_prediction_<task>. A task that has its metrics also over the rows
    inside its task space is diagnosed there alone.
    """
    scored = scored_tasks(tasks, outputs, labels)
    if tasks.entire_space is not None:
        metrics = entire_space.counts_and_means(tasks.entire_space, outputs, labels)
    else:
        metrics = {**_counts(tasks, scored, labels), **_means(tasks, outputs, labels)}
    superseded = {spec.metric_name for spec in tasks if spec.inside_metric_name is not None}
    for task in scored:
        if task.name in superseded:
            continue
        metrics.update(_of_values(task) if task.logit is None else _of_probabilities(task))
    return metrics


def _counts(tasks: Tasks, scored: Sequence[ScoredTask], labels: Labels) -> Dict[str, Metric]:
    """Of rows, whatever they weigh."""
    inside: Dict[str, Tensor] = {
        spec.inside_metric_name: labels[spec.name].is_inside
        for spec in tasks
        if spec.inside_metric_name is not None
    }
    counts = {"count/impressions": tf.ones_like(labels.weight, tf.bool)}
    for task in scored:
        is_positive = task.label > 0  # as in its AUC, of a value too
        if task.name in inside:
            is_inside = tf.cast(inside[task.name], tf.bool)
            counts[keyed("count/rows", task.name)] = is_inside
            is_positive &= is_inside
        counts[keyed("count/positives", task.name)] = is_positive
    return row_counts(counts)


def _means(tasks: Tasks, outputs: Outputs, labels: Labels) -> Dict[str, Metric]:
    return row_means(
        {
            keyed("mean_prediction", task.name): (
                outputs.heads[task.name].prediction,
                labels[task.name].weight,
            )
            for task in tasks
        }
    )


def _of_probabilities(task: ScoredTask) -> Dict[str, Metric]:
    name, weight = task.name, task.weight
    with v1.name_scope(keyed("probability", name)):
        total, update = sums(
            {
                "weight": weight,
                "label": weighed(weight, task.label),
                "prediction": weighed(weight, task.prediction),
                "loss": weighed(weight, _cross_entropy(task.label, task.logit)),
            },
            "sums",
        )
        log_loss = ratio(total["loss"], total["weight"])
        entropy = _entropy(ratio(total["label"], total["weight"]))
        return {
            keyed("log_loss", name): (log_loss, update),
            keyed("normalized_entropy", name): (ratio(log_loss, entropy), update),
            keyed("pcoc", name): (ratio(total["prediction"], total["label"]), update),
            keyed("ece", name): expected_calibration_error(task),
        }


def _of_values(task: ScoredTask) -> Dict[str, Metric]:
    name, weight = task.name, task.weight
    error = tf.cast(task.prediction, tf.float64) - tf.cast(task.label, tf.float64)
    with v1.name_scope(keyed("value", name)):
        total, update = sums(
            {
                "weight": weight,
                "label": weighed(weight, task.label),
                "prediction": weighed(weight, task.prediction),
                "square": weighed(weight, tf.math.square(error)),
                "absolute": weighed(weight, tf.abs(error)),
            },
            "sums",
        )
        return {
            keyed("mse", name): (ratio(total["square"], total["weight"]), update),
            keyed("mae", name): (ratio(total["absolute"], total["weight"]), update),
            keyed("pcoc", name): (ratio(total["prediction"], total["label"]), update),
        }


def _cross_entropy(label: Tensor, logit: Tensor) -> Tensor:
    # From the logit: a clipped probability caps the loss of a confident error at 16 nats.
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=label, logits=logit)


def _entropy(rate: Tensor) -> Tensor:
    """Nats; 0 for a rate of 0 or 1."""
    return -tf.math.xlogy(rate, rate) - tf.math.xlog1py(1.0 - rate, -rate)
