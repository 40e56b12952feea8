"""Evaluates expressions: whole numbers exactly, in 64 bits, all others as float64.

What float64 rounds is told: a whole number beyond 2^53 that meets one that is not whole, a division
or a function, and a result beyond 64 bits. Division by zero is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Tuple, Union

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing, numbers_of
from easy_esmm.config.cells import WHOLE
from easy_esmm.config.expression import Expression
from easy_esmm.contract import Tensor
from easy_esmm.features.functions import FUNCTIONS
from easy_esmm.features.numbers import finite, numbers_in
from easy_esmm.protos.feature_pb2 import FeatureConfig

_LARGEST_EXACT = 2**53
"""Up to here float64 has every whole number."""
_LARGEST_RESULT = 9.2e18
"""Below 2^63 by more than float64 rounds there."""

Flag = Union[bool, Tensor]


@dataclass(frozen=True, eq=False)
class Number:
    """A number of each row, or one of all."""

    value: Tensor
    """float64: the number, rounded if it is whole and beyond 2^53."""
    whole: Tensor = 0
    """int64: the number where it is whole."""
    is_whole: Flag = False


Operand = Union[Number, Tensor]
"""A number, or the bool [batch] of a condition."""


def operand_of(feature: FeatureConfig, name: str, column: Tensor) -> Tuple[Operand, Tensor]:
    """(the column as an operand, bool: whether it has a value); a missing number is 0.

    Text of digits is a whole number, text with a point or an exponent is not.
    """
    if column.dtype == tf.bool:
        return column, ~is_missing(column)
    numbers, is_there = numbers_in(feature, name, column, tf.float64)
    if column.dtype.is_integer:
        whole = tf.where(is_there, tf.cast(column, tf.int64), tf.zeros([], tf.int64))
        return Number(numbers, whole, True), is_there
    if column.dtype != tf.string:
        return Number(finite(feature, numbers)), is_there
    is_whole = tf.strings.regex_full_match(tf.strings.strip(column), WHOLE)
    whole, _ = numbers_of(tf.where(is_whole, column, "0"), tf.int64)
    return Number(numbers, whole, is_whole), is_there


def evaluate(expression: Expression, operands: Mapping[str, Operand]) -> Tuple[Tensor, Tensor]:
    """(float64 or bool: the result, bool: whether it is exact as far as whole numbers go)."""
    stack: List[Any] = []
    are_exact: List[Tensor] = [tf.constant(True)]
    for step in expression.steps:
        if step.operation == "column":
            stack.append(operands[str(step.value)])
        elif step.operation == "number":
            stack.append(_constant(step.value))
        elif step.operation in _OF_CONDITIONS:
            taken = [stack.pop() for _ in range(1 if step.operation == "not" else 2)]
            stack.append(_OF_CONDITIONS[step.operation](*reversed(taken)))
        elif step.operation in _OF_TWO:
            second, first = _number(stack.pop()), _number(stack.pop())
            stack.append(_of_two(step.operation, first, second, are_exact))
        else:
            stack.append(_of_one(step.operation, _number(stack.pop()), are_exact))
    result = stack.pop()
    exact = are_exact[0]
    for one in are_exact[1:]:
        exact = exact & one
    return (result.value if isinstance(result, Number) else result), exact


def _constant(value: Any) -> Number:
    number = tf.constant(float(value), tf.float64)
    return (
        Number(number, tf.constant(value, tf.int64), True)
        if isinstance(value, int)
        else Number(number)
    )


def _number(operand: Operand) -> Number:
    if isinstance(operand, Number):
        return operand
    return Number(tf.cast(operand, tf.float64), tf.cast(operand, tf.int64), True)


def _of_two(sign: str, first: Number, second: Number, are_exact: List[Tensor]) -> Operand:
    compute = _OF_TWO[sign]
    are_whole = _and(first.is_whole, second.is_whole) if sign != "/" else False
    value = compute(first.value, second.value)
    are_exact.extend(
        _is_small(one) | are_whole for one in (first, second) if one.is_whole is not False
    )
    if are_whole is False:
        return value if sign in _COMPARISONS else Number(value)
    whole = compute(first.whole, second.whole)
    if sign in _COMPARISONS:
        return tf.where(are_whole, whole, value)
    are_exact.append((tf.abs(value) < _LARGEST_RESULT) | ~tf.convert_to_tensor(are_whole))
    return Number(tf.where(are_whole, tf.cast(whole, tf.float64), value), whole, are_whole)


def _of_one(operation: str, number: Number, are_exact: List[Tensor]) -> Number:
    if operation == "negate":
        return Number(-number.value, -number.whole, number.is_whole)
    if number.is_whole is not False:
        are_exact.append(_is_small(number))
    return Number(FUNCTIONS[operation](number.value))


def _is_small(number: Number) -> Tensor:
    """Bool: whether float64 has the number, whole or not, as it is."""
    is_small = (number.whole >= -_LARGEST_EXACT) & (number.whole <= _LARGEST_EXACT)
    return is_small | ~tf.convert_to_tensor(number.is_whole)


def _and(first: Flag, second: Flag) -> Flag:
    if first is False or second is False:
        return False
    return tf.logical_and(first, second)


_OF_CONDITIONS: Dict[str, Callable[..., Any]] = {
    "&": tf.logical_and,
    "|": tf.logical_or,
    "not": tf.logical_not,
}
_COMPARISONS: Dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "<": tf.less,
    "<=": tf.less_equal,
    "==": tf.equal,
    "!=": tf.not_equal,
    ">=": tf.greater_equal,
    ">": tf.greater,
}
_OF_TWO: Dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "+": tf.add,
    "-": tf.subtract,
    "*": tf.multiply,
    "/": tf.math.divide_no_nan,
    **_COMPARISONS,
}
