"""What the attention of three histories of 50 costs, beside the formula as it is written.

    python -m benchmarks.attention [--batch 1024]

Both have EasyRec's defaults, embedding 18 and layers 128, 64, 32 and 1 with batch normalisation,
forward and backward in training, all histories whole. The written form tiles the key to every
element, puts (key, element, key - element, key * element) side by side, and goes through dense
layers and Keras's batch normalisation; it is computed in the same process, in turn with ours, and
so is the same without batch normalisation. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from statistics import median
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import tensorflow as tf

from benchmarks.clock import cpu_us
from benchmarks.workloads import ATTENDED, EMBEDDING, SCORING
from easy_esmm.compat import keras, v1
from easy_esmm.layers.mlp import HiddenLayers, dnn_layers
from easy_esmm.layers.target_attention import TargetAttention, masked_softmax, weighted_sum
from easy_esmm.protos.dnn_pb2 import DNN

_LENGTH = 50
_REPEATS = 5
_SECONDS = 2.0

Weigh = Callable[[DNN, str, Any, Any, Any], Any]
"""(network, name, key, history, mask) -> weights [batch, time]."""


def main() -> None:
    """Prints a line for each way to compute it, in CPU microseconds of all threads per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batch", type=int, default=1024)
    args = parser.parse_args()
    figures: Dict[str, Any] = {"batch": args.batch}
    for use_bn in (True, False):
        steps = {name: Step(weigh, args.batch, use_bn) for name, weigh in _WAYS.items()}
        agree(*steps.values())
        times: Dict[str, List[float]] = {name: [] for name in steps}
        for _ in range(_REPEATS):
            for name, step in steps.items():
                times[name].append(step.cpu_us())
        with_bn = "with" if use_bn else "without"
        for name, found in times.items():
            print(
                f"{name:>12}, {with_bn} batch normalisation: CPU us/row {median(found):.0f} "
                f"({min(found):.0f}-{max(found):.0f})",
                flush=True,
            )
        ratio = median(a / b for a, b in zip(times["ours"], times["as written"]))
        print(f"{'':>12}  ours / as written: {ratio:.2f}", flush=True)
        figures[f"{with_bn} batch normalisation"] = times
    print(json.dumps(figures))


class Step:
    """The attentions of a batch, forward and backward, in a session of their own."""

    def __init__(self, weigh: Weigh, batch: int, use_bn: bool) -> None:
        self._batch = batch
        with tf.Graph().as_default() as graph:
            keras.utils.set_random_seed(1)
            dnn = DNN(hidden_units=SCORING, use_bn=use_bn)
            inputs = _inputs(batch)
            outputs = [
                weighted_sum(weigh(dnn, f"attention_{n}", key, history, mask), history)
                for n, (key, history, mask) in enumerate(inputs)
            ]
            self._loss = tf.add_n([tf.reduce_sum(tf.square(output)) for output in outputs])
            sources = [*v1.trainable_variables(), *(t for three in inputs for t in three[:2])]
            self._gradients = tf.gradients(self._loss, sources)
            # One value of each, so that none can be left out and none is handed over.
            self._read = [tf.reshape(gradient, [-1])[0] for gradient in self._gradients]
            initializer = v1.global_variables_initializer()
        self._session = v1.Session(graph=graph)
        self._session.run(initializer)
        self._count = max(2, int(_SECONDS * 1e6 / (batch * self._cpu_us(2))))

    def cpu_us(self) -> float:
        """CPU microseconds of all threads per row."""
        return self._cpu_us(self._count)

    def values(self) -> Tuple[float, List[Any]]:
        """The loss, and its gradients by the keys and histories."""
        loss, gradients = self._session.run([self._loss, self._gradients[-2 * ATTENDED :]])
        return float(loss), gradients

    def _cpu_us(self, count: int) -> float:
        self._session.run(self._read)
        steps = lambda: [self._session.run(self._read) for _ in range(count)]  # noqa: E731
        return cpu_us(steps, count * self._batch)


def agree(one: Step, other: Step) -> None:
    """Stops where the two do not compute the same."""
    (loss, gradients), (same, others) = one.values(), other.values()
    np.testing.assert_allclose(loss, same, rtol=1e-4)
    for found, wanted in zip(gradients, others):
        # Not value by value: the last digit decides at which side of relu's bend a unit is.
        if np.linalg.norm(found - wanted) > 1e-3 * np.linalg.norm(wanted):
            raise ValueError("the two ways give different gradients")


def _inputs(batch: int) -> List[Tuple[Any, Any, Any]]:
    """Keys, histories and masks."""
    random = np.random.default_rng(1)
    inputs = []
    for _ in range(ATTENDED):
        shapes = ((batch, EMBEDDING), (batch, _LENGTH, EMBEDDING))
        key, history = (
            v1.Variable(
                random.normal(0, 0.1, shape).astype(np.float32), use_resource=True, trainable=False
            ).read_value()
            for shape in shapes
        )
        inputs.append((key, history, tf.ones([batch, _LENGTH], tf.bool)))
    return inputs


def _ours(dnn: DNN, name: str, key: Any, history: Any, mask: Any) -> Any:
    attention = TargetAttention(dnn_layers(dnn, ends_linear=True), name, tf.float32)
    return attention((key, history, mask), training=True)


def _as_written(dnn: DNN, name: str, key: Any, history: Any, mask: Any) -> Any:
    tiled = tf.tile(key[:, tf.newaxis], [1, tf.shape(history)[1], 1])
    pairs = tf.concat([tiled, history, tiled - history, tiled * history], axis=-1)
    layers = dnn_layers(dnn, ends_linear=True)
    scores = HiddenLayers(layers, name, tf.float32)(pairs, training=True)
    return masked_softmax(tf.squeeze(scores, axis=2), mask)


_WAYS: Dict[str, Weigh] = {"ours": _ours, "as written": _as_written}


if __name__ == "__main__":
    main()
