"""Batch normalisation in one pass gives the numbers of Keras's."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import keras, v1
from easy_esmm.layers.batch_norm import BatchNorm

SETTINGS = {"momentum": 0.9, "epsilon": 1e-3, "name": "norm"}
_RANDOM = np.random.default_rng(5)
FACTORS = _RANDOM.normal(size=[7, 3])


def ran(layer: Any, rows: Any, training: bool) -> Dict[str, Any]:
    """Output, gradients and moving averages, before and after a step."""
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = tf.constant(rows, tf.float32)
        output = layer(inputs, training=training)
        gamma, beta = layer.trainable_variables
        loss = tf.reduce_sum(output * tf.constant(FACTORS[: len(rows)], tf.float32))
        gradients = tf.gradients(loss, [inputs, gamma, beta])
        session.run(v1.global_variables_initializer())
        random = np.random.default_rng(1)
        for variable in v1.global_variables():
            variable.load(random.uniform(0.5, 2, variable.shape).astype(np.float32), session)
        found = session.run({"output": output, "gradients": gradients})
        session.run(layer.updates)
        found["moved"] = {v.op.name: v.eval(session) for v in v1.global_variables()}
        return dict(found)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("count", [7, 2, 1])
def test_numbers_are_those_of_keras(training: bool, count: int) -> None:
    rows = _RANDOM.normal(size=[count, 3]) * [1, 0, 100] + [0, 2, 50]
    one = ran(BatchNorm(**SETTINGS), rows, training)
    other = ran(keras.layers.BatchNormalization(**SETTINGS), rows, training)
    np.testing.assert_allclose(one["output"], other["output"], rtol=1e-5, atol=1e-5)
    for mine, wanted in zip(one["gradients"], other["gradients"]):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-4)
    assert list(one["moved"]) == list(other["moved"])
    for name, value in other["moved"].items():
        np.testing.assert_allclose(one["moved"][name], value, rtol=2e-6, err_msg=name)
