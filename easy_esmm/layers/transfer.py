"""Adaptive information transfer between towers (Xi et al., KDD 2021, arXiv 2105.08489)."""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.tower import TowerLayers
from easy_esmm.protos.tower_pb2 import TaskTower


class SourceTower(TowerLayers):
    """A tower that also shows its last hidden layer."""

    def call(self, inputs: Tensor, training: bool = False) -> Tuple[Tensor, Tensor]:
        """float32 [batch, width] -> (what a `Tower` gives, float32 [batch, units])."""
        hidden = self.hidden(inputs, training=training)
        return self.logits_of(hidden), hidden


class TransferTower(TowerLayers):
    """A tower whose last hidden layer meets that of the task before it, then its output unit."""

    def __init__(self, config: TaskTower, name: str, product_dtype: tf.DType) -> None:
        super().__init__(config, name, product_dtype)
        self._transfer = TransferAttention("transfer", product_dtype)

    def call(
        self, inputs: Tensor, previous: Tensor, training: bool = False
    ) -> Tuple[Tensor, Tensor]:
        """float32 [batch, width] and the earlier task's [batch, any] -> as a `SourceTower`.

        Its last layer is what the attention gives.
        """
        hidden = self._transfer(self.hidden(inputs, training=training), previous)
        return self.logits_of(hidden), hidden


class JoinedTransferTower(TowerLayers):
    """A tower whose last hidden layer meets those of several other towers, then its output unit."""

    def __init__(
        self, config: TaskTower, name: str, product_dtype: tf.DType, others: Sequence[str]
    ) -> None:
        """`others`: names of the other towers, for the variables."""
        super().__init__(config, name, product_dtype)
        self._transfers = JoinedTransfers(others, "transfers", product_dtype)

    def call(self, inputs: Tensor, others: Sequence[Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width] and [batch, any] of each other tower -> what a `Tower` gives."""
        hidden = self.hidden(inputs, training=training)
        return self.logits_of(self._transfers(hidden, others))


class JoinedTransfers(keras.layers.Layer):  # type: ignore[misc]
    """An attention for each of several other layers, and a layer over all (Su et al., SIGIR 2024).

    out = relu(W [attention to the first, attention to the second, ...] + b), as wide as q.
    """

    def __init__(self, others: Sequence[str], name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._product_dtype = product_dtype
        self._attentions = [TransferAttention(other, product_dtype) for other in others]

    def build(self, input_shape: Any) -> None:
        """Creates the layer over the attentions, as wide as the task's own hidden layer."""
        self._join = Dense(int(input_shape[-1]), self._product_dtype, name="join")
        super().build(input_shape)

    def call(self, own: Tensor, others: Sequence[Tensor]) -> Tensor:
        """float32 [batch, width] and [batch, any width] of each other -> float32 [batch, width]."""
        found = [attention(own, other) for attention, other in zip(self._attentions, others)]
        return tf.nn.relu(self._join(tf.concat(found, axis=1)))


class TransferAttention(keras.layers.Layer):  # type: ignore[misc]
    """Attention of a task over its own hidden layer q and the previous task's.

        p   = relu(W previous + b)                             what is handed over, as wide as q
        out = sum over u in {p, q} of w_u V u,    w = softmax over both of <Q u, K u> / sqrt(width)

    Q, K and V are square matrices (the paper's equations 3 to 5), without a bias, as W with one, in
    the authors' code. `product_dtype` is that of these products; scores and softmax are float32.
    """

    def __init__(self, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._product_dtype = product_dtype

    def build(self, input_shape: Any) -> None:
        """Creates the layers, as wide as the task's own hidden layer."""
        self._width = int(input_shape[-1])
        self._hand_over = Dense(self._width, self._product_dtype, name="hand_over")
        self._query, self._key, self._value = (
            Dense(self._width, self._product_dtype, use_bias=False, name=name)
            for name in ("query", "key", "value")
        )
        super().build(input_shape)

    def call(self, own: Tensor, previous: Tensor) -> Tensor:
        """float32 [batch, width] and [batch, any width] -> float32 [batch, width]."""
        both = tf.nn.relu(self._hand_over(previous)), own
        weights = tf.nn.softmax(tf.stack([self._score(u) for u in both], axis=1), axis=1)
        values = tf.stack([self._value(u) for u in both], axis=1)
        return tf.reduce_sum(weights[:, :, tf.newaxis] * values, axis=1)

    def _score(self, candidate: Tensor) -> Tensor:
        products = self._query(candidate) * self._key(candidate)
        return tf.reduce_sum(products, axis=1) / self._width**0.5
