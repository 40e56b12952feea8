"""A learned multiple of another tower's logit."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor

_PACE = 30.0
"""The multiple is so many times its variable. Adam moves a variable by about the learning rate a
step, and the multiple should settle early in a training of some hundred steps at 1e-3: at a pace of
1 the link changed nothing there, at 10 it did (docs/choosing_a_model.md)."""


class LogitLink(keras.layers.Layer):  # type: ignore[misc]
    """multiple x (logit - center), for adding to one's own logit.

    The multiple starts at 0, and the logit is a constant here: what is learned through the link
    teaches the multiple, and not the other tower.
    """

    def __init__(self, center: float, name: str) -> None:
        super().__init__(name=name)
        self._center = center

    def build(self, _: Any) -> None:
        """Makes the variable."""
        self._variable = self.add_weight(name="multiple", shape=(), initializer="zeros")
        self.built = True

    def call(self, logit: Tensor) -> Tensor:
        """float32 [batch] -> float32 [batch]."""
        return _PACE * self._variable * (tf.stop_gradient(logit) - self._center)
