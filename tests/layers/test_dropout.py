"""Dropout in the mode that tf.estimator uses: graphs."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.layers.dropout import Dropout

X = np.random.default_rng(0).normal(size=[64, 400]).astype(np.float32)


def run(training: bool) -> np.ndarray:
    with tf.Graph().as_default(), v1.Session() as session:
        return np.asarray(session.run(Dropout(0.25)(tf.constant(X), training=training)))


def test_a_share_is_dropped_and_the_mean_is_kept() -> None:
    dropped = run(training=True)
    is_zero = dropped == 0
    assert abs(is_zero.mean() - 0.25) < 0.01  # 25,600 values: standard deviation .0027
    np.testing.assert_allclose(dropped[~is_zero], X[~is_zero] / 0.75, rtol=1e-6)


def test_nothing_is_dropped_outside_training() -> None:
    np.testing.assert_array_equal(run(training=False), X)
