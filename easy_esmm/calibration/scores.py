"""How well logits give rates: predicted over observed, log loss, expected calibration error.

Each with its standard error. Rows of one cluster (a user) may depend on each other, so an error is
that of sums over clusters: the root of the sum over clusters of (sum over its rows of u)^2, with u
what a row adds to the deviation of the figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from easy_esmm.calibration.probability import log_loss, sigmoid

Array = NDArray[Any]

BINS = 15
"""Of the expected calibration error, as in `metrics.calibration`."""


class Measured(NamedTuple):
    """A figure and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Scores:
    """Of one task on some rows."""

    ratio: Measured
    """Predicted over observed positives."""
    log_loss: Measured
    """Mean cross entropy, nats."""
    calibration_error: Measured
    """Expected calibration error; the error takes the signs of the bins' gaps as given, and is too
    small where these are nothing but noise."""


def scores(logit: Array, label: Array, weight: Array, cluster: Optional[Array] = None) -> Scores:
    """The figures of logits [rows] against labels 0 and 1.

    Args:
      logit: calibrated or not.
      label: 0 or 1.
      weight: >= 0; of one row at least above 0.
      cluster: from 0, equal where rows may depend on each other; None: on none.
    """
    rate = sigmoid(logit)
    positives = weight @ label
    ratio = float(weight @ rate / positives)
    of_ratio = Measured(ratio, _spread(weight * (rate - ratio * label), cluster) / float(positives))
    gap = rate - label
    sign = _signs(logit, weight, gap)
    return Scores(
        of_ratio,
        mean(log_loss(logit, label), weight, cluster),
        mean(sign * gap, weight, cluster),
    )


def mean(values: Array, weight: Array, cluster: Optional[Array] = None) -> Measured:
    """The weighted mean and its standard error."""
    total = float(weight.sum())
    value = float(weight @ values) / total
    return Measured(value, _spread(weight * (values - value), cluster) / total)


def _spread(parts: Array, cluster: Optional[Array]) -> float:
    sums = parts if cluster is None else np.bincount(cluster, parts)
    return float(np.sqrt(sums @ sums))


def _signs(logit: Array, weight: Array, gap: Array) -> Array:
    """Of each row, the sign of its bin's mean gap; bins of equal weight, equal logits in one."""
    distinct, number = np.unique(logit, return_inverse=True)
    of_logit = np.bincount(number, weight, len(distinct))
    middle = (np.cumsum(of_logit) - of_logit / 2.0) / of_logit.sum()
    bins = np.minimum((middle * BINS).astype(np.int64), BINS - 1)[number]
    return np.asarray(np.sign(np.bincount(bins, weight * gap, BINS))[bins])
