"""ExprFeature: a number computed from other columns of the row."""

from __future__ import annotations

from typing import Dict, Mapping, Tuple

import tensorflow as tf

from easy_esmm.config.expression import Expression, parse_expression
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
    expression = _expression(feature, read)
    operands, is_there = _operands(feature, expression, read)
    result, are_exact = _evaluated(expression, operands)
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


def inexact_rows(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Tensor:
    """Bool [batch]: where whole numbers beyond 2^53 meet others, at which `encode_expr` stops."""
    read = {name: columns[name] for name in feature.input_names}
    expression = _expression(feature, read)
    operands, _ = _operands(feature, expression, read)
    return ~_evaluated(expression, operands)[1]


def _expression(feature: FeatureConfig, read: Mapping[str, Tensor]) -> Expression:
    is_bool = {name: column.dtype == tf.bool for name, column in read.items()}
    return parse_expression(feature.expression, is_bool)


def _operands(
    feature: FeatureConfig, expression: Expression, read: Mapping[str, Tensor]
) -> Tuple[Dict[str, Operand], Tensor]:
    """(the columns of the expression, bool: where all are there that must be)."""
    operands: Dict[str, Operand] = {}
    is_there = tf.constant(True)
    for name in expression.columns:
        operands[name], has_value = operand_of(feature, name, read[name])
        if read[name].dtype == tf.string or feature.missing_indicator:
            is_there &= has_value
    return operands, is_there


def _evaluated(expression: Expression, operands: Mapping[str, Operand]) -> Tuple[Tensor, Tensor]:
    """(the value, bool: whether it is exact), [batch] each."""
    result, are_exact = evaluate(expression, operands)
    return result, tf.broadcast_to(are_exact, tf.shape(result))
