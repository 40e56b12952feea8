"""Lazy Adam over several tables at once: each as by itself, in float64."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.optimizers.lazy_adam import LazyAdam

SHAPES = {"a": (5, 2), "b": (7, 3), "c": (4, 2), "d": (6, 2)}
RATE, BETA1, BETA2, EPSILON = 0.1, 0.9, 0.999, 1e-8
STEPS = 3
Step = Dict[str, Tuple[np.ndarray, np.ndarray]]


def steps() -> Tuple[Step, ...]:
    """By table, (distinct rows, gradient) of each step; of d no row in the second."""
    random = np.random.default_rng(3)
    found = []
    for number in range(STEPS):
        step = {}
        for name, (rows, width) in SHAPES.items():
            count = 0 if (name, number) == ("d", 1) else int(random.integers(1, rows))
            indices = random.choice(rows, count, replace=False)
            step[name] = indices, random.normal(size=(count, width))
        found.append(step)
    return tuple(found)


def expected(first: Dict[str, np.ndarray], taken: Tuple[Step, ...]) -> Dict[str, np.ndarray]:
    """Kingma and Ba's algorithm 1 with the corrections of the step, on the listed rows alone."""
    weights = {name: value.astype(np.float64) for name, value in first.items()}
    m = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    v = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    for t, step in enumerate(taken, start=1):
        rate = RATE * np.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        for name, (rows, gradient) in step.items():
            m[name][rows] = BETA1 * m[name][rows] + (1 - BETA1) * gradient
            v[name][rows] = BETA2 * v[name][rows] + (1 - BETA2) * gradient**2
            weights[name][rows] -= rate * m[name][rows] / (np.sqrt(v[name][rows]) + EPSILON)
    return weights


@pytest.mark.parametrize("known", ["", "bc", "abcd"])
def test_tables_of_several_dimensions_move_as_each_by_itself(known: str) -> None:
    # `known`: tables whose weights are read before and then written, not changed in place.
    taken = steps()
    with tf.Graph().as_default(), v1.Session() as session:
        tables: Dict[str, Any] = {}
        gradients = []
        weights_read = {}
        for name, shape in SHAPES.items():
            start = tf.random.normal(shape, seed=1)
            tables[name] = v1.get_variable(name, initializer=start, use_resource=True)
            rows = v1.placeholder(tf.int64, [None], f"rows_{name}")
            gradient = v1.placeholder(tf.float32, [None, shape[1]], f"gradient_{name}")
            slices = tf.IndexedSlices(gradient, rows, tf.constant(shape, tf.int64))
            gradients.append((slices, tables[name]))
            if name in known:
                weights_read[id(tables[name])] = tf.gather(tables[name], rows)
        optimizer = LazyAdam(RATE, BETA1, BETA2, EPSILON)
        optimizer.weights_read = weights_read
        train = optimizer.apply_gradients(gradients)
        writes = Counter(op.type for op in session.graph.get_operations() if "Scatter" in op.type)
        assert writes["ResourceScatterSub"] == len(SHAPES) - len(known)
        assert writes["ResourceScatterUpdate"] == 2 * len(SHAPES) + len(known)
        session.run(v1.global_variables_initializer())
        first = session.run(tables)
        for step in taken:
            fed = {}
            for name, (rows, gradient) in step.items():
                fed[f"rows_{name}:0"], fed[f"gradient_{name}:0"] = rows, gradient
            session.run(train, fed)
        found = session.run(tables)
    for name, weights in expected(first, taken).items():
        assert np.abs(weights - first[name]).max() > 0.05
        np.testing.assert_allclose(found[name], weights, rtol=2e-6, atol=2e-6, err_msg=name)
