"""A stack of fully connected layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.activations import activation, is_relu
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.dropout import Dropout
from easy_esmm.protos.dnn_pb2 import DNN


@dataclass(frozen=True)
class HiddenLayer:
    """One fully connected layer: dense -> batch normalisation -> activation -> dropout."""

    units: int
    activation: str
    """By name; see `easy_esmm.layers.activations`."""
    use_bn: bool
    dropout: float = 0.0
    """Share of units set to zero in training."""
    use_bias: bool = True
    initializer: str = "glorot_uniform"
    """Of the kernel, by Keras name."""
    norm_comes_last: bool = False
    """Whether the batch normalisation is behind the activation."""


class HiddenLayers(keras.layers.Layer):  # type: ignore[misc]
    """Hidden layers, one after the other; none are the identity.

    Batch normalisation has momentum .99 and epsilon 1e-3, as in EasyRec. `product_dtype` is that of
    `Dense`.
    """

    def __init__(self, layers: Sequence[HiddenLayer], name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._dense = [
            self.dense_layer(i)(
                layer.units,
                product_dtype,
                use_bias=layer.use_bias,
                kernel_initializer=layer.initializer,
                name=f"dense_{i}",
            )
            for i, layer in enumerate(layers)
        ]
        self._norm: List[Optional[keras.layers.Layer]] = [
            self.norm_layer(momentum=0.99, epsilon=1e-3, name=f"norm_{i}") if layer.use_bn else None
            for i, layer in enumerate(layers)
        ]
        self._dropout: List[Optional[keras.layers.Layer]] = [
            Dropout(layer.dropout) if layer.dropout else None for layer in layers
        ]
        self._activations = [activation(one.activation, str(i)) for i, one in enumerate(layers)]
        self._ends_in_relu = [
            is_relu(one.activation) and not (one.use_bn or one.dropout) for one in layers
        ]
        self._norm_comes_last = [layer.norm_comes_last for layer in layers]

    def norm_layer(self, **settings: Any) -> keras.layers.Layer:
        """A layer of batch normalisation."""
        return keras.layers.BatchNormalization(**settings)

    def dense_layer(self, number: int) -> Callable[..., Dense]:
        """What makes the fully connected layer of that number."""
        return Dense

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, units of the last layer]."""
        hidden = inputs
        layers = zip(
            self._dense,
            self._norm,
            self._activations,
            self._dropout,
            self._norm_comes_last,
            self._ends_in_relu,
        )
        for dense, norm, activate, dropout, norm_comes_last, ends_in_relu in layers:
            if training and ends_in_relu and dense.computes_relu(hidden):
                hidden = dense(hidden, relu=True)
                continue
            hidden = dense(hidden)
            if norm is not None and not norm_comes_last:
                hidden = norm(hidden, training=training)
            hidden = activate(hidden, training)
            if norm is not None and norm_comes_last:
                hidden = norm(hidden, training=training)
            if dropout is not None:
                hidden = dropout(hidden, training=training)
        return tf.cast(hidden, tf.float32)


class MLP(HiddenLayers):
    """The hidden layers that a `DNN` describes; `hidden_units: [0]`, or none, is the identity."""

    def __init__(self, config: DNN, name: str, product_dtype: tf.DType) -> None:
        super().__init__(dnn_layers(config), name, product_dtype)


def dnn_layers(config: DNN, ends_linear: bool = False) -> List[HiddenLayer]:
    """The layers that a `DNN` describes.

    `ends_linear`: the last layer has neither batch normalisation nor activation.
    """
    units = [unit for unit in config.hidden_units if unit]
    rates: Sequence[float] = config.dropout_ratio or [0.0] * len(units)
    bent = len(units) - ends_linear
    # A bias before batch normalisation is kept, as in EasyRec: it costs nothing and makes
    # `use_bn` a switch that changes no other variable.
    return [
        HiddenLayer(
            unit, config.activation if i < bent else "linear", config.use_bn and i < bent, rate
        )
        for i, (unit, rate) in enumerate(zip(units, rates))
    ]
