"""Probabilities and products of two as log odds, in numpy: float64, exact in the tails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LARGEST = 1.0 - 1e-6
"""The most that a pCVR is: float32 tells it from 1, and its log odds are 13.8."""
LARGEST_LOGIT = math.log(LARGEST / (1.0 - LARGEST))


def sigmoid(logit: Array) -> Array:
    """Probabilities of log odds."""
    power = np.exp(-np.abs(logit))
    return np.asarray(np.where(logit >= 0, 1.0, power) / (1.0 + power))


def log_loss(logit: Array, label: Array) -> Array:
    """Cross entropy of labels (a share in [0, 1] of each), nats."""
    return np.asarray(label * np.logaddexp(0.0, -logit) + (1.0 - label) * np.logaddexp(0.0, logit))


def product_logit(ctr_logit: Array, cvr_logit: Array) -> Array:
    """Log odds of the product: with 1 / (p r) - 1 = e^-a + e^-b + e^-(a + b)."""
    neither = -ctr_logit - cvr_logit
    return np.asarray(-np.logaddexp(np.logaddexp(-ctr_logit, -cvr_logit), neither))


def quotient_logit(ctcvr_logit: Array, ctr_logit: Array) -> Array:
    """Log odds of pCTCVR / pCTR, at most `LARGEST_LOGIT`; see `losses.quotient`."""
    distance = np.maximum(ctr_logit - ctcvr_logit, np.finfo(np.float32).tiny)
    difference = ctcvr_logit - np.minimum(ctr_logit, 0.0)
    numerator = difference + np.log1p(np.exp(-np.abs(ctr_logit)))
    return np.asarray(np.minimum(numerator - np.log(-np.expm1(-distance)), LARGEST_LOGIT))
