"""SequenceFeature: elements, masks, tables and gradients of ids and numbers in their order."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import embed
from easy_esmm.features.table_ids import table_ids
from tests.features.looking_up import config_of, tensors

HISTORY = """
features { input_names: 'past' feature_type: SequenceFeature embedding_name: 'item' embedding_dim: 2
           num_buckets: 10 max_seq_len: 3 }
features { input_names: 'item' embedding_name: 'item' embedding_dim: 2 num_buckets: 10 }
"""
BESIDE = HISTORY + "feature_groups { group_name: 'all' feature_names: ['past', 'item'] }"
ALONE = HISTORY + "feature_groups { group_name: 'all' feature_names: 'past' }"
PAST = ["", "7", "1|2|3|4|5"]  # empty, one long, and cut off at three
KEPT = [[-1, -1, -1], [7, -1, -1], [1, 2, 3]]
MASK = [[False] * 3, [True, False, False], [True] * 3]
ITEM = np.array([7, 4, 1])


def looked_up(text: str, columns: Mapping[str, Any], *of_users: str) -> Dict[str, Any]:
    """The group's arrays, the table, and the gradient of sum(time^2 x values) + sum(matrix)."""
    with tf.Graph().as_default(), v1.Session() as session:
        config = config_of(text)
        config.data_config.user_rows.columns.extend(of_users)
        embedded = embed(config, tensors(columns))
        group = embedded.groups["all"]
        past = group.sequences["past"]
        assert past.values.shape[2] == 2
        factors = tf.square(tf.range(1.0, 1 + tf.cast(tf.shape(past.values)[1], tf.float32)))
        loss = tf.reduce_sum(past.values * factors[:, tf.newaxis]) + tf.reduce_sum(group.matrix)
        (table,) = embedded.tables
        gradient = tf.scatter_nd(
            table.ids[:, tf.newaxis],
            tf.gradients(loss, table.rows)[0],
            tf.shape(table.table, out_type=tf.int64),
        )
        (read,) = table_ids(embedded).values()
        counts = tf.math.bincount(
            tf.cast(tf.boolean_mask(read.ids, read.ids >= 0), tf.int32),
            weights=tf.boolean_mask(read.times, read.ids >= 0),
        )
        session.run(v1.global_variables_initializer())
        return dict(
            session.run(
                {
                    "values": past.values,
                    "mask": past.mask,
                    "matrix": group.matrix,
                    "table": table.table.read_value(),
                    "gradient": gradient,
                    "squared_norm": embedded.squared_norm,
                    "ids_seen": embedded.ids_seen["past"],
                    "counts": counts,
                }
            ),
            widths=group.widths,
        )


def sequence(settings: str, column: Any, of_users: Any = None) -> Dict[str, Any]:
    """Values, mask, table and gradient of sum(place x values) of one sequence feature."""
    text = f"features {{ input_names: 'x' feature_type: SequenceFeature {settings} }}"
    columns = {"x": column}
    with tf.Graph().as_default(), v1.Session() as session:
        config = config_of(text)
        if of_users is not None:
            columns["user_row"] = of_users
            config.data_config.user_rows.columns.append("x")
        embedded = embed(config, tensors(columns))
        found = embedded.groups["all"].sequences["x"]
        places = tf.range(1.0, 1 + tf.cast(tf.shape(found.values)[1], tf.float32))
        loss = tf.reduce_sum(found.values * places[:, tf.newaxis])
        fetched = {"values": found.values, "mask": found.mask, "out": dict(embedded.out_of_range)}
        for table in embedded.tables:
            fetched["table"] = table.table.read_value()
            fetched["gradient"] = tf.scatter_nd(
                table.ids[:, tf.newaxis],
                tf.gradients(loss, table.rows)[0],
                tf.shape(table.table, out_type=tf.int64),
            )
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        return dict(session.run(fetched))


def vectors(table: Any, ids: Any) -> Any:
    return np.where(np.array(ids)[..., None] < 0, 0, table[np.array(ids)])


def test_values_and_masks_of_an_empty_a_one_long_and_a_cut_off_history() -> None:
    found = looked_up(BESIDE, {"past": PAST, "item": ITEM})
    np.testing.assert_array_equal(found["values"], vectors(found["table"], KEPT))
    np.testing.assert_array_equal(found["mask"], MASK)
    # The sequence is no part of the matrix.
    np.testing.assert_array_equal(found["matrix"], found["table"][ITEM])
    assert found["widths"] == {"item": 2}
    assert found["ids_seen"] == 4


