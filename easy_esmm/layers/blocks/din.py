"""The attention of a candidate over its histories (Zhou et al., KDD 2018), as a block."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

import tensorflow as tf

from easy_esmm.contract import Group, Sequence, Tensor
from easy_esmm.layers.blocks.mlp import hidden_layers
from easy_esmm.layers.blocks.registry import BlockLayer, register
from easy_esmm.layers.blocks.values import Value
from easy_esmm.layers.mlp import HiddenLayer
from easy_esmm.layers.target_attention import SigmoidAttention, TargetAttention, weighted_sum
from easy_esmm.protos import dnn_pb2
from easy_esmm.protos.backbone_pb2 import DINEncoder

_ATTENTIONS = {"softmax": TargetAttention, "sigmoid": SigmoidAttention}
"""By `attention_normalizer`."""


@register("DIN")
class DINBlock(BlockLayer):
    """The weighted sum of a group's sequences, and the group's other features, the target.

        s_t = attention_dnn(q, e_t, q - e_t, q * e_t)
        out = [ sum_t w_t e_t,  target ],   w = softmax over t of s,  or  sigmoid(s / sqrt(width))

    with e_t the elements of all sequences side by side and q the target, padded with zeros to their
    width. A row without elements has zeros in place of the sum.
    """

    def __init__(self, config: DINEncoder, name: str, product_dtype: tf.DType) -> None:
        super().__init__(name=name)
        make = _ATTENTIONS[config.attention_normalizer]
        self._attention = make(scoring_layers(config.attention_dnn), "attention", product_dtype)
        self._has_target = config.need_target_feature

    @staticmethod
    def arguments(value: Value) -> Tuple[Tuple[Tensor, Tensor, Tensor]]:
        """The target, the sequences side by side, and where they have elements."""
        together = equally_long(value)
        history = tf.concat([one.values for one in together], axis=2)
        mask = tf.reduce_any(tf.stack([one.mask for one in together]), axis=0)
        return ((value.matrix, history, mask),)

    def call(self, inputs: Tuple[Tensor, Tensor, Tensor], training: bool = False) -> Tensor:
        """float32 [batch, width of the history, and of the target if it is wanted].

        Args:
          inputs: target, float32 [batch, any width]; history, float32 [batch, time, width]; mask,
            bool [batch, time].
          training: whether dropout and batch statistics are on.
        """
        target, history, mask = inputs
        missing = int(history.shape[2]) - int(target.shape[1])
        key = tf.pad(target, [[0, 0], [0, missing]])
        heard = weighted_sum(self._attention((key, history, mask), training=training), history)
        return tf.concat([heard, target], axis=1) if self._has_target else heard


def scoring_layers(config: dnn_pb2.MLP) -> List[HiddenLayer]:
    """The layers that a message describes, with a last one that is linear and has a bias."""
    *layers, last = hidden_layers(config)
    return [*layers, replace(last, activation="linear", use_bn=False, use_bias=True)]


def equally_long(group: Group) -> List[Sequence]:
    """The group's sequences; the step stops where a row's are not equally long.

    One that is empty beside single elements is as long as they are: text cannot tell an empty
    element from none.
    """
    sequences = list(group.sequences.values())
    if len(sequences) == 1:
        return sequences
    lengths = tf.stack([tf.reduce_sum(tf.cast(s.mask, tf.int32), axis=1) for s in sequences])
    longest = tf.reduce_max(lengths, axis=0)
    is_right = tf.reduce_all(tf.equal(lengths, longest) | (longest <= 1))
    names = ", ".join(group.sequences)
    message = f"DIN: the sequences {names} must be equally long in each row; their lengths by row:"
    with tf.control_dependencies([tf.debugging.Assert(is_right, [message, lengths], 20)]):
        return [replace(one, values=tf.identity(one.values)) for one in sequences]
