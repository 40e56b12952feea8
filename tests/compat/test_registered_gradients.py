"""Graphs with gradients of their own are freed."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

import tensorflow as tf

from easy_esmm.compat import unregister_gradients


@tf.custom_gradient
def doubled(x: tf.Tensor) -> Any:
    return 2 * x, lambda upstream: 2 * upstream


def built_graph() -> Any:
    """A reference to a graph that nobody holds."""
    with tf.Graph().as_default() as graph:
        x = tf.constant(1.0)
        (gradient,) = tf.gradients(doubled(x), x)
        assert gradient is not None
        return weakref.ref(graph)


def test_a_graph_with_a_custom_gradient_is_freed() -> None:
    with unregister_gradients():
        graph = built_graph()
    until = time.monotonic() + 60
    while graph() is not None and time.monotonic() < until:
        gc.collect()  # returns at once while another thread collects
    assert graph() is None


def test_gradients_from_before_stay() -> None:
    with tf.Graph().as_default():
        x = tf.constant(3.0)
        y = doubled(x)
        with unregister_gradients():
            built_graph()
        (gradient,) = tf.gradients(y, x)  # fails where its registration is gone
        assert gradient is not None