def test_sequence_is_as_long_as_the_longest_of_the_batch_and_has_at_least_one_place() -> None:
    found = looked_up(BESIDE, {"past": ["3", "8|9"], "item": ITEM[:2]})
    np.testing.assert_array_equal(found["values"], vectors(found["table"], [[3, -1], [8, 9]]))
    empty = looked_up(BESIDE, {"past": ["", ""], "item": ITEM[:2]})
    np.testing.assert_array_equal(empty["values"], np.zeros([2, 1, 2]))
    np.testing.assert_array_equal(empty["mask"], [[False], [False]])


def test_group_of_sequences_alone_has_a_matrix_without_columns() -> None:
    found = looked_up(ALONE, {"past": PAST, "item": ITEM})
    assert (found["matrix"].shape, found["widths"]) == ((3, 0), {})
    np.testing.assert_array_equal(found["values"], vectors(found["table"], KEPT))


def test_gradient_and_squared_norm_are_those_of_all_elements() -> None:
    found = looked_up(BESIDE, {"past": PAST, "item": ITEM})
    expected = np.zeros([10, 2])
    for row in KEPT:
        for time, item in enumerate(row, 1):
            if item >= 0:
                expected[item] += time**2
    expected[ITEM] += 1
    np.testing.assert_allclose(found["gradient"], expected, rtol=1e-6)
    norm = np.square(found["values"]).sum() + np.square(found["matrix"]).sum()
    np.testing.assert_allclose(found["squared_norm"], norm, rtol=1e-6)


def test_a_users_history_is_that_of_each_of_its_rows() -> None:
    index = np.array([2, 2, 0, 1], np.int32)
    item = np.array([1, 2, 3, 4])
    flat = looked_up(BESIDE, {"past": [PAST[i] for i in index], "item": item})
    grouped = looked_up(BESIDE, {"past": PAST, "item": item, "user_row": index}, "past")
    assert (grouped.pop("ids_seen"), flat.pop("ids_seen")) == (4, 7)  # once a user, once a row
    assert grouped.pop("widths") == flat.pop("widths")
    for name, value in flat.items():
        np.testing.assert_allclose(grouped[name], value, rtol=1e-6, err_msg=name)


def ids(settings: str, column: Any, encoded: Any) -> Any:
    of_sequence = f"feature_type: SequenceFeature embedding_dim: 2 {settings}"
    return encoded(f"features {{ input_names: 'x' {of_sequence} }}", {"x": column})["ids"]


def test_empty_elements_are_hashed_and_an_empty_cell_has_none(encoded: Any) -> None:
    found = ids("hash_bucket_size: 1000000007", ["abc||0", "|", ""], encoded)
    empty, abc, zero = 912170738, 775161712, 859788559
    np.testing.assert_array_equal(found, [[abc, empty, zero], [empty, empty, -1], [-1, -1, -1]])


def test_separator_is_one_text_and_not_a_set_of_characters(encoded: Any) -> None:
    found = ids("vocab_list: ['a', 'b', 'a;b'] separator: ';;'", ["a;;b", "a;b"], encoded)
    np.testing.assert_array_equal(found, [[0, 1], [2, -1]])


def test_foreign_text_is_a_separator_and_an_element(encoded: Any) -> None:
    found = ids("vocab_list: ['猫', 'é'] separator: '、'", ["é、猫"], encoded)
    np.testing.assert_array_equal(found, [[1, 0]])


def test_empty_element_is_unknown_to_a_vocabulary_and_no_row_number() -> None:
    found = sequence("embedding_dim: 2 vocab_list: ['a', 'b']", ["b||c", "a"])
    np.testing.assert_array_equal(
        found["values"], vectors(found["table"], [[1, 0, 0], [0, -1, -1]])
    )
    assert found["out"] == {"x": 2}
    found = sequence("embedding_dim: 2 num_buckets: 3", ["2||-1|7"])
    np.testing.assert_array_equal(found["values"], vectors(found["table"], [[2, -1, -1, 0]]))
    np.testing.assert_array_equal(found["mask"], [[True] * 4])
    assert found["out"] == {"x": 1}


