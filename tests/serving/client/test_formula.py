"""Scores by a formula."""

from __future__ import annotations

import math
from typing import List

import numpy as np
import pytest

from easy_esmm.config import functions
from easy_esmm.errors import UserError
from easy_esmm.serving.client.formula import FUNCTIONS, parse_formula, value_of

VALUES = {
    "pctr": np.array([0.1, 0.2, 0.4]),
    "pcvr": np.array([0.5, 0.25, 0.0]),
    "price": np.array([3.0, -2.0, 0.0]),
    "is_new": np.array([1.0, 0.0, 1.0]),
}
P, V, C, N = VALUES.values()


def scores(text: str) -> List[float]:
    formula = parse_formula(text, {name: name == "is_new" for name in VALUES})
    return list(np.broadcast_to(value_of(formula, VALUES), [3]).tolist())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pctr * pcvr ** 0.7 * price", P * V**0.7 * C),
        ("-pctr ** 2 + 2 ** -1", -(P**2) + 0.5),
        ("pctr / price", [0.1 / 3, -0.1, 0]),
        ("(pctr > 0.15) + (pcvr > 0.2)", [1, 2, 1]),
        ("-(price < 0) * 3", [0, -3, 0]),
        ("(is_new & price > 0) | !is_new", [1, 1, 0]),
        ("log1p(abs(price)) * (1 + 0.5 * is_new)", np.log1p(np.abs(C)) * (1 + 0.5 * N)),
        ("sigmoid(price)", 1 / (1 + np.exp(-C))),
        ("7", [7, 7, 7]),
    ],
)
def test_a_formula_is_computed_in_float64(text: str, expected: List[float]) -> None:
    np.testing.assert_allclose(scores(text), expected, rtol=1e-15)


def test_no_comparison_hides_a_missing_number() -> None:
    formula = parse_formula("pctr * (price > 1)", {"pctr": False, "price": False})
    found = value_of(formula, {"pctr": P, "price": np.array([np.nan, 2.0, 0.0])})
    np.testing.assert_array_equal(found, [np.nan, 0.2, 0.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "pctr * prize",
            r"score: must be an output .* is_new, not 'prize', at character 8; did you",
        ),
        (
            "pctr *",
            "score: must have a number, a column, a function or a parenthesis at character 7",
        ),
        ("__import__('os')", "score: must be one of the functions"),
        ("pctr.real()", "score: must be one of the functions"),
    ],
)
def test_what_is_no_formula_is_told_with_its_character(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scores(text)


def test_the_functions_are_those_of_configs() -> None:
    assert tuple(FUNCTIONS) == functions.FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_that_of_the_math_library(name: str) -> None:
    own = {
        "abs": abs,
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
        "sign": lambda x: math.copysign(1, x),
        "square": lambda x: x * x,
    }
    expected = own.get(name) or getattr(math, name)
    for x in (0.3, 1.7):
        assert FUNCTIONS[name](np.float64(x)) == pytest.approx(expected(x), rel=1e-12)
