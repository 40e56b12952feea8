"""The layers that a block may hold, found by their class names."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple, Type

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.config.backbone.keras_layers import parameters
from easy_esmm.layers.blocks.values import Value
from easy_esmm.protos.backbone_pb2 import KerasLayer

_LAYERS: Dict[str, Callable[[Any, str, tf.DType], BlockLayer]] = {}
"""Class name -> what makes the layer of its parameters, its name and the type of its products."""


class BlockLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer of a block, which reads whatever flows into the block."""

    @staticmethod
    def arguments(value: Value) -> Tuple[Any, ...]:
        """What `call` takes, from what the block reads. The config's rules have checked it."""
        raise NotImplementedError

    def apply_to(self, value: Value, training: bool) -> Value:
        """The layer's output for what the block reads."""
        return self(*self.arguments(value), training=training)


def register(name: str) -> Callable[[Type[BlockLayer]], Type[BlockLayer]]:
    """Makes a layer known under the config's `class_name`."""

    def add(layer: Type[BlockLayer]) -> Type[BlockLayer]:
        _LAYERS[name] = layer
        return layer

    return add


def registered() -> Tuple[str, ...]:
    """Names of all layers, sorted."""
    return tuple(sorted(_LAYERS))


def build(layer: KerasLayer, name: str, product_dtype: tf.DType) -> BlockLayer:
    """The layer that `layer` describes."""
    return _LAYERS[layer.class_name](parameters(layer), name, product_dtype)
