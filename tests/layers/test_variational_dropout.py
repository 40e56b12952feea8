"""Learned dropout of features against its formulas in numpy."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import keras, v1
from easy_esmm.layers.variational_dropout import VariationalDropout, relaxed_keep

WIDTHS = (2, 1, 3)
X = np.random.default_rng(0).normal(size=[4000, 6]).astype(np.float32)


def run(by_column: bool, training: bool, drop_logit: Any) -> Tuple[np.ndarray, np.ndarray, Any]:
    """Output / X, gradient of the summed output by the rates, probabilities to keep a feature."""
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(5)
        layer = VariationalDropout(WIDTHS, by_column, "dropout")
        output = layer(tf.constant(X), training=training)
        (rates,) = layer.trainable_weights
        gradient = tf.gradients(tf.reduce_sum(output), [rates])[0]
        session.run(v1.global_variables_initializer())
        np.testing.assert_array_equal(session.run(rates), np.zeros(rates.shape))
        session.run(rates.assign(drop_logit))
        output, gradient, keep = session.run([output, gradient, layer.keep_by_feature])
        return output / X, gradient, keep


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def test_elsewhere_each_feature_is_multiplied_by_its_probability_to_be_kept() -> None:
    drop = np.array([-1.0, 0.0, 2.0])
    factors, gradient, keep = run(False, False, drop)
    of_column = np.repeat(sigmoid(-drop), WIDTHS)
    np.testing.assert_allclose(factors, np.tile(of_column, [len(X), 1]), rtol=1e-5)
    np.testing.assert_allclose(keep, sigmoid(-drop), rtol=1e-6)
    # d keep / d drop_logit = -keep (1 - keep), times the sum of the feature's inputs.
    starts = np.cumsum([0, *WIDTHS[:-1]])
    sums = np.add.reduceat(X.astype(np.float64).sum(0), starts)
    expected = -sigmoid(-drop) * sigmoid(drop) * sums
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-3)


def test_by_column_each_column_has_its_own_and_a_feature_reports_their_mean() -> None:
    drop = np.linspace(-2, 2, 6)
    factors, _, keep = run(True, False, drop)
    np.testing.assert_allclose(factors[0], sigmoid(-drop), rtol=1e-5)
    expected = [sigmoid(-drop[:2]).mean(), sigmoid(-drop[2]), sigmoid(-drop[3:]).mean()]
    np.testing.assert_allclose(keep, expected, rtol=1e-6)


@pytest.mark.parametrize("by_column", [False, True])
def test_in_training_a_feature_is_kept_whole_or_dropped_at_its_rate(by_column: bool) -> None:
    drop = np.array([-2.0, 0.0, 1.0])
    factors, _, _ = run(by_column, True, np.repeat(drop, WIDTHS) if by_column else drop)
    assert factors.min() >= 0
    assert factors.max() <= 1 + 1e-6
    # 4,000 rows: standard deviation of a share at most .008.
    kept = (factors > 0.5).mean(axis=0)
    np.testing.assert_allclose(kept, np.repeat(sigmoid(-drop), WIDTHS), atol=0.03)
    has_one_factor = np.abs(factors[:, 0] - factors[:, 1]).max() < 1e-4
    assert bool(has_one_factor) != by_column
    assert np.isclose(factors[:, 0], factors[:, 2], atol=1e-3).mean() < 0.9  # features differ


def test_factors_and_their_gradient_are_those_of_the_relaxed_bernoulli() -> None:
    noise = np.array([[1e-30, 0.2, 0.5], [0.4999, 0.9, 0.99999994]], np.float32)
    drop = np.array([0.5, -0.1, 0.0], np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        logit = tf.constant(drop)
        factors = relaxed_keep(logit, tf.constant(noise))
        values, (gradient,) = session.run([factors, tf.gradients(factors, [logit])])
    u = noise.astype(np.float64)
    expected = sigmoid(-(drop + np.log(u) - np.log1p(-u)) / 0.1)
    np.testing.assert_allclose(values, expected, rtol=2e-4, atol=1e-12)
    slope = (-expected * (1 - expected) / 0.1).sum(0)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-6)  # y (1 - y) at y near 1
