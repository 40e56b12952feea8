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


def test_integers_are_computed_with_beyond_what_float32_has() -> None:
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


BIG = np.array([2**53, 2**53 + 1, 2**63 - 1, -(2**53) - 1], np.int64)


@pytest.mark.parametrize("as_type", [lambda x: x, lambda x: x.astype(str)], ids=["INT64", "text"])
class TestWholeNumbersBeyondFloat64:
    """2^53 and 2^53 + 1 are one float64."""

    @pytest.mark.parametrize("sign", COMPARISONS)
    def test_are_compared_exactly(self, as_type: Any, sign: str) -> None:
        expected = [COMPARISONS[sign](int(x), 2**53 + 1) for x in BIG]
        found = values(f"a {sign} {2**53 + 1}", a=as_type(BIG))
        np.testing.assert_array_equal(found, expected)
        other = np.full(len(BIG), 2**53 + 1)
        np.testing.assert_array_equal(values(f"a {sign} b", a=as_type(BIG), b=other), expected)

    def test_are_added_and_multiplied_exactly(self, as_type: Any) -> None:
        np.testing.assert_array_equal(values("a - 9007199254740992", a=as_type(BIG[:2])), [0, 1])
        found = values("a * 512 == 4611686018427387904 - 512", a=as_type(BIG[1:2] - 2))
        np.testing.assert_array_equal(found, [1])

    @pytest.mark.parametrize(
        "text", ["a / 2", "a + 0.5", "a > 0.5", "log(a)", "a * a", "a + 9e18", "(a > 1) + a / 3"]
    )
    def test_stop_where_float64_would_round_them(self, as_type: Any, text: str) -> None:
        small = values(text, a=as_type(np.array([2**20, 2])))
        assert np.isfinite(small).all()
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            values(text, a=as_type(BIG[2:3]))
        assert "feature e: whole numbers beyond 2^53 must meet none but whole" in str(error.value)
        assert "9223372036854775807" in str(error.value)

    @pytest.mark.parametrize("text", ["a / 2", "a > 0.5", "a + 0.5 > 0", "log(abs(a))"])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_stop_from_the_first_one_on(self, as_type: Any, text: str, sign: int) -> None:
        last, first = (sign * np.array([2**53 + more], np.int64) for more in (0, 1))
        assert values(text, a=as_type(last)).shape == (1,)
        with pytest.raises(tf.errors.InvalidArgumentError, match="feature e: whole numbers beyond"):
            values(text, a=as_type(first))


def test_a_double_is_rounded_as_a_float() -> None:
    assert values("a / 2 ", a=np.float64([2**60]))[0] == 2**59


def test_text_of_some_whole_numbers_is_computed_with_row_by_row() -> None:
    text = ["1.5", "2", ".5", "-1e0", "9007199254740993"]
    np.testing.assert_array_equal(values("a > 1", a=text), [1, 1, 0, 0, 1])
    np.testing.assert_array_equal(values("a == 9007199254740992", a=text), [0] * 5)
    np.testing.assert_array_equal(values("a + 1", a=text[:4]), [2.5, 3, 1.5, 0])


def test_whole_text_beyond_64_bits_stops() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="18446744073709551615"):
        values("a > 1", a=["18446744073709551615"])


@pytest.mark.parametrize("text", ["nan", "inf", "0x10", "+2", "much"])
def test_text_that_is_no_number_stops(text: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature e: column a must hold"):
        values("a > 1", a=["1", text])


def test_an_infinite_operand_stops() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature e: column a must hold"):
        values("a > 1", a=np.float32([1, np.inf]))


@pytest.mark.parametrize(
    "column", [np.float32([20, np.nan]), np.array([20, np.iinfo(np.int64).min], np.int64)]
)
def test_a_missing_number_is_0_in_the_expression(column: Any) -> None:
    np.testing.assert_array_equal(values("a < 18", a=column), [0, 1])


@pytest.mark.parametrize(
    "column",
    [np.float32([20, 0, np.nan]), np.array([20, 0, np.iinfo(np.int64).min]), ["20", "0", ""]],
)
def test_missing_indicator_is_1_where_an_operand_is_missing(column: Any) -> None:
    feature = FeatureConfig(
        feature_name="e", input_names=["a", "b"], expression="a < 18 + b", missing_indicator=True
    )
    b = np.float64([1, 1, 1])
    encoded = encode_expr(feature, {"a": tf.constant(column), "b": tf.constant(b)})
    np.testing.assert_array_equal(encoded.values, [[0, 0], [1, 0], [0, 1]])
    assert encoded.count == 2
