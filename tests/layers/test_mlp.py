"""Fully connected layers against numpy, in the mode that tf.estimator uses: graphs."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import keras, v1
from easy_esmm.config import rules
from easy_esmm.errors import UserError
from easy_esmm.layers import MLP
from easy_esmm.layers.activations import ACTIVATIONS, activation
from easy_esmm.protos.dnn_pb2 import DNN

X = np.random.default_rng(0).normal(size=[64, 5]).astype(np.float32)


def run(text: str, training: bool = False, steps: int = 0) -> Tuple[np.ndarray, Dict[str, Any]]:
    """Output of a network named `net` on X, and all its variables, after `steps` of its updates."""
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(7)
        net = MLP(text_format.Parse(text, DNN()), name="net")
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


def test_dropout_drops_its_share_in_training_only_and_keeps_the_mean() -> None:
    text = "hidden_units: 400 dropout_ratio: 0.25 use_bn: false activation: 'sigmoid'"
    kept, _ = run(text, training=False)
    dropped, _ = run(text, training=True)
    is_zero = dropped == 0
    assert abs(is_zero.mean() - 0.25) < 0.01  # 25,600 cells: standard deviation .0027
    np.testing.assert_allclose(dropped[~is_zero], kept[~is_zero] / 0.75, rtol=1e-5)


def test_activations_are_found_with_and_without_prefix_and_never_evaluated() -> None:
    assert activation("tf.nn.relu") is activation("relu") is tf.nn.relu
    assert activation("") is tf.identity
    with pytest.raises(UserError, match=r"must be one of elu, .*, got 'lambda x: x'"):
        activation("lambda x: x")


def test_the_config_check_and_the_layers_know_the_same_activations() -> None:
    assert set(rules.ACTIVATIONS) == set(ACTIVATIONS)
