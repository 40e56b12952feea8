"""The limit of a training: the matrix products of its towers and attentions, and nothing else.

Both towers, forward and backward, at the shapes of the workload: for each layer the product, the
gradient of its kernel and that of its input; and the same of what scores each attended element,
from the element and its product with the key, the least that tells elements apart. No biases,
activations, optimizer, tables or input; in bfloat16 everything is held in that type, so that
nothing is cast. One value of each result is read, so that no product can be left out.
"""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

import tensorflow as tf

from benchmarks.clock import cpu_us
from benchmarks.workloads import EMBEDDING, SCORING, TOWER, Workload
from easy_esmm.compat import v1

DTYPES = {"FP32": tf.float32, "BF16": tf.bfloat16}
_SECONDS = 1.0


class Limit:
    """The products in a session of their own, to be measured again and again.

    forward_only: without the gradients' products.
    """

    def __init__(
        self, workload: Workload, batch: int, dtype: str, *, forward_only: bool = False
    ) -> None:
        self._batch = batch
        with tf.Graph().as_default() as graph:
            self._step = _products(workload, batch, DTYPES[dtype], forward_only)
            initializer = v1.global_variables_initializer()
        self._session = v1.Session(graph=graph)
        self._session.run(initializer)
        self._count = max(3, int(_SECONDS * 1e6 / (batch * self._cpu_us(3))))

    def cpu_us(self) -> float:
        """CPU microseconds per example, over a second of CPU time or so."""
        return self._cpu_us(self._count)

    def _cpu_us(self, count: int) -> float:
        self._session.run(self._step)
        steps = lambda: [self._session.run(self._step) for _ in range(count)]  # noqa: E731
        return cpu_us(steps, count * self._batch)


def _products(workload: Workload, batch: int, dtype: tf.DType, forward_only: bool) -> Any:
    inputs = _variable("inputs", (batch, workload.width), dtype).read_value()
    networks: List[Tuple[str, Any, Sequence[int]]] = [
        (tower, inputs, TOWER) for tower in ("ctr", "cvr")
    ]
    if workload.attended:
        shape = (batch * workload.attended, 2 * EMBEDDING)
        networks.append(("attention", _variable("elements", shape, dtype).read_value(), SCORING))
    kernels, outputs = [], []
    for name, hidden, units_of_layers in networks:
        for units in dict.fromkeys((*units_of_layers, 1)):
            shape = (hidden.shape[1], units)
            kernels.append(_variable(f"{name}_{units}", shape, dtype).read_value())
            hidden = tf.linalg.matmul(hidden, kernels[-1])
        outputs.append(hidden)
    sources = [*kernels, inputs, *(read for name, read, _ in networks[2:])]
    results = outputs if forward_only else tf.gradients(outputs, sources)
    return [result[0, 0] for result in results]


def _variable(name: str, shape: Tuple[int, int], dtype: tf.DType) -> Any:
    start = lambda: tf.cast(tf.random.normal(shape, stddev=0.05), dtype)  # noqa: E731
    return v1.Variable(start, use_resource=True, name=name)
