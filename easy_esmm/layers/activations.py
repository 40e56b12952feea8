"""Activations by the names that configs use."""

from __future__ import annotations

from typing import Callable, Dict

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError

_PREFIX = "tf.nn."

ACTIVATIONS: Dict[str, Callable[[Tensor], Tensor]] = {
    "elu": tf.nn.elu,
    "gelu": tf.nn.gelu,
    "leaky_relu": tf.nn.leaky_relu,
    "linear": tf.identity,
    "relu": tf.nn.relu,
    "selu": tf.nn.selu,
    "sigmoid": tf.nn.sigmoid,
    "softplus": tf.nn.softplus,
    "swish": tf.nn.swish,
    "tanh": tf.nn.tanh,
}


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """The function that a config names, `relu` or `tf.nn.relu`; an empty name is `linear`.

    A name is looked up, never evaluated.

    Raises:
      UserError: the name is not one of `ACTIVATIONS`.
    """
    short = name[len(_PREFIX) :] if name.startswith(_PREFIX) else name
    try:
        return ACTIVATIONS[short or "linear"]
    except KeyError:
        known = ", ".join(sorted(ACTIVATIONS))
        raise UserError(f"activation: must be one of {known}, got {name!r}") from None
