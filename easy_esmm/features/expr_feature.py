"""ExprFeature: a number computed from other columns of the row."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import tensorflow as tf

from easy_esmm.config.expression import Expression, parse_expression
from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import Numbers
from easy_esmm.features.functions import FUNCTIONS
from easy_esmm.features.pieces import to_float
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig

_NUMBER = tf.float64


@register(FeatureConfig.ExprFeature)
def encode_expr(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Numbers:
    """The value of `expression`, computed in float64; a condition is 1 or 0.

    A division by zero is 0. A value that is no finite float32 is missing, and so is that of a row
    in which a column of text is empty: 0.
    """
    read = {name: columns[name] for name in feature.input_names}
    is_bool = {name: column.dtype == tf.bool for name, column in read.items()}
    expression = parse_expression(feature.expression, is_bool)
    value = tf.cast(_value(expression, {n: _number(column) for n, column in read.items()}), _NUMBER)
    value = tf.cast(value, tf.float32)
    is_there = tf.math.is_finite(value)
    for column in read.values():
        if column.dtype == tf.string:
            is_there &= tf.not_equal(column, "")
    return Numbers(tf.where(is_there, value, tf.zeros([]))[:, tf.newaxis], 1)


def _number(column: Tensor) -> Tensor:
    """bool [batch] as it is, anything else as float64; '' is 0."""
    if column.dtype == tf.bool:
        return column
    return to_float(
        tf.where(tf.equal(column, ""), "0", column) if column.dtype == tf.string else column,
        _NUMBER,
    )


def _value(expression: Expression, columns: Mapping[str, Tensor]) -> Tensor:
    """bool or float64 [batch]."""
    stack: List[Tensor] = []
    for step in expression.steps:
        if step.operation == "column":
            stack.append(columns[str(step.value)])
        elif step.operation == "number":
            stack.append(tf.constant(step.value, _NUMBER))
        elif step.operation in _OF_CONDITIONS:
            taken = [stack.pop() for _ in range(1 if step.operation == "not" else 2)]
            stack.append(_OF_CONDITIONS[step.operation](*reversed(taken)))
        elif step.operation in _OF_TWO:
            second, first = _as_number(stack.pop()), _as_number(stack.pop())
            stack.append(_OF_TWO[step.operation](first, second))
        else:
            stack.append(_OF_ONE[step.operation](_as_number(stack.pop())))
    return stack.pop()


def _as_number(value: Tensor) -> Tensor:
    return tf.cast(value, _NUMBER)


_OF_CONDITIONS: Dict[str, Callable[..., Any]] = {
    "&": tf.logical_and,
    "|": tf.logical_or,
    "not": tf.logical_not,
}
_OF_TWO: Dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "+": tf.add,
    "-": tf.subtract,
    "*": tf.multiply,
    "/": tf.math.divide_no_nan,
    "<": tf.less,
    "<=": tf.less_equal,
    "==": tf.equal,
    "!=": tf.not_equal,
    ">=": tf.greater_equal,
    ">": tf.greater,
}
_OF_ONE: Dict[str, Callable[[Tensor], Tensor]] = {"negate": tf.negative, **FUNCTIONS}
