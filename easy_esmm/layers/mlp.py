"""A stack of fully connected layers."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.activations import activation
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.dropout import Dropout
from easy_esmm.protos.dnn_pb2 import DNN


class MLP(keras.layers.Layer):  # type: ignore[misc]
    """Hidden layers, each: dense -> batch normalisation -> activation -> dropout.

    `hidden_units: [0]`, or none, is the identity. Batch normalisation has momentum .99 and
    epsilon 1e-3, as in EasyRec. `product_dtype` is that of `Dense`.
    """

    def __init__(
        self, config: DNN, name: str, product_dtype: tf.DType, ends_linear: bool = False
    ) -> None:
        """`ends_linear`: the last layer has neither batch normalisation nor activation."""
        super().__init__(name=name)
        units = [unit for unit in config.hidden_units if unit]
        rates: Sequence[float] = config.dropout_ratio or [0.0] * len(units)
        # A bias before batch normalisation is kept, as in EasyRec: it costs nothing and makes
        # `use_bn` a switch that changes no other variable.
        self._dense = [
            self.dense_layer(i)(u, product_dtype, name=f"dense_{i}") for i, u in enumerate(units)
        ]
        bent = len(units) - ends_linear
        self._norm: List[Optional[keras.layers.Layer]] = [
            self.norm_layer(momentum=0.99, epsilon=1e-3, name=f"norm_{i}")
            if config.use_bn and i < bent
            else None
            for i in range(len(units))
        ]
        self._dropout: List[Optional[keras.layers.Layer]] = [
            Dropout(rate) if rate else None for rate in rates
        ]
        self._activations = [
            activation(config.activation if i < bent else "linear", str(i))
            for i in range(len(units))
        ]

    def norm_layer(self, **settings: Any) -> keras.layers.Layer:
        """A layer of batch normalisation."""
        return keras.layers.BatchNormalization(**settings)

    def dense_layer(self, number: int) -> Callable[..., Dense]:
        """What makes the fully connected layer of that number."""
        return Dense

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, units of the last layer]."""
        hidden = inputs
        layers = zip(self._dense, self._norm, self._activations, self._dropout)
        for dense, norm, activate, dropout in layers:
            hidden = dense(hidden)
            if norm is not None:
                hidden = norm(hidden, training=training)
            hidden = activate(hidden, training)
            if dropout is not None:
                hidden = dropout(hidden, training=training)
        return hidden
