"""A cross layer of DCN v2 (Wang et al., WWW 2021, arXiv 2008.13535)."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, matrices_of, matrix_of
from easy_esmm.layers.dense import Dense
from easy_esmm.protos.backbone_pb2 import Cross


@register("Cross")
class CrossBlock(BlockLayer):
    """x0 * (W x + b + diag_scale x) + x, with W = U V under `projection_dim`."""

    def __init__(self, config: Cross, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._config = config
        self._product_dtype = product_dtype
        self._project: Optional[Dense] = None
        if config.HasField("projection_dim"):
            self._project = Dense(
                config.projection_dim,
                product_dtype,
                use_bias=False,
                kernel_initializer=config.kernel_initializer,
                name="project",
            )

    def build(self, input_shape: Any) -> None:
        """Creates W, or its second factor, as wide as the input."""
        inputs = int(input_shape[0][-1])
        self._product = Dense(
            inputs,
            self._product_dtype,
            use_bias=self._config.use_bias,
            kernel_initializer=self._config.kernel_initializer,
            bias_initializer=self._config.bias_initializer,
            name="product",
        )
        super().build(input_shape)

    @staticmethod
    def arguments(value: Value) -> Tuple[Tuple[Tensor, Tensor]]:
        """x0 and x: a list's two, or a matrix for both."""
        if isinstance(value, (list, tuple)):
            first, second = matrices_of(value)
            return ((first, second),)
        return ((matrix_of(value), matrix_of(value)),)

    def call(self, inputs: Tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width] twice -> float32 [batch, width]."""
        start, hidden = inputs
        projected = hidden if self._project is None else self._project(hidden)
        product = self._product(projected)
        if self._config.diag_scale:
            product += self._config.diag_scale * hidden
        return start * product + hidden
