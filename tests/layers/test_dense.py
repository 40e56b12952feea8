"""Matrix products in bfloat16 against numpy with the factors rounded by hand."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import keras, v1
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.tower import Tower
from easy_esmm.protos.tower_pb2 import TaskTower

BATCH, WIDTH, UNITS = 96, 31, 7
X = np.random.default_rng(0).normal(size=[BATCH, WIDTH]).astype(np.float32)
UPSTREAM = np.random.default_rng(1).normal(size=[BATCH, UNITS]).astype(np.float32)
HALF_STEP = 2.0**-8  # largest relative error of rounding to 8 significant bits


def rounded(values: np.ndarray) -> np.ndarray:
    """The nearest bfloat16 of each float32, ties to even, by its bits."""
    bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return kept.astype(np.uint32).view(np.float32).astype(np.float64)


def run(dtype: tf.DType) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    """Output of a layer on X; kernel, bias and the gradients of sum(UPSTREAM x output)."""
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(3)
        x = tf.constant(X)
        layer = Dense(UNITS, dtype, bias_initializer=keras.initializers.Constant(0.3), name="d")
        output = layer(x)
        wanted = {"input": x, "kernel": layer.kernel, "bias": layer.bias}
        gradients = tf.gradients(tf.reduce_sum(output * UPSTREAM), list(wanted.values()))
        assert {t.dtype for t in (output, layer.kernel, *gradients)} == {tf.float32}
        session.run(v1.global_variables_initializer())
        return session.run([output, {**wanted, **{f"d_{n}": g for n, g in zip(wanted, gradients)}}])


def assert_rounded(actual: np.ndarray, exact: np.ndarray, terms: np.ndarray) -> None:
    # TensorFlow may round the parts of a small product and their sum; terms may cancel.
    allowed = 2 * HALF_STEP * np.abs(exact) + 1e-3 * terms
    np.testing.assert_array_less(np.abs(actual - exact), allowed)


def test_bf16_rounds_both_factors_and_the_product_and_nothing_else() -> None:
    output, v = run(tf.bfloat16)
    x, kernel = rounded(X), rounded(v["kernel"])
    product = x @ kernel
    assert_rounded(output - v["bias"], product, np.abs(x) @ np.abs(kernel))
    assert np.abs(output - v["bias"] - X @ v["kernel"]).max() > 1e-3  # float32 it is not


def test_bf16_gradients_are_those_of_the_rounded_factors() -> None:
    _, v = run(tf.bfloat16)
    x, kernel, upstream = rounded(X), rounded(v["kernel"]), rounded(UPSTREAM)
    assert_rounded(v["d_input"], upstream @ kernel.T, np.abs(upstream) @ np.abs(kernel.T))
    assert_rounded(v["d_kernel"], x.T @ upstream, np.abs(x.T) @ np.abs(upstream))
    np.testing.assert_allclose(v["d_bias"], UPSTREAM.sum(axis=0), rtol=1e-5, atol=1e-5)


def test_bf16_relu_of_a_training_is_that_of_the_layer_with_rounded_bias_and_result() -> None:
    # Biases by unit, so that some units are always on, some off, and some by row.
    bias = np.linspace(-2, 2, UNITS).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(3)
        x = tf.constant(X)
        start = keras.initializers.Constant(bias)
        layer = Dense(UNITS, tf.bfloat16, bias_initializer=start, name="d")
        assert layer.computes_relu(x)
        output = layer(x, relu=True)
        sources = [x, layer.kernel, layer.bias]
        upstream = tf.constant(UPSTREAM, tf.bfloat16)
        gradients = tf.gradients(output, sources, grad_ys=upstream)
        assert output.dtype == tf.bfloat16
        assert {gradient.dtype for gradient in gradients} == {tf.float32}
        session.run(v1.global_variables_initializer())
        found, kernel, of = session.run([tf.cast(output, tf.float32), layer.kernel, gradients])
    x_, kernel, upstream_ = rounded(X), rounded(kernel), rounded(UPSTREAM)
    exact = np.maximum(x_ @ kernel + rounded(bias), 0)
    sizes = np.abs(x_) @ np.abs(kernel) + np.abs(bias)
    np.testing.assert_array_less(np.abs(found - exact), 3 * HALF_STEP * sizes + 1e-6)
    assert 0.2 < (found == 0).mean() < 0.8
    bent = upstream_ * (found > 0)
    assert_rounded(of[0], bent @ kernel.T, np.abs(bent) @ np.abs(kernel.T) + 1e-3)
    assert_rounded(of[1], x_.T @ bent, np.abs(x_.T) @ np.abs(bent) + 1e-3)
    assert_rounded(of[2], bent.sum(axis=0), np.abs(bent).sum(axis=0) + 1e-3)


def test_float32_is_the_plain_layer_with_the_same_first_values() -> None:
    output, v = run(tf.float32)
    np.testing.assert_allclose(output, X @ v["kernel"] + v["bias"], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(v["kernel"], run(tf.bfloat16)[1]["kernel"])


def tower_logit(dtype: tf.DType) -> Tuple[np.ndarray, Dict[str, Any]]:
    text = 'label_name: "click" dnn { hidden_units: [16, 8] use_bn: true }'
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(3)
        tower = Tower(text_format.Parse(text, TaskTower()), "tower", dtype)
        logit = tower(tf.constant(X), training=False)
        session.run(v1.global_variables_initializer())
        return session.run([logit, {v.name: v for v in v1.global_variables()}])


def test_a_towers_logit_has_all_bits_and_its_variables_are_the_same() -> None:
    logit, variables = tower_logit(tf.bfloat16)
    exact, same = tower_logit(tf.float32)
    assert (rounded(logit) != logit).mean() > 0.9
    # Two hidden layers, each rounded in its factors and its product.
    np.testing.assert_allclose(logit, exact, atol=6 * HALF_STEP * np.abs(exact).max())
    assert sorted(variables) == sorted(same)
    for name, value in variables.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, same[name], err_msg=name)
