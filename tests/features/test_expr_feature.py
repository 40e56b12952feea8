"""ExprFeature: values as plain numpy has them, division by zero, missing and infinite values."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.config import functions
from easy_esmm.features.expr_feature import encode_expr
from easy_esmm.features.functions import FUNCTIONS
from easy_esmm.protos.feature_pb2 import FeatureConfig

Columns = Dict[str, Any]
Formula = Tuple[str, Callable[[Columns], Any]]
"""A text, and the same in numpy."""


def values(text: str, **columns: Any) -> Any:
    """What the expression over the columns is, float32 [batch]."""
    feature = FeatureConfig(feature_name="e", input_names=list(columns), expression=text)
    tensors = {name: tf.constant(column) for name, column in columns.items()}
    encoded = encode_expr(feature, tensors)
    assert (encoded.count, encoded.values.shape[1]) == (1, 1)
    return encoded.values.numpy()[:, 0]


ROWS: Columns = {
    "a": np.array([0, 1, -2, 0, 7, 1, 3], np.int64),
    "b": np.array([0, 0.5, 2, -3, 0.1, 1, 3], np.float32),
    "c": np.array([3, 0, 0, 1e3, -1e-3, 1, 3], np.float64),
    "d": np.array([True, False, True, False, True, True, False]),
}


def divided(x: Any, y: Any) -> Any:
    return np.divide(x, y, out=np.zeros_like(x), where=y != 0)


ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": divided}
COMPARISONS = {
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
    ">=": np.greater_equal,
    ">": np.greater,
}
SIGNS = {"&": np.logical_and, "|": np.logical_or}


def column(name: str) -> Formula:
    return name, lambda rows: np.asarray(rows[name], np.float64)


def constant(number: float) -> Formula:
    return repr(number), lambda rows: np.full(len(rows["a"]), number)


def of_two(table: Dict[str, Any], sign: str, first: Formula, second: Formula) -> Formula:
    return (
        f"({first[0]} {sign} {second[0]})",
        lambda rows: table[sign](first[1](rows), second[1](rows)),
    )


def as_number(condition: Formula) -> Formula:
    return condition[0], lambda rows: condition[1](rows).astype(np.float64)


leaves = st.one_of(
    st.sampled_from(["a", "b", "c"]).map(column),
    st.sampled_from([0.0, 0.5, 2.0, 18.0]).map(constant),
)
numbers = st.deferred(
    lambda: st.one_of(
        leaves,
        st.builds(
            lambda s, x, y: of_two(ARITHMETIC, s, x, y), st.sampled_from("+-*/"), leaves, numbers
        ),
        numbers.map(lambda x: (f"-{x[0]}", lambda rows: -x[1](rows))),
        conditions.map(as_number),
    )
)
conditions = st.deferred(
    lambda: st.one_of(
        st.just(("d", lambda rows: rows["d"])),
        st.builds(
            lambda s, x, y: of_two(COMPARISONS, s, x, y),
            st.sampled_from(sorted(COMPARISONS)),
            numbers,
            leaves,
        ),
        st.builds(
            lambda s, x, y: of_two(SIGNS, s, x, y), st.sampled_from("&|"), conditions, conditions
        ),
        conditions.map(lambda x: (f"!{x[0]}", lambda rows: ~x[1](rows))),
    )
)


@settings(max_examples=60, deadline=None)
@given(formula=st.one_of(numbers, conditions.map(as_number)))
def test_value_is_that_of_numpy(formula: Formula) -> None:
    text, compute = formula
    with np.errstate(all="ignore"):
        expected = np.float32(compute(ROWS))
    expected = np.where(np.isfinite(expected), expected, 0)
    np.testing.assert_allclose(values(f"{text} + 0 * a", **ROWS), expected, rtol=1e-6)


def test_division_by_zero_is_zero() -> None:
    np.testing.assert_array_equal(values("6 / a", a=np.array([0, 2])), [0, 3])
    np.testing.assert_array_equal(values("(6 / a) > 5", a=np.array([0, 1])), [0, 1])
    np.testing.assert_array_equal(values("a / a", a=np.array([0.0, -0.0, 4.0])), [0, 0, 1])


def test_value_that_is_no_finite_number_is_zero() -> None:
    found = values("log(a)", a=np.array([0.0, -1, 1, np.e]))
    np.testing.assert_allclose(found, [0, 0, 0, 1])
    np.testing.assert_array_equal(values("exp(a)", a=np.array([0.0, 100])), [1, 0])


def test_a_row_with_an_empty_text_is_zero_even_for_a_condition_that_holds_for_zero() -> None:
    found = values("a < 18", a=["", "3", "20"])
    np.testing.assert_array_equal(found, [0, 1, 0])


def test_integers_are_computed_with_as_64_bit_floats() -> None:
    found = values("a - 1600000000", a=np.array([1600000001, 1600000007]))
    np.testing.assert_array_equal(found, [1, 7])  # float32 would give 0 and 0


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_function_is_that_of_numpy(name: str) -> None:
    x = np.array([0.25, 0.5, 2.5])
    by_hand = {"asinh": np.arcsinh, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    expected = by_hand.get(name) or getattr(np, name)
    np.testing.assert_allclose(values(f"tf.math.{name}(a)", a=x), expected(x), rtol=1e-6)
    np.testing.assert_allclose(FUNCTIONS[name](tf.constant(x)), expected(x))


def test_features_stand_beside_others_as_one_number(look_up: Any) -> None:
    text = (
        "features { feature_name: 'e' input_names: ['a', 'b'] feature_type: ExprFeature"
        "           expression: '(a >= 18) & (b < 3)' }"
        "features { input_names: 'a' feature_type: RawFeature }"
    )
    found = look_up(text, {"a": np.array([17, 18, 19]), "b": np.array([1.0, 1.0, 3.0])})
    np.testing.assert_array_equal(found.groups["all"], [[0, 17], [1, 18], [0, 19]])
    assert found.tables == {}