def test_lists_are_taken_as_they_are(encoded: Any) -> None:
    texts = ids("hash_bucket_size: 1000000007", [["abc", ""], [""]], encoded)
    np.testing.assert_array_equal(texts, [[775161712, 912170738], [912170738, -1]])
    numbers = ids("num_buckets: 9 max_seq_len: 2", [[3, 4, 5], [8]], encoded)
    np.testing.assert_array_equal(numbers, [[3, 4], [8, -1]])
    single = ids("num_buckets: 9", np.array([3, -1], np.int64), encoded)
    np.testing.assert_array_equal(single, [[3], [-1]])


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ("", 4),
        ("max_seq_len: 3", 3),
        ("sequence_length: 2", 2),
        ("max_seq_len: 3 sequence_length: 2", 2),
        ("max_seq_len: 3 sequence_length: 1", 3),
    ],
)
def test_the_first_elements_are_kept(limits: str, kept: int, encoded: Any) -> None:
    found = ids(f"num_buckets: 9 {limits}", ["1|2|3|4"], encoded)
    np.testing.assert_array_equal(found, [[1, 2, 3, 4][:kept]])


@pytest.mark.parametrize(
    ("combiner", "power"), [("sum", 0.0), ("mean", 1.0), ("sqrtn", 0.5)], ids=str
)
def test_lists_inside_an_element_are_combined(combiner: str, power: float) -> None:
    settings = f"embedding_dim: 2 num_buckets: 9 seq_multi_sep: ':' combiner: '{combiner}'"
    found = sequence(settings, ["1:2|3", "", "4:4:5||7"])
    table = found["table"]
    rows = [[[1, 2], [3], []], [[], [], []], [[4, 4, 5], [], [7]]]
    expected = np.array(
        [[table[one].sum(0) / max(1, len(one)) ** power for one in row] for row in rows]
    )
    np.testing.assert_allclose(found["values"], expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(
        found["mask"], [[True, True, False], [False] * 3, [True, True, True]]
    )
    gradient = np.zeros([9, 2])
    for row in rows:
        for place, one in enumerate(row, 1):
            for i in one:
                gradient[i] += place / len(one) ** power
    np.testing.assert_allclose(found["gradient"], gradient, rtol=1e-6)


RAW = "sub_feature_type: RawFeature"


def test_numbers_are_scaled_and_stand_as_they_are() -> None:
    found = sequence(f"{RAW} min_val: 2 max_val: 6", ["4||6", "", "2"])
    np.testing.assert_allclose(
        found["values"], [[[0.5], [0], [1]], [[0]] * 3, [[0]] * 3], rtol=1e-6
    )
    np.testing.assert_array_equal(found["mask"], [[True] * 3, [False] * 3, [True, False, False]])


def test_numbers_of_lists_are_read_and_null_like_ones_are_missing() -> None:
    found = sequence(RAW, [[1.5, float("nan")], [-2.0]])
    np.testing.assert_allclose(found["values"], [[[1.5], [0]], [[-2], [0]]])
    # Through float64: in float32 the last digits of a time would be lost.
    times = sequence(f"{RAW} min_val: 1700000000 max_val: 1700000010", [[1700000001]])
    np.testing.assert_allclose(times["values"], [[[0.1]]], rtol=1e-6)


def test_numbers_times_a_learned_vector() -> None:
    found = sequence(f"{RAW} embedding_dim: 2", ["2|-3", "4"])
    (vector,) = found["table"]
    expected = np.array([[2 * vector, -3 * vector], [4 * vector, 0 * vector]])
    np.testing.assert_allclose(found["values"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["gradient"], [[2 - 3 * 2 + 4] * 2], rtol=1e-6)


@pytest.mark.parametrize(
    "buckets", ["boundaries: [1, 2]", "num_buckets: 3 min_val: 0 max_val: 3"], ids=str
)
def test_numbers_in_buckets(buckets: str) -> None:
    found = sequence(f"{RAW} embedding_dim: 2 {buckets}", ["0.5||1|2.5", ""])
    expected = vectors(found["table"], [[0, -1, 1, 2], [-1] * 4])
    np.testing.assert_array_equal(found["values"], expected)
    np.testing.assert_array_equal(found["mask"], [[True] * 4, [False] * 4])


@pytest.mark.parametrize(
    ("separators", "column"),
    [
        ("", ["1|10|2|20|3|30", "", "4|40"]),
        ("seq_multi_sep: ':'", ["1:10|2:20|3:30", "", "4:40"]),
        ("", [[1, 10, 2, 20, 3, 30], [], [4, 40]]),
    ],
    ids=["flat", "nested", "list"],
)
def test_elements_of_several_numbers(separators: str, column: Any) -> None:
    settings = f"{RAW} raw_input_dim: 2 max_seq_len: 2 {separators}"
    plain = sequence(settings, column)
    np.testing.assert_array_equal(
        plain["values"], [[[1, 10], [2, 20]], [[0, 0]] * 2, [[4, 40], [0, 0]]]
    )
    np.testing.assert_array_equal(plain["mask"], [[True] * 2, [False] * 2, [True, False]])
    embedded = sequence(f"{settings} embedding_dim: 2", column)
    np.testing.assert_allclose(
        embedded["values"], plain["values"] @ embedded["table"], rtol=1e-5, atol=1e-7
    )
    buckets = sequence(f"{settings} embedding_dim: 2 boundaries: [2, 20]", column)
    table = buckets["table"]  # three rows of each number
    expected = np.zeros([3, 2, 2])
    expected[0] = table[0] + table[4], table[1] + table[5]
    expected[2, 0] = table[1] + table[5]
    np.testing.assert_allclose(buckets["values"], expected, rtol=1e-6)


def test_empty_element_of_several_numbers_is_zero() -> None:
    found = sequence(f"{RAW} raw_input_dim: 2 seq_multi_sep: ':'", ["1:10||2:"])
    np.testing.assert_array_equal(found["values"], [[[1, 10], [0, 0], [2, 0]]])


@pytest.mark.parametrize(
    ("combiner", "divisors"), [("sum", (1, 1)), ("mean", (2, 1)), ("sqrtn", (2**0.5, 1))], ids=str
)
def test_lists_of_numbers_inside_an_element_are_combined(combiner: str, divisors: Any) -> None:
    settings = f"{RAW} seq_multi_sep: ':' combiner: '{combiner}'"
    found = sequence(settings, ["1:3||5", ""])
    expected = [[[4 / divisors[0]], [0], [5 / divisors[1]]], [[0]] * 3]
    np.testing.assert_allclose(found["values"], expected, rtol=1e-6)
    bucket = sequence(f"{settings} boundaries: [2] embedding_dim: 2", ["1:3||5", ""])
    table = bucket["table"]
    expected = np.zeros([2, 3, 2])
    expected[0, 0], expected[0, 2] = (table[0] + table[1]) / divisors[0], table[1]
    np.testing.assert_allclose(bucket["values"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("column", "separators"), [(["1|2|3"], ""), (["1:2:3"], "seq_multi_sep: ':'")], ids=str
)
def test_wrong_number_of_numbers_names_the_feature(column: Any, separators: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"feature x: raw_input_dim: 2, but"):
        sequence(f"{RAW} raw_input_dim: 2 {separators}", column)


@pytest.mark.parametrize(
    "settings",
    [
        "embedding_dim: 2 num_buckets: 9",
        "embedding_dim: 2 num_buckets: 9 seq_multi_sep: ':'",
        RAW,
        f"{RAW} embedding_dim: 2",
        f"{RAW} embedding_dim: 2 boundaries: [2, 4]",
        f"{RAW} seq_multi_sep: ':'",
    ],
    ids=str,
)
def test_histories_of_users_are_those_of_their_rows(settings: str) -> None:
    of_users = ["", "1|5|3", "7"]
    index = np.array([1, 1, 0, 2, 1], np.int32)
    flat = sequence(settings, [of_users[i] for i in index])
    grouped = sequence(settings, of_users, index)
    for name in ("values", "mask", "table", "gradient"):
        if name in flat:
            np.testing.assert_allclose(grouped[name], flat[name], rtol=1e-6, err_msg=name)


LOWEST = np.iinfo(np.int64).min


def test_a_missing_integer_in_a_history_is_an_element_without_a_row_number() -> None:
    found = looked_up(ALONE, {"past": [[4, LOWEST, 2], [LOWEST], []], "item": ITEM})
    np.testing.assert_array_equal(found["mask"], [[True] * 3, [True, False, False], [False] * 3])
    expected = vectors(found["table"], [[4, -1, 2], [-1] * 3, [-1] * 3])
    np.testing.assert_array_equal(found["values"], expected)


def test_a_missing_integer_in_a_history_that_is_hashed_is_as_an_empty_text() -> None:
    settings = "embedding_dim: 2 hash_bucket_size: 50"
    integers = sequence(settings, [[4, LOWEST], [2]])
    texts = sequence(settings, [["4", ""], ["2"]])
    np.testing.assert_array_equal(integers["values"], texts["values"])


def test_a_column_of_single_integers_is_a_history_of_one_or_of_none() -> None:
    single = looked_up(ALONE, {"past": np.array([4, LOWEST]), "item": ITEM[:2]})
    np.testing.assert_array_equal(single["mask"], [[True], [False]])
