"""ExprFeature: a number computed from other columns of the row."""

from __future__ import annotations

from typing import Dict, Mapping

import tensorflow as tf

from easy_esmm.config.expression import parse_expression
from easy_esmm.contract import Tensor
from easy_esmm.features.arithmetic import Operand, evaluate, operand_of
from easy_esmm.features.encoded import Numbers
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.ExprFeature)
def encode_expr(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Numbers:
    """The value of `expression`, see `arithmetic`; a condition is 1 or 0.

    A value that is no finite float32 is missing, and so is that of a row in which a column of text
    is empty: 0. A missing number of another column is 0 in the expression. With `missing_indicator`
    the value of a row in which any column is missing is 0, and a second number is 1 there.
    """
    read = {name: columns[name] for name in feature.input_names}
    is_bool = {name: column.dtype == tf.bool for name, column in read.items()}
    expression = parse_expression(feature.expression, is_bool)
    operands: Dict[str, Operand] = {}
    is_there = tf.constant(True)
    for name in expression.columns:
        operands[name], has_value = operand_of(feature, name, read[name])
        if read[name].dtype == tf.string or feature.missing_indicator:
            is_there &= has_value
    result, are_exact = evaluate(expression, operands)
    are_exact = tf.broadcast_to(are_exact, tf.shape(result))
    message = (
        f"feature {feature.feature_name}: whole numbers beyond 2^53 must meet none but whole "
        "numbers, in + - * and comparisons, with results below 2^63 (a column of type DOUBLE is "
        "rounded instead), got " + " and ".join(operands)
    )
    wrong = [tf.boolean_mask(read[name], ~are_exact)[:1] for name in operands]
    check = tf.debugging.Assert(tf.reduce_all(are_exact), [message, *wrong])
    with tf.control_dependencies([check]):
        value = tf.cast(result, tf.float32)
    is_there &= tf.math.is_finite(value)
    value = tf.where(is_there, value, tf.zeros([]))[:, tf.newaxis]
    if not feature.missing_indicator:
        return Numbers(value, 1)
    is_missing = tf.cast(~is_there, tf.float32)[:, tf.newaxis]
    return Numbers(tf.concat([value, is_missing], axis=1), 2)
