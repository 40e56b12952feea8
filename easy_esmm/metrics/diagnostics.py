"""What every evaluation of an entire-space model reports, whatever its `metrics_set` says.

A ranking metric alone misleads: a model may rank well and be wrong twelvefold in its rates.
"""

from __future__ import annotations

from typing import Dict, Union

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Labels, Predictions, Task, Tensor, ValuePredictions
from easy_esmm.metrics.calibration import expected_calibration_error
from easy_esmm.metrics.streaming import Metric, ratio, sums, weighed


def diagnostics(
    labels: Labels, predictions: Union[Predictions, ValuePredictions]
) -> Dict[str, Metric]:
    """Always-on metrics by key; float64 scalars unless said, NaN where there is no valid row.

    Per task (`ctr`, `ctcvr`, `cvr_masked`, by the towers' names) with probabilities:
      log_loss_<task>             mean cross entropy, from the logits, nats
      normalized_entropy_<task>   the same over the entropy of the mean label; 1 is a constant guess
      pcoc_<task>                 mean prediction / mean label; 1 is calibrated
      ece_<task>                  expected calibration error, see `calibration`
    and with values (`loss_type: L2_LOSS`): mse_<task>, mae_<task>, pcoc_<task>.

    Means over impressions: mean_pctr, mean_pctcvr and mean_pcvr_all, mean_pcvr_clicked,
    mean_pcvr_unclicked (for a value tower mean_pctr, mean_expected_value, mean_value_all, ...).

    Counts of rows (int64, not weighted): count/impressions, count/clicks, count/conversions,
    count/orphan_conversions (rows that claim a conversion without a click).
    """
    metrics = {**_counts(labels), **_means(labels, predictions)}
    for task in (*predictions.ctr_tasks(labels), *predictions.cvr_tasks(labels)):
        metrics.update(_of_values(task) if task.logit is None else _of_probabilities(task))
    return metrics


def _counts(labels: Labels) -> Dict[str, Metric]:
    with v1.name_scope("count"):
        total, update = sums(
            {
                "count/impressions": tf.ones_like(labels.click),
                "count/clicks": labels.click,
                "count/conversions": tf.not_equal(labels.conversion, 0),
                "count/orphan_conversions": labels.orphan_conversion,
            },
            "rows",
        )
        return {key: (tf.cast(value, tf.int64), update) for key, value in total.items()}


def _means(labels: Labels, predictions: Union[Predictions, ValuePredictions]) -> Dict[str, Metric]:
    if isinstance(predictions, Predictions):
        cvr, product = ("pcvr", predictions.pcvr), ("pctcvr", predictions.pctcvr)
    else:
        cvr = ("value", predictions.value)
        product = ("expected_value", predictions.expected_value)
    everywhere, clicked = labels.weight, labels.weight * labels.click
    parts = {
        "mean_pctr": (predictions.pctr, everywhere),
        f"mean_{product[0]}": (product[1], everywhere),
        f"mean_{cvr[0]}_all": (cvr[1], everywhere),
        f"mean_{cvr[0]}_clicked": (cvr[1], clicked),
        f"mean_{cvr[0]}_unclicked": (cvr[1], everywhere - clicked),
    }
    rows = {key: weighed(weight, value) for key, (value, weight) in parts.items()}
    weights = {f"{key}/weight": weight for key, (_, weight) in parts.items()}
    with v1.name_scope("mean"):
        total, update = sums({**rows, **weights}, "sums")
        return {key: (ratio(total[key], total[f"{key}/weight"]), update) for key in parts}


def _of_probabilities(task: Task) -> Dict[str, Metric]:
    name, weight = task.name, task.weight
    with v1.name_scope(f"probability_{name}"):
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
            f"log_loss_{name}": (log_loss, update),
            f"normalized_entropy_{name}": (ratio(log_loss, entropy), update),
            f"pcoc_{name}": (ratio(total["prediction"], total["label"]), update),
            f"ece_{name}": expected_calibration_error(task),
        }


def _of_values(task: Task) -> Dict[str, Metric]:
    name, weight = task.name, task.weight
    error = tf.cast(task.prediction, tf.float64) - tf.cast(task.label, tf.float64)
    with v1.name_scope(f"value_{name}"):
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
            f"mse_{name}": (ratio(total["square"], total["weight"]), update),
            f"mae_{name}": (ratio(total["absolute"], total["weight"]), update),
            f"pcoc_{name}": (ratio(total["prediction"], total["label"]), update),
        }


def _cross_entropy(label: Tensor, logit: Tensor) -> Tensor:
    # From the logit: a clipped probability caps the loss of a confident error at 16 nats.
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=label, logits=logit)


def _entropy(rate: Tensor) -> Tensor:
    """Nats; 0 for a rate of 0 or 1."""
    return -tf.math.xlogy(rate, rate) - tf.math.xlog1py(1.0 - rate, -rate)
