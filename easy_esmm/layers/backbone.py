"""A graph of blocks between feature groups and towers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Union

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.config.backbone import graph
from easy_esmm.config.backbone.input_slice import parse_slice
from easy_esmm.config.backbone.keras_layers import LAYERS
from easy_esmm.contract import Group, Tensor
from easy_esmm.layers import blocks
from easy_esmm.layers.blocks.mlp import MLPBlock
from easy_esmm.layers.blocks.values import (
    Value,
    fields_of,
    flattened,
    joined,
    matrices_of,
    part_of,
)
from easy_esmm.layers.dropout import Dropout
from easy_esmm.protos import backbone_pb2


class Backbone(keras.layers.Layer):  # type: ignore[misc]
    """Blocks, each behind those that it reads, and what the towers get from them.

    `product_dtype` is that of the matrix products of all layers.
    """

    def __init__(self, config: backbone_pb2.BackboneTower, product_dtype: tf.DType) -> None:
        super().__init__(name="backbone")
        self._config = config
        self._blocks = [Block(block, product_dtype) for block in graph.blocks_in_order(config)]
        self._top: Optional[MLPBlock] = None
        if config.HasField("top_mlp"):
            self._top = MLPBlock(config.top_mlp, "top_mlp", product_dtype)

    def call(
        self, groups: Mapping[str, Group], training: bool = False
    ) -> Union[Tensor, List[Tensor]]:
        """The output that all towers read, float32 [batch, width], or a list with one for each."""
        values: Dict[str, Value] = {}
        for block in self._blocks:
            values[block.block_name] = block(groups, values, training=training)
        output = self._output(values)
        outputs = matrices_of(output if isinstance(output, (list, tuple)) else [output])
        if len(outputs) > 1:
            return outputs
        return outputs[0] if self._top is None else self._top(outputs[0], training=training)

    def _output(self, values: Mapping[str, Value]) -> Value:
        if self._config.output_blocks:
            return flattened([values[name] for name in self._config.output_blocks])
        return joined([values[name] for name in graph.outputs(self._config)], -1)


class Block(keras.layers.Layer):  # type: ignore[misc]
    """One block: its inputs put together, and its layers."""

    def __init__(self, config: backbone_pb2.Block, product_dtype: tf.DType) -> None:
        super().__init__(name=config.name)
        self.block_name = config.name
        self._config = config
        self._inputs = [one for one in config.inputs if not one.ignore_input]
        member = config.WhichOneof("layer")
        holders = [config] if member else config.layers
        self._steps = [
            _step(holder, f"_{number}" if config.layers else "", product_dtype)
            for number, holder in enumerate(holders)
        ]

    def call(
        self, groups: Mapping[str, Group], values: Mapping[str, Value], training: bool = False
    ) -> Value:
        """The block's output, from the feature groups and the outputs of blocks so far."""
        inputs = [self._input(one, groups, values) for one in self._inputs]
        if self._config.merge_inputs_into_list:
            value: Value = inputs
        else:
            value = joined(inputs, self._config.input_concat_axis)
        for step in self._steps:
            value = step.apply_to(value, training)
        return value

    def _input(
        self,
        one: backbone_pb2.Input,
        groups: Mapping[str, Group],
        values: Mapping[str, Value],
    ) -> Value:
        value = values[one.block_name] if one.block_name else groups[one.feature_group_name]
        return part_of(value, parse_slice(one.input_slice)) if one.input_slice else value


def _step(holder: Any, suffix: str, product_dtype: tf.DType) -> Any:
    """What a `Block` or a `Layer` holds, as something with `apply_to`."""
    member = str(holder.WhichOneof("layer"))
    return _STEPS[member](getattr(holder, member), suffix, product_dtype)


class _InputForm(keras.layers.Layer):  # type: ignore[misc]
    """A feature group in the form that the layers above it read."""

    def __init__(self, config: backbone_pb2.InputLayer, suffix: str, _: tf.DType) -> None:
        super().__init__(name=f"input{suffix}")
        self._config = config
        self._norm: Optional[Any] = None
        if config.do_batch_norm:
            self._norm = keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name="norm")
        self._dropout = Dropout(config.dropout_rate) if config.dropout_rate else None

    def apply_to(self, group: Group, training: bool) -> Value:
        """The group as it is, its features as a list or stacked, or the matrix and the list.

        `output_seq_and_normal_feature` is the group as it is: DIN reads its sequences.
        """
        group = replace(group, matrix=self(group.matrix, training=training))
        if self._config.only_output_feature_list:
            return fields_of(group)
        if self._config.only_output_3d_tensor:
            return tf.stack(fields_of(group), axis=1)
        if self._config.output_2d_tensor_and_feature_list:
            return [group.matrix, fields_of(group)]
        return group

    def call(self, matrix: Tensor, training: bool = False) -> Tensor:
        """float32 [batch, width] -> the same shape."""
        if self._norm is not None:
            matrix = self._norm(matrix, training=training)
        return matrix if self._dropout is None else self._dropout(matrix, training=training)


class _Recurrent(keras.layers.Layer):  # type: ignore[misc]
    """Layers of one form, each over the output of the one before."""

    def __init__(
        self, config: backbone_pb2.RecurrentLayer, suffix: str, product_dtype: tf.DType
    ) -> None:
        super().__init__(name=f"recurrent{suffix}")
        self._fixed: Optional[int] = None
        if config.HasField("fixed_input_index"):
            self._fixed = config.fixed_input_index
        self._layers_of_steps = _several(config.keras_layer, config.num_steps, product_dtype)

    def call(self, value: Value, training: bool = False) -> Value:
        """The last step's output; of two inputs the fixed one is the same in all steps."""
        for layer in self._layers_of_steps:
            output = layer.apply_to(value, training)
            if self._fixed is None:
                value = output
            else:
                value = [value[0], output] if self._fixed == 0 else [output, value[1]]
        return output

    def apply_to(self, value: Value, training: bool) -> Value:
        """As `call`, inside the layer's name scope."""
        return self(value, training=training)


class _Repeat(keras.layers.Layer):  # type: ignore[misc]
    """Layers of one form side by side."""

    def __init__(
        self, config: backbone_pb2.RepeatLayer, suffix: str, product_dtype: tf.DType
    ) -> None:
        super().__init__(name=f"repeat{suffix}")
        self._axis: Optional[int] = None
        if config.HasField("output_concat_axis"):
            self._axis = config.output_concat_axis
        self._repeated = _several(config.keras_layer, config.num_repeat, product_dtype)

    def call(self, value: Value, training: bool = False) -> Value:
        """The outputs as a list, or put together."""
        outputs = [layer.apply_to(value, training) for layer in self._repeated]
        return outputs if self._axis is None else joined(outputs, self._axis)

    def apply_to(self, value: Value, training: bool) -> Value:
        """As `call`, inside the layer's name scope."""
        return self(value, training=training)


def _several(
    config: backbone_pb2.KerasLayer, count: int, product_dtype: tf.DType
) -> List[blocks.BlockLayer]:
    return [_layer(config, f"_{number}", product_dtype) for number in range(count)]


def _layer(
    config: backbone_pb2.KerasLayer, suffix: str, product_dtype: tf.DType
) -> blocks.BlockLayer:
    return blocks.build(config, f"{LAYERS[config.class_name]}{suffix}", product_dtype)


_STEPS: Dict[str, Callable[[Any, str, tf.DType], Any]] = {
    "input_layer": _InputForm,
    "keras_layer": _layer,
    "recurrent": _Recurrent,
    "repeat": _Repeat,
}
"""Member of the oneof `layer` -> what makes the step of its message, a suffix and a type."""
