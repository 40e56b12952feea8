"""The TensorBoard summaries of training."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Group, Kind, Labels, Outputs, RowMean, Tasks, Tensor, WeighedLoss


def write(
    tasks: Tasks,
    outputs: Outputs,
    labels: Labels,
    terms: Sequence[WeighedLoss],
    loss: Tensor,
    update: Any,
    row_means: Mapping[str, RowMean],
    groups: Mapping[str, Group],
) -> None:
    """Adds summaries of losses, rates, logits, attentions and learning rates to the training graph.

    They are computed every `save_summary_steps` only.
    """
    for term in terms:
        v1.summary.scalar(f"loss/{term.name}", term.contribution)
        if term.learned_weight is not None:
            v1.summary.scalar(f"loss_weight/{term.name}", term.learned_weight)
    v1.summary.scalar("loss/total_with_regularization", loss)
    for name, rate in update.learning_rates.items():
        v1.summary.scalar(f"learning_rate/{name}", rate)
    v1.summary.scalar("gradient_norm", update.gradient_norm)
    for task in tasks:
        if task.condition is None and task.kind is Kind.BINARY:
            name = "click" if tasks.entire_space else task.name
            v1.summary.scalar(
                f"observed/{name or task.label}_rate", tf.reduce_mean(labels[task.name].value)
            )
    for name, rows in row_means.items():
        mean = tf.reduce_sum(rows.weight * rows.value) / tf.reduce_sum(rows.weight)
        v1.summary.scalar(name, mean)  # NaN where the batch has no such row
    _write_attentions(groups)
    for name, output in outputs.served.items():
        v1.summary.scalar(f"mean/{name}", tf.reduce_mean(output))
        kind, _, task_name = name.partition("_")
        if kind == "logits":
            _histogram(f"logits/{task_name or 'all'}", output)


def _write_attentions(groups: Mapping[str, Group]) -> None:
    for name, group in groups.items():
        for attention, weights in group.attention_weights.items():
            _histogram(f"attention_weights/{name}/{attention}", weights)


def _histogram(name: str, values: Tensor) -> None:
    """Of those that are finite: TensorFlow's fails at others, of which the loss is to tell."""
    v1.summary.histogram(name, tf.boolean_mask(values, tf.math.is_finite(values)))
