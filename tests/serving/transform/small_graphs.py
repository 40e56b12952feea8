"""Small graphs of a user and items, plain and transformed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.serving.transform import transformed

USER = np.float32([[0.5, -1.0, 2.0]])
ITEMS = np.float32(np.random.default_rng(3).normal(size=(5, 2)))


@dataclass
class Both:
    """The answers of a graph before and after, and the second graph."""

    plain: Any
    answer: Any
    graph: tf.Graph

    def operations(self, kind: str) -> List[Any]:
        return [op for op in self.graph.get_operations() if op.type == kind]

    def variables(self) -> Dict[str, Any]:
        with self.graph.as_default():
            return {v.op.name: v for v in v1.global_variables()}


def both(build: Callable[[Any, Any], Any], items: Any = ITEMS) -> Both:
    """Of `build(copied, own)`: the user's row for each item, [items, 3], and items [items, 2]."""
    with tf.Graph().as_default():
        user = v1.placeholder(tf.float32, [1, 3])
        own = v1.placeholder(tf.float32, [None, 2])
        index = tf.zeros([tf.shape(own)[0]], tf.int32)
        output = build(tf.gather(user, index), own)
        session = v1.Session()
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        plain = session.run(output, {user: USER, own: items})
        new, (user, own, output) = transformed(session, [user, own, output], index)
        with new:
            return Both(plain, new.run(output, {user: USER, own: items}), new.graph)


def variable(name: str, shape: Sequence[int], seed: int = 0) -> Any:
    """A variable of random values."""
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return v1.get_variable(name, initializer=tf.constant(values), use_resource=True)
