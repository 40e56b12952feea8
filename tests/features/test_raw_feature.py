"""RawFeature: numbers as they are, scaled, in buckets, or times a vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

RAW = "features { input_names: 'x' feature_type: RawFeature %s }"


def test_number_enters_as_it_is_whatever_its_type(look_up: Any) -> None:
    for column in (["1.5", "", "-2"], np.float32([1.5, 0, -2]), np.float64([1.5, 0, -2])):
        found = look_up(RAW % "", {"x": column})
        np.testing.assert_array_equal(found.groups["all"], [[1.5], [0], [-2]])
        assert (found.tables, found.squared_norm) == ({}, 0)
    found = look_up(RAW % "", {"x": np.array([3, -1], np.int64)})
    np.testing.assert_array_equal(found.groups["all"], [[3], [-1]])


def test_number_is_scaled_where_max_val_exceeds_min_val(encoded: Any) -> None:
    found = encoded(RAW % "min_val: 10 max_val: 20", {"x": np.float32([10, 15, 25, 0])})
    np.testing.assert_allclose(found["values"], [[0], [0.5], [1.5], [-1]])
    found = encoded(RAW % "min_val: 20 max_val: 20", {"x": np.float32([10])})
    np.testing.assert_allclose(found["values"], [[10]])


def test_large_integers_are_scaled_before_they_lose_digits(encoded: Any) -> None:
    # Neighbouring seconds, which float32 cannot tell apart: its step there is 128.
    text = RAW % "min_val: 1500000000 max_val: 1500000010"
    found = encoded(text, {"x": np.array([1500000001, 1500000002], np.int64)})
    np.testing.assert_allclose(found["values"], [[0.1], [0.2]], rtol=1e-6)


@pytest.mark.parametrize("column", [np.float64([2e38, 4e38]), ["2e38", "4e38"]])
def test_a_number_that_no_float32_holds_stops_unless_buckets_or_a_scale_take_it(
    encoded: Any, column: Any
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: column x must hold"):
        encoded(RAW % "", {"x": column})  # the largest float32 is 3.4e38
    found = encoded(RAW % "max_val: 1e39", {"x": column})
    np.testing.assert_allclose(found["values"], [[0.2], [0.4]], rtol=1e-6)
    found = encoded(RAW % "embedding_dim: 1 boundaries: [0, 1e30]", {"x": column})
    np.testing.assert_array_equal(found["ids"], [2, 2])


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "1e400", "0x10", "+2", "1_0", "much", "\uff11"]
)
@pytest.mark.parametrize("settings", ["", "embedding_dim: 1 boundaries: [0, 1]"])
def test_text_that_is_no_number_stops_with_feature_column_and_text(
    encoded: Any, text: str, settings: str
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        encoded(RAW % settings, {"x": ["1.5", text, ""]})
    assert "feature x: column x must hold finite numbers of at most 31 characters, got" in str(
        error.value
    )
    assert (
        text.encode().decode("latin-1") in str(error.value).replace("\\", "") or not text.isascii()
    )


@pytest.mark.versions
@pytest.mark.parametrize("text", ["1;2", "1|2", "0." + "1" * 30, "1e400"])
def test_text_is_judged_alike_whatever_stands_beside_it(encoded: Any, text: str) -> None:
    for beside in ("1.5", ""):
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            encoded(RAW % "", {"x": [beside, text]})
        assert "feature x: column x must hold finite numbers of at most 31 characters, got" in str(
            error.value
        )


@pytest.mark.parametrize("settings", ["", "embedding_dim: 1 boundaries: [0, 1]"])
def test_an_infinite_number_stops_with_feature_and_column(encoded: Any, settings: str) -> None:
    # No file holds one; a request to an exported model may.
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: column x must hold"):
        encoded(RAW % settings, {"x": np.float32([1, np.inf])})


def test_blanks_around_a_number_are_ignored_and_blanks_alone_are_missing(encoded: Any) -> None:
    found = encoded(RAW % "min_val: 1 max_val: 3", {"x": [" 2 ", "\t", "3", ""]})
    np.testing.assert_array_equal(found["values"], [[0.5], [0], [1], [0]])


NUMBERS = [
    np.float32([0, np.nan, 1]),
    np.float64([0, np.nan, 1]),
    np.array([0, np.iinfo(np.int64).min, 1], np.int64),
    np.array([0, np.iinfo(np.int32).min, 1], np.int32),
]


@pytest.mark.parametrize("column", NUMBERS)
def test_a_missing_number_is_0_before_scaling_and_buckets(encoded: Any, column: Any) -> None:
    found = encoded(RAW % "min_val: 2 max_val: 4", {"x": column})
    np.testing.assert_array_equal(found["values"], [[-1], [-1], [-0.5]])
    found = encoded(RAW % "embedding_dim: 1 boundaries: [0.5]", {"x": column})
    np.testing.assert_array_equal(found["ids"], [0, 0, 1])


@pytest.mark.parametrize("column", [*NUMBERS, ["0", "", "1"]])
class TestMissingIndicator:
    """A missing number is neither 0 nor any other."""

    def test_is_a_second_number(self, look_up: Any, column: Any) -> None:
        text = RAW % "min_val: 2 max_val: 4 missing_indicator: true"
        found = look_up(text, {"x": column})
        np.testing.assert_array_equal(found.groups["all"], [[-1, 0], [0, 1], [-0.5, 0]])

    def test_has_a_learned_vector_of_its_own(self, look_up: Any, column: Any) -> None:
        found = look_up(RAW % "embedding_dim: 2 missing_indicator: true", {"x": column})
        (table,) = found.tables.values()
        assert table.shape == (2, 2)
        np.testing.assert_allclose(found.groups["all"], [[0, 0], table[1], table[0]])

    def test_is_a_bucket_of_its_own(self, encoded: Any, column: Any) -> None:
        text = RAW % "embedding_dim: 1 boundaries: [0.5] missing_indicator: true"
        found = encoded(text, {"x": column})
        np.testing.assert_array_equal(found["ids"], [0, 2, 1])
        assert found["vocabulary"] == 3


def test_indicator_of_several_numbers_is_one_for_the_row(encoded: Any) -> None:
    text = RAW % "raw_input_dim: 2 missing_indicator: true"
    found = encoded(text, {"x": ["1|2", "", "0|0"]})
    np.testing.assert_array_equal(found["values"], [[1, 2, 0], [0, 0, 1], [0, 0, 0]])


def test_buckets_of_several_numbers_have_one_for_missing_each(encoded: Any) -> None:
    text = RAW % "raw_input_dim: 2 boundaries: 5 embedding_dim: 1 missing_indicator: true"
    found = encoded(text, {"x": ["1|7", ""]})
    np.testing.assert_array_equal(found["ids"], [0, 4, 2, 5])
    assert found["vocabulary"] == 6


def test_what_a_function_makes_nothing_finite_of_is_missing(encoded: Any) -> None:
    text = RAW % "normalizer_fn: 'log' missing_indicator: true"
    found = encoded(text, {"x": np.float32([1, 0])})
    np.testing.assert_array_equal(found["values"], [[0, 0], [0, 1]])
    found = encoded(f"{text[:-1]} raw_input_dim: 2 }}", {"x": ["1|0", "1|1", ""]})
    np.testing.assert_array_equal(found["values"], [[0, 0, 1], [0, 0, 0], [0, 0, 1]])


def test_a_list_of_one_number_is_that_number_and_an_empty_one_is_missing(encoded: Any) -> None:
    text = RAW % "min_val: 1 max_val: 5"
    found = encoded(text, {"x": [[3.0], []]})
    np.testing.assert_array_equal(found["values"], [[0.5], [0]])


def test_a_missing_number_among_those_of_a_list_stops(encoded: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="a list of column x must hold numb"):
        encoded(RAW % "raw_input_dim: 2", {"x": [[1.0, 2.0], [np.nan, 3.0]]})


def test_missing_text_is_zero_after_scaling(encoded: Any) -> None:
    found = encoded(RAW % "min_val: 10 max_val: 20", {"x": ["", "10"]})
    np.testing.assert_array_equal(found["values"], [[0], [0]])
    found = encoded(RAW % "min_val: 10 max_val: 20", {"x": np.float32([0])})
    np.testing.assert_array_equal(found["values"], [[-1]])  # a default 0 is a value


@pytest.mark.parametrize(
    "column", [["1|2|3", "", "4|5|-6"], [[1.0, 2.0, 3.0], [], [4.0, 5.0, -6.0]]]
)
def test_several_numbers_stand_side_by_side(encoded: Any, column: Any) -> None:
    found = encoded(RAW % "raw_input_dim: 3", {"x": column})
    np.testing.assert_array_equal(found["values"], [[1, 2, 3], [0, 0, 0], [4, 5, -6]])


@pytest.mark.parametrize("column", [["1|2|3", "4|5"], [[1.0, 2.0, 3.0], [4.0] * 4]])
def test_another_number_of_values_stops_with_the_feature(encoded: Any, column: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: raw_input_dim: 3, but"):
        encoded(RAW % "raw_input_dim: 3", {"x": column})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bucket_is_the_number_of_boundaries_that_do_not_exceed_the_value(
    encoded: Any, dtype: Any
) -> None:
    # 0.1 is no float32: the boundary has to be rounded as the column is.
    text = RAW % "embedding_dim: 2 boundaries: [0.1, 1, 5]"
    found = encoded(text, {"x": np.array([0.09, 0.1, 0.9, 1, 4.9, 5, 100, -3], dtype)})
    np.testing.assert_array_equal(found["ids"], [0, 1, 1, 2, 2, 3, 3, 0])
    assert found["vocabulary"] == 4


def test_scaling_comes_before_the_boundaries(encoded: Any) -> None:
    text = RAW % "embedding_dim: 2 min_val: 0 max_val: 10 boundaries: [0.25, 0.5]"
    found = encoded(text, {"x": np.float32([2, 2.5, 4, 5, 9])})
    np.testing.assert_array_equal(found["ids"], [0, 1, 1, 2, 2])


def test_num_buckets_are_of_equal_width_between_min_val_and_max_val(encoded: Any) -> None:
    text = RAW % "embedding_dim: 2 min_val: 0 max_val: 8 num_buckets: 4"
    found = encoded(text, {"x": np.float32([-1, 0, 1.9, 2, 4, 6, 8, 99])})
    np.testing.assert_array_equal(found["ids"], [0, 0, 0, 1, 2, 3, 3, 3])
    assert found["vocabulary"] == 4


def test_missing_text_has_no_bucket(look_up: Any, rows: Any) -> None:
    found = look_up(RAW % "embedding_dim: 2 boundaries: 1", {"x": ["0", "", "3"]})
    table = found.tables["embedding/all/x"]
    np.testing.assert_array_equal(found.groups["all"], rows(table, [0, -1, 1]))


def test_each_of_several_numbers_has_buckets_of_its_own_and_their_vectors_are_summed(
    look_up: Any,
) -> None:
    text = RAW % "embedding_dim: 2 raw_input_dim: 2 boundaries: [0, 10]"
    found = look_up(text, {"x": ["-5|20", "", "3|3"]})
    table = found.tables["embedding/all/x"]
    assert table.shape == (6, 2)
    expected = [table[0] + table[3 + 2], [0, 0], table[1] + table[3 + 1]]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6)


def test_embedding_dim_without_boundaries_is_the_number_times_a_learned_vector(
    look_up: Any,
) -> None:
    def loss(embedded: Any) -> Any:
        return tf.reduce_sum(embedded.groups["all"].matrix)

    text = RAW % "embedding_dim: 4 raw_input_dim: 2"
    found = look_up(text, {"x": ["2|-1", "", "0.5|3"]}, loss)
    table = found.tables["embedding/all/x"]
    numbers = np.array([[2, -1], [0, 0], [0.5, 3]])
    np.testing.assert_allclose(found.groups["all"], numbers @ table, rtol=1e-5, atol=1e-9)
    gradient = np.repeat(numbers.sum(axis=0)[:, None], 4, axis=1)  # d sum(x @ T) / dT
    np.testing.assert_allclose(found.gradients["embedding/all/x"], gradient, rtol=1e-6)


@pytest.mark.parametrize("name", ["log1p", "tf.math.log1p", "tf.log1p"])
def test_normalizer_is_applied_after_scaling_and_before_buckets(encoded: Any, name: str) -> None:
    text = RAW % f"min_val: 0 max_val: 2 normalizer_fn: '{name}'"
    found = encoded(text, {"x": np.float64([0, 2, 6])})
    np.testing.assert_allclose(found["values"][:, 0], np.log([1, 2, 4]), rtol=1e-6)
    found = encoded(text.replace("}", "boundaries: [0.5, 1] }"), {"x": np.float64([0, 2, 6])})
    np.testing.assert_array_equal(found["ids"], [0, 1, 2])  # log 2 = 0.69, log 4 = 1.39


def test_number_that_the_normalizer_makes_nothing_finite_of_is_missing(encoded: Any) -> None:
    text = RAW % "normalizer_fn: 'log'"
    columns = {"x": ["0", "-1", "", "1"]}
    np.testing.assert_array_equal(encoded(text, columns)["values"], [[0], [0], [0], [0]])
    found = encoded(text.replace("}", "boundaries: 0 }"), columns)
    np.testing.assert_array_equal(found["ids"], [-1, -1, -1, 1])
    text = RAW % "raw_input_dim: 2 normalizer_fn: 'sqrt'"
    np.testing.assert_array_equal(encoded(text, {"x": ["4|-4"]})["values"], [[2, 0]])
