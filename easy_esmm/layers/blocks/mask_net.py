"""Masks made from the input: MaskNet (Wang et al., DLP-KDD 2021, arXiv 2102.07619)."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.contract import Tensor
from easy_esmm.layers.blocks.mlp import MLPBlock
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value, matrices_of, matrix_of
from easy_esmm.layers.dense import Dense
from easy_esmm.protos import backbone_pb2


@register("MaskBlock")
class MaskBlock(BlockLayer):
    """A mask from one matrix times another one, and a layer above them.

        mask = W2 relu(W1 [P] y + b1) + b2
        out  = relu(layer_norm(W3 (x * mask)))

    with x layer-normalised under `input_layer_norm`; P is the linear layer of `projection_dim`.
    """

    def __init__(self, config: backbone_pb2.MaskBlock, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._config = config
        self._product_dtype = product_dtype
        self._input_norm: Optional[Any] = None
        if config.input_layer_norm:
            self._input_norm = keras.layers.LayerNormalization(name="input_norm")
        self._project: Optional[Dense] = None
        if config.HasField("projection_dim"):
            self._project = Dense(
                config.projection_dim,
                product_dtype,
                use_bias=False,
                kernel_initializer="he_uniform",
                name="project",
            )
        self._output = Dense(config.output_size, product_dtype, use_bias=False, name="output")
        self._output_norm = keras.layers.LayerNormalization(name="output_norm")

    def build(self, input_shape: Any) -> None:
        """Creates the layers of the mask, whose units follow from the inputs."""
        masked, source = (int(shape[-1]) for shape in input_shape)
        units = self._config.aggregation_size
        if self._config.HasField("reduction_factor"):
            units = max(1, int(source * self._config.reduction_factor))
        self._aggregate = Dense(
            units, self._product_dtype, kernel_initializer="he_uniform", name="aggregate"
        )
        self._mask = Dense(masked, self._product_dtype, name="mask")
        super().build(input_shape)

    @staticmethod
    def arguments(value: Value) -> Tuple[Tuple[Tensor, Tensor]]:
        """What is masked, and what the mask is made from: a list's two, or a matrix for both."""
        if isinstance(value, (list, tuple)):
            first, second = matrices_of(value)
            return ((first, second),)
        return ((matrix_of(value), matrix_of(value)),)

    def call(self, inputs: Tuple[Tensor, Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width], [batch, any width] -> float32 [batch, output_size]."""
        masked, source = inputs
        if self._input_norm is not None:
            masked = self._input_norm(masked)
        if self._project is not None:
            source = self._project(source)
        mask = self._mask(tf.nn.relu(self._aggregate(source)))
        return tf.nn.relu(self._output_norm(self._output(masked * mask)))


@register("MaskNet")
class MaskNet(BlockLayer):
    """Mask blocks over one matrix: side by side, or each masking the output of the one before."""

    def __init__(self, config: backbone_pb2.MaskNet, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        self._is_parallel = config.use_parallel
        self._input_norm: Optional[Any] = None
        if config.input_layer_norm:
            self._input_norm = keras.layers.LayerNormalization(name="input_norm")
        self._blocks = [
            MaskBlock(block, f"block_{i}", product_dtype)
            for i, block in enumerate(config.mask_blocks)
        ]
        self._mlp: Optional[MLPBlock] = None
        if config.HasField("mlp"):
            self._mlp = MLPBlock(config.mlp, "mlp", product_dtype)

    @staticmethod
    def arguments(value: Value) -> Tuple[Tensor]:
        """A matrix."""
        return (matrix_of(value),)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> float32 [batch, units of the last layer]."""
        if self._input_norm is not None:
            inputs = self._input_norm(inputs)
        if self._is_parallel:
            output = tf.concat([block((inputs, inputs)) for block in self._blocks], axis=1)
        else:
            output = inputs
            for block in self._blocks:
                output = block((output, inputs))
        return output if self._mlp is None else self._mlp(output, training=training)
