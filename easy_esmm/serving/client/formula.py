"""Scores by a formula of a caller, such as `pctr * pcvr ** 0.7 * price`. Nothing is run as code.

The grammar is that of ExprFeature (`config.expression`), with powers; numbers are float64, and a
division by zero is 0, as there.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import numpy as np
from numpy.typing import NDArray

from easy_esmm.config.expression import BadExpression, Expression, parse_expression
from easy_esmm.errors import UserError

Numbers = NDArray[np.float64]

_MOST_SHOWN = 20


def parse_formula(text: str, names: Mapping[str, bool]) -> Expression:
    """The formula over `names`: name -> whether it is a condition.

    Raises UserError where the text is no formula, with the character.
    """
    some = [*names][:_MOST_SHOWN]
    more = ", ..." if len(names) > _MOST_SHOWN else ""
    known_as = f"an output of the model or a column of the items: {', '.join(some)}{more}"
    try:
        return parse_expression(text, names, powers=True, known_as=known_as)
    except BadExpression as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise UserError(f"score: {error}{hint}, got {text!r}") from None


def value_of(formula: Expression, values: Mapping[str, Numbers]) -> Numbers:
    """float64 [rows] for the columns of the formula, each float64 [rows].

    NaN in each row in which a column that the formula reads is NaN, whatever becomes of it: no
    comparison hides a missing price.
    """
    stack: List[Any] = []
    with np.errstate(all="ignore"):
        for step in formula.steps:
            if step.operation == "column":
                stack.append(values[str(step.value)])
            elif step.operation == "number":
                stack.append(np.float64(step.value))
            elif step.operation in _OF_TWO:
                second, first = stack.pop(), stack.pop()
                stack.append(_OF_TWO[step.operation](first, second))
            else:
                stack.append(_OF_ONE[step.operation](stack.pop()))
        read = [values[name] for name in formula.columns]
        missing = sum((np.isnan(column) for column in read), np.bool_(False))
        scores: Numbers = np.where(missing, np.nan, np.asarray(stack.pop(), np.float64))
    return scores


def _quotient(first: Any, second: Any) -> Any:
    return np.where(second == 0, 0.0, first / np.where(second == 0, 1.0, second))


def _sigmoid(value: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * value))


def _condition(test: Callable[..., Any]) -> Callable[..., Any]:
    """The test as 1 and 0."""
    return lambda *operands: np.asarray(test(*operands), np.float64)


FUNCTIONS: Dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "asinh": np.arcsinh,
    "ceil": np.ceil,
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": _sigmoid,
    "sign": np.sign,
    "sqrt": np.sqrt,
    "square": np.square,
    "tanh": np.tanh,
}
"""Those of `config.functions`."""
_OF_ONE: Dict[str, Callable[[Any], Any]] = {
    "negate": np.negative,
    "not": _condition(np.logical_not),
    **FUNCTIONS,
}
_OF_TWO: Dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _quotient,
    "**": np.power,
    "<": _condition(np.less),
    "<=": _condition(np.less_equal),
    "==": _condition(np.equal),
    "!=": _condition(np.not_equal),
    ">=": _condition(np.greater_equal),
    ">": _condition(np.greater),
    "&": _condition(np.logical_and),
    "|": _condition(np.logical_or),
}
