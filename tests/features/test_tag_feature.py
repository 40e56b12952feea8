"""TagFeature: splitting, weights, pooling."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

TAGS = "features { input_names: 'x' feature_type: TagFeature embedding_dim: 3 num_buckets: 10 %s }"
WEIGHTED = TAGS.replace("'x'", "['x', 'w']")


def pooled(table: Any, ids: Any, weights: Any, combiner: str) -> Any:
    """One row, by the definition: sum(w e) / 1, sum(w) or sqrt(sum(w^2))."""
    if not ids:
        return np.zeros(table.shape[1])
    w = np.array(weights, np.float64)
    divisor = {"sum": 1.0, "mean": w.sum(), "sqrtn": np.sqrt((w**2).sum())}[combiner]
    return (table[np.array(ids)] * w[:, None]).sum(axis=0) / divisor


def test_text_is_split_at_each_of_a_set_of_characters_and_empty_pieces_are_skipped(
    encoded: Any,
) -> None:
    found = encoded(TAGS % "separator: '|;'", {"x": ["1|2;3", "", "|4||5;", ";|"]})
    np.testing.assert_array_equal(found["ids"], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(found["row"], [0, 0, 0, 2, 2])
    assert found["batch"] == 4


def test_hashed_pieces_have_the_hash_of_their_text(encoded: Any) -> None:
    text = (TAGS % "").replace("num_buckets: 10", "hash_bucket_size: 1000000007")
    as_text = encoded(text, {"x": ["0|-1|abc"]})["ids"]
    np.testing.assert_array_equal(as_text, [859788559, 813956939, 775161712])
    as_numbers = encoded(text, {"x": [[0, -1], []]})["ids"]
    np.testing.assert_array_equal(as_numbers, [859788559, 813956939])


def test_column_of_single_numbers_holds_bags_of_one(encoded: Any) -> None:
    found = encoded(TAGS % "", {"x": np.array([4, 7])})
    np.testing.assert_array_equal(found["ids"], [4, 7])
    np.testing.assert_array_equal(found["row"], [0, 1])


def test_weights_stand_behind_the_kv_separator(encoded: Any) -> None:
    found = encoded(TAGS % "kv_separator: ':'", {"x": ["1:0.5|2:2", "", "3:-1e1"]})
    np.testing.assert_array_equal(found["ids"], [1, 2, 3])
    np.testing.assert_array_equal(found["weights"], np.float32([0.5, 2, -10]))


@pytest.mark.parametrize("bad", ["3", "3:1:2", "3:1|4:1:1|5"])
def test_value_without_exactly_one_weight_stops_with_the_feature(encoded: Any, bad: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: each value must be id:w"):
        encoded(TAGS % "kv_separator: ':'", {"x": ["1:0.5", bad]})


@pytest.mark.parametrize(
    "columns",
    [
        {"x": ["1|2", "", "3"], "w": ["0.5|2", "", "7"]},
        {"x": [[1, 2], [], [3]], "w": [[0.5, 2.0], [], [7.0]]},
        {"x": [[1, 2], [], [3]], "w": ["0.5|2", "", "7"]},
    ],
)
def test_weights_stand_in_the_second_column(encoded: Any, columns: Dict[str, Any]) -> None:
    found = encoded(WEIGHTED % "", columns)
    np.testing.assert_array_equal(found["ids"], [1, 2, 3])
    np.testing.assert_array_equal(found["weights"], np.float32([0.5, 2, 7]))


@pytest.mark.parametrize(
    "columns",
    [
        {"x": ["1|2", "3"], "w": ["0.5", "1"]},
        {"x": ["1|2", "3"], "w": ["1", "1|1"]},  # as many in all, but not row by row
        {"x": [[1, 2], [3]], "w": [[0.5], [1.0]]},
    ],
)
def test_unequal_numbers_of_ids_and_weights_stop_with_the_feature(
    encoded: Any, columns: Dict[str, Any]
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"feature x: the columns x \(ids\)"):
        encoded(WEIGHTED % "", columns)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_combiners_follow_their_definition(look_up: Any, combiner: str) -> None:
    ids, weights = [[1, 2, 2], [], [3], [9, 1]], [[0.5, 2, 1], [], [3], [1, 4]]
    found = look_up(WEIGHTED % f"combiner: '{combiner}'", {"x": ids, "w": weights})
    table = found.tables["embedding/all/x"]
    expected = [pooled(table, i, w, combiner) for i, w in zip(ids, weights)]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_without_weights_each_id_weighs_one(look_up: Any, combiner: str) -> None:
    ids = [[1, 2, 2], [], [3]]
    found = look_up(TAGS % f"combiner: '{combiner}'", {"x": ids})
    table = found.tables["embedding/all/x"]
    expected = [pooled(table, i, np.ones(len(i)), combiner) for i in ids]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6, atol=1e-9)


def test_mean_leaves_out_missing_ids_and_weights_that_are_not_positive(look_up: Any) -> None:
    columns = {"x": [[1, -1, 2, 3], [4]], "w": [[1.0, 5.0, -2.0, 3.0], [0.0]]}
    found = look_up(WEIGHTED % "combiner: 'mean'", columns)
    table = found.tables["embedding/all/x"]
    expected = [pooled(table, [1, 3], [1, 3], "mean"), np.zeros(3)]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6, atol=1e-9)


def test_sum_takes_negative_weights_and_a_missing_id_adds_nothing(look_up: Any) -> None:
    found = look_up(WEIGHTED % "", {"x": [[1, -1, 2]], "w": [[1.0, 5.0, -2.0]]})
    table = found.tables["embedding/all/x"]
    expected = [table[1] - 2 * table[2]]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_gradient_of_a_bag_is_its_weights_and_finite_for_an_empty_bag(
    look_up: Any, combiner: str
) -> None:
    ids, weights = [[1, 2, 2], [], [2]], [[0.5, 2.0, 1.0], [], [3.0]]
    factors = np.array([1.0, 7.0, -2.0], np.float32)

    def loss(embedded: Any) -> Any:
        return tf.reduce_sum(embedded.groups["all"].matrix * factors[:, None])

    found = look_up(WEIGHTED % f"combiner: '{combiner}'", {"x": ids, "w": weights}, loss)
    divisors = {"sum": (1, 1), "mean": (3.5, 3), "sqrtn": (np.sqrt(0.25 + 4 + 1), 3)}[combiner]
    expected = np.zeros([10, 3])
    expected[1] = 0.5 / divisors[0]
    expected[2] = (2 + 1) / divisors[0] - 2 * 3 / divisors[1]
    np.testing.assert_allclose(found.gradients["embedding/all/x"], expected, rtol=1e-6)


def test_out_of_range_ids_of_a_bag_go_to_row_0_and_are_counted(look_up: Any) -> None:
    found = look_up(TAGS % "", {"x": ["1|10|-1", "", "-7"]})
    table = found.tables["embedding/all/x"]
    expected = [table[1] + table[0], np.zeros(3), table[0]]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-6, atol=1e-9)
    assert (found.out_of_range, found.ids_seen) == ({"x": 2}, {"x": 3})


def test_batch_of_empty_bags_is_all_zeros(look_up: Any) -> None:
    found = look_up(TAGS % "combiner: 'mean'", {"x": ["", ""]})
    np.testing.assert_array_equal(found.groups["all"], np.zeros([2, 3]))


def test_vocabulary_of_a_bag_skips_unknown_text_to_row_0(encoded: Any) -> None:
    text = (TAGS % "").replace("num_buckets: 10", "vocab_list: ['a', 'b']")
    found = encoded(text, {"x": ["b|c", "a"]})
    np.testing.assert_array_equal(found["ids"], [1, 0, 0])
    assert found["out_of_range"] == 1


def test_only_the_first_values_are_taken_with_their_weights(encoded: Any) -> None:
    found = encoded(TAGS % "max_seq_len: 2", {"x": ["1|2|3|4", "", "5"]})
    np.testing.assert_array_equal(found["ids"], [1, 2, 5])
    np.testing.assert_array_equal(found["row"], [0, 0, 2])
    columns = {"x": [[1, 2, 3], [4]], "w": [[0.5, 1.5, 9.0], [2.5]]}
    found = encoded(WEIGHTED % "max_seq_len: 2", columns)
    np.testing.assert_array_equal(found["weights"], np.float32([0.5, 1.5, 2.5]))
    found = encoded(TAGS % "max_seq_len: 1 kv_separator: ':'", {"x": ["1:0.5|2:2", "3:4"]})
    np.testing.assert_array_equal(found["weights"], np.float32([0.5, 4]))


def test_columns_of_unequal_length_are_refused_before_they_are_cut(encoded: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="must hold equally many values"):
        encoded(WEIGHTED % "max_seq_len: 1", {"x": ["1|2"], "w": ["0.5"]})


LOWEST = np.iinfo(np.int64).min


def test_a_missing_integer_is_no_tag(encoded: Any) -> None:
    found = encoded(TAGS % "", {"x": np.array([3, LOWEST, 4])})
    np.testing.assert_array_equal(found["ids"], [3, 4])
    np.testing.assert_array_equal(found["row"], [0, 2])


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_a_missing_integer_in_a_list_is_skipped_with_its_weight(
    look_up: Any, combiner: str
) -> None:
    columns = {"x": [[1, LOWEST, 3], [LOWEST]], "w": [[0.5, 7.0, 2.0], [1.0]]}
    found = look_up(WEIGHTED % f"combiner: '{combiner}'", columns)
    (table,) = found.tables.values()
    expected = [pooled(table, [1, 3], [0.5, 2.0], combiner), np.zeros(3)]
    np.testing.assert_allclose(found.groups["all"], expected, rtol=1e-5)


@pytest.mark.parametrize("weight", ["nan", "inf", "1e400", "1e39", "0x10", "+2", "much", ""])
@pytest.mark.parametrize("form", ["pairs", "column"])
def test_a_weight_that_is_no_number_stops(encoded: Any, weight: str, form: str) -> None:
    text, columns = TAGS % "kv_separator: ':'", {"x": ["1:2", f"3:{weight}"]}
    if form == "column":
        text, columns = WEIGHTED % "", {"x": ["1", "3"], "w": ["2", weight]}
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: "):
        encoded(text, columns)


def test_a_missing_weight_in_a_list_stops(encoded: Any) -> None:
    columns = {"x": [[1, 2]], "w": [[0.5, np.nan]]}
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: column w must hold a we"):
        encoded(WEIGHTED % "", columns)
