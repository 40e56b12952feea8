"""Fully connected layers against numpy, in the mode that tf.estimator uses: graphs."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import keras, v1
from easy_esmm.config.rules import fields as rules
from easy_esmm.layers import MLP
from easy_esmm.layers.activations import ACTIVATIONS, LEARNED, activation
from easy_esmm.layers.dice import Dice
from easy_esmm.protos.dnn_pb2 import DNN

X = np.random.default_rng(0).normal(size=[64, 5]).astype(np.float32)


def run(text: str, training: bool = False, steps: int = 0) -> Tuple[np.ndarray, Dict[str, Any]]:
    """Output of a network named `net` on X, and all its variables, after `steps` of its updates."""
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(7)
        net = MLP(text_format.Parse(text, DNN()), "net", tf.float32)
        output = net(tf.constant(X), training=training)
        session.run(v1.global_variables_initializer())
        for _ in range(steps):
            session.run(net.updates)
        return session.run([output, {v.name: v for v in v1.global_variables()}])


def test_layers_are_relu_of_a_matrix_product_plus_bias() -> None:
    output, v = run("hidden_units: [4, 3] use_bn: false")
    hidden = np.maximum(0, X @ v["net/dense_0/kernel:0"] + v["net/dense_0/bias:0"])
    expected = np.maximum(0, hidden @ v["net/dense_1/kernel:0"] + v["net/dense_1/bias:0"])
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
    assert sorted(v) == [
        "net/dense_0/bias:0",
        "net/dense_0/kernel:0",
        "net/dense_1/bias:0",
        "net/dense_1/kernel:0",
    ]


@pytest.mark.parametrize("units", ["hidden_units: [0]", ""])
def test_no_hidden_units_are_the_identity(units: str) -> None:
    output, variables = run(units)
    np.testing.assert_array_equal(output, X)
    assert not variables


def test_batch_norm_uses_the_batch_in_training_and_its_moving_averages_elsewhere() -> None:
    output, v = run("hidden_units: 4 activation: 'linear'", training=True)
    dense = X @ v["net/dense_0/kernel:0"]
    expected = (dense - dense.mean(0)) / np.sqrt(dense.var(0) + 1e-3)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    output, v = run("hidden_units: 4 activation: 'linear'", training=False)
    np.testing.assert_allclose(output, dense / np.sqrt(1 + 1e-3), rtol=1e-4, atol=1e-5)


def test_moving_averages_move_by_one_per_cent_a_step() -> None:
    _, v = run("hidden_units: 4", training=True, steps=2)
    dense = X @ v["net/dense_0/kernel:0"]
    share = 1 - 0.99**2
    np.testing.assert_allclose(
        v["net/norm_0/moving_mean:0"], share * dense.mean(0), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        v["net/norm_0/moving_variance:0"], 0.99**2 + share * dense.var(0), rtol=1e-4
    )


def test_activations_are_found_with_and_without_prefix_and_never_evaluated() -> None:
    x = tf.constant([-1.0, 0.5])
    for name, expected in (("tf.nn.relu", [0, 0.5]), ("relu", [0, 0.5]), ("", [-1, 0.5])):
        np.testing.assert_array_equal(activation(name, "0")(x, False), expected)
    with pytest.raises(KeyError):  # the config's rules refuse it in words
        activation("lambda x: x", "0")


def test_the_config_check_and_the_layers_know_the_same_activations() -> None:
    assert set(rules.ACTIVATIONS) == {*ACTIVATIONS, *LEARNED}


def dice(x: np.ndarray, mean: Any, variance: Any, alpha: Any) -> np.ndarray:
    """Zhou et al., KDD 2018, equation 9, in float64."""
    share = 1 / (1 + np.exp(-(x - mean) / np.sqrt(variance + 1e-8)))
    return share * x + (1 - share) * alpha * x


def test_dice_bends_at_the_mean_of_the_batch_in_training_and_at_the_moving_one_elsewhere() -> None:
    text = "hidden_units: [3, 4] activation: 'dice' use_bn: false"
    output, v = run(text, training=True)
    hidden = X
    for i in range(2):
        hidden = (hidden @ v[f"net/dense_{i}/kernel:0"]).astype(np.float64)
        hidden = dice(hidden, hidden.mean(0), hidden.var(0), v[f"net/dice_{i}/alpha:0"])
    np.testing.assert_allclose(output, hidden, rtol=1e-4, atol=1e-5)
    output, v = run(text, training=False)  # moving averages at their start: mean 0, variance 1
    hidden = X
    for i in range(2):
        hidden = dice(hidden @ v[f"net/dense_{i}/kernel:0"], 0, 1, 0)
    np.testing.assert_allclose(output, hidden, rtol=1e-4, atol=1e-5)
    _, v = run(text, training=True, steps=1)
    mean = (X @ v["net/dense_0/kernel:0"]).mean(0)
    np.testing.assert_allclose(v["net/dice_0/norm/moving_mean:0"], 0.01 * mean, rtol=1e-4)


def test_dice_learns_its_slope_and_weighs_by_it() -> None:
    x = np.array([[-2.0, 1], [0, 3], [4, -1]])
    alpha = np.array([0.25, -0.5])
    with tf.Graph().as_default(), v1.Session() as session:
        layer = Dice("dice")
        output = layer(tf.constant(x, tf.float32), training=True)
        (weight,) = layer.trainable_weights
        gradient = tf.gradients(tf.reduce_sum(output), [weight])
        session.run(v1.global_variables_initializer())
        session.run(weight.assign(alpha))
        value, (by_alpha,) = session.run([output, gradient])
    np.testing.assert_allclose(value, dice(x, x.mean(0), x.var(0), alpha), rtol=1e-5)
    # The output is linear in alpha: its derivative is what alpha = 1 adds to alpha = 0.
    slope = dice(x, x.mean(0), x.var(0), 1) - dice(x, x.mean(0), x.var(0), 0)
    np.testing.assert_allclose(by_alpha, slope.sum(0), rtol=1e-5)


def test_dice_on_one_row_or_on_equal_rows_is_finite() -> None:
    for rows in (1, 4):
        with tf.Graph().as_default(), v1.Session() as session:
            x = tf.fill([rows, 2], 80.0)
            output = Dice("dice")(x, training=True)
            (gradient,) = tf.gradients(tf.reduce_sum(output), [x])
            session.run(v1.global_variables_initializer())
            value, by_x = session.run([output, gradient])
        np.testing.assert_allclose(value, np.full([rows, 2], 40.0), rtol=1e-6)  # p = 1/2, alpha = 0
        np.testing.assert_allclose(by_x, np.full([rows, 2], 0.5), atol=1e-2)
