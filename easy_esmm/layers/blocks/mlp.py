"""Hidden layers as blocks have them."""

from __future__ import annotations

from typing import List, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, matrix_of
from easy_esmm.layers.mlp import HiddenLayer, HiddenLayers
from easy_esmm.protos import dnn_pb2


@register("MLP")
class MLPBlock(HiddenLayers, BlockLayer):
    """Fully connected layers: float32 [batch, width] -> [batch, units of the last layer]."""

    def __init__(self, config: dnn_pb2.MLP, name: str, product_dtype: tf.DType) -> None:
        super().__init__(hidden_layers(config), name, product_dtype)

    @staticmethod
    def arguments(value: Value) -> Tuple[Tensor]:
        """A matrix."""
        return (matrix_of(value),)


def hidden_layers(config: dnn_pb2.MLP) -> List[HiddenLayer]:
    """The layers that a message describes; the last has settings of its own."""
    units, rates = list(config.hidden_units), list(config.dropout_ratio)
    rates += [0.0] * (len(units) - len(rates))
    layers = []
    for number, (unit, rate) in enumerate(zip(units, rates)):
        is_last = number == len(units) - 1
        layers.append(
            HiddenLayer(
                unit,
                config.final_activation if is_last else config.activation,
                config.use_final_bn if is_last else config.use_bn,
                rate,
                config.use_final_bias if is_last else config.use_bias,
                config.initializer,
                config.use_bn_after_activation,
            )
        )
    return layers
