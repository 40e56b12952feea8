"""The limit of a training: the matrix products of its towers, and nothing else.

Both towers, forward and backward, at the shapes of the workload: for each layer the product, the
gradient of its kernel and that of its input. No biases, activations, optimizer, tables or input; in
bfloat16 everything is held in that type, so that nothing is cast. One value of each result is read,
so that no product can be left out.
"""

from __future__ import annotations

from typing import Any, List, Tuple

import tensorflow as tf

from benchmarks.clock import cpu_us
from benchmarks.workloads import TOWER
from easy_esmm.compat import v1

DTYPES = {"FP32": tf.float32, "BF16": tf.bfloat16}
_SECONDS = 1.5


def measure(width: int, batch: int, dtype: str, repeats: int, forward_only: bool) -> List[float]:
    """CPU microseconds per example, one figure a repeat."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = _products(width, batch, DTYPES[dtype], forward_only)
        session.run(v1.global_variables_initializer())
        count = max(3, int(_SECONDS * 1e6 / (batch * _time(session, step, 3, batch))))
        return [_time(session, step, count, batch) for _ in range(repeats)]


def _time(session: Any, step: Any, count: int, batch: int) -> float:
    session.run(step)
    return cpu_us(lambda: [session.run(step) for _ in range(count)], count * batch)


def _products(width: int, batch: int, dtype: tf.DType, forward_only: bool) -> Any:
    inputs = _variable("inputs", (batch, width), dtype).read_value()
    kernels, outputs = [], []
    for tower in ("ctr", "cvr"):
        hidden, incoming = inputs, width
        for units in (*TOWER, 1):
            kernels.append(_variable(f"{tower}_{units}", (incoming, units), dtype).read_value())
            hidden, incoming = tf.linalg.matmul(hidden, kernels[-1]), units
        outputs.append(hidden)
    results = outputs if forward_only else tf.gradients(outputs, [inputs, *kernels])
    return [result[0, 0] for result in results]


def _variable(name: str, shape: Tuple[int, int], dtype: tf.DType) -> Any:
    start = lambda: tf.cast(tf.random.normal(shape, stddev=0.05), dtype)  # noqa: E731
    return v1.Variable(start, use_resource=True, name=name)
