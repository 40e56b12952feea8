"""Activations by the names that configs use."""

from __future__ import annotations

from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.dice import Dice

Activation = Callable[[Tensor, bool], Tensor]
"""(float32 [batch, units], whether it is a training) -> the same shape."""

_PREFIX = "tf.nn."

ACTIVATIONS: Dict[str, Callable[[Tensor], Tensor]] = {
    "elu": tf.nn.elu,
    "gelu": tf.nn.gelu,
    "leaky_relu": tf.nn.leaky_relu,
    "linear": tf.identity,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "selu": tf.nn.selu,
    "sigmoid": tf.nn.sigmoid,
    "silu": tf.nn.silu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "swish": tf.nn.swish,
    "tanh": tf.nn.tanh,
}


LEARNED: Dict[str, Callable[[str], Any]] = {"dice": Dice}
"""Activations with variables: from a layer's name to the layer."""


def activation(name: str, layer: str) -> Any:
    """An `Activation`: what a config names, `relu` or `tf.nn.relu`; an empty name is `linear`.

    A name is looked up, never evaluated; `easy_esmm.config` has checked it. One with variables is a
    Keras layer `<name>_<layer>`: keep it where Keras finds it.
    """
    short = _short(name)
    if short in LEARNED:
        return LEARNED[short](f"{short}_{layer}")
    function = ACTIVATIONS[short]
    return lambda inputs, training: function(inputs)


def is_relu(name: str) -> bool:
    """Whether a config names `relu`."""
    return _short(name) == "relu"


def _short(name: str) -> str:
    return (name[len(_PREFIX) :] if name.startswith(_PREFIX) else name) or "linear"
