"""Groups, tables, sharing, gradients and first values."""

from __future__ import annotations

import math
from typing import Any, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import embed
from tests.features.looking_up import config_of, matrices, tensors

MIXED = """
features { input_names: 'user' embedding_dim: 4 num_buckets: 10 }
features { input_names: 'item' embedding_dim: 4 num_buckets: 20 }
features { input_names: 'price' feature_type: RawFeature }
features { input_names: 'tags' feature_type: TagFeature embedding_dim: 3 num_buckets: 5 }
features { input_names: 'slot' embedding_dim: 2 num_buckets: 6 }
features { input_names: 'unused' embedding_dim: 2 num_buckets: 6 }
feature_groups { group_name: 'first' feature_names: ['item', 'user', 'price', 'tags', 'slot'] }
feature_groups { group_name: 'second' feature_names: ['user'] }
"""
COLUMNS = {
    "user": np.array([1, 9, 1, -1]),
    "item": np.array([3, 3, 19, 0]),
    "price": np.float32([0.5, -2, 7, 0]),
    "tags": ["1|2", "", "2", "4|4"],
    "slot": np.array([5, 0, -1, 5]),
}


def variable_names(text: str, columns: Any) -> List[str]:
    with tf.Graph().as_default():
        embed(config_of(text), tensors(columns))
        return [variable.op.name for variable in v1.trainable_variables()]


def test_columns_of_a_group_stand_in_the_order_of_the_group(look_up: Any, rows: Any) -> None:
    found = look_up(MIXED, COLUMNS)
    tables = found.tables
    tags = tables["embedding/first/tags"]
    expected = np.concatenate(
        [
            rows(tables["embedding/first/item"], COLUMNS["item"]),
            rows(tables["embedding/first/user"], COLUMNS["user"]),
            COLUMNS["price"][:, None],
            np.stack([tags[1] + tags[2], np.zeros(3), tags[2], 2 * tags[4]]),
            rows(tables["embedding/first/slot"], COLUMNS["slot"]),
        ],
        axis=1,
    )
    np.testing.assert_allclose(found.groups["first"], expected, rtol=1e-6, atol=1e-9)
    second = rows(tables["embedding/second/user"], COLUMNS["user"])
    np.testing.assert_allclose(found.groups["second"], second, rtol=1e-6)
    assert list(found.groups) == ["first", "second"]


def test_widths_are_known_before_the_first_batch() -> None:
    with tf.Graph().as_default():
        columns = {name: v1.placeholder(t.dtype, [None]) for name, t in tensors(COLUMNS).items()}
        groups = matrices(embed(config_of(MIXED), columns))
        assert [group.shape.as_list() for group in groups.values()] == [[None, 14], [None, 4]]


def test_feature_in_two_groups_has_two_tables_and_an_unused_one_has_none() -> None:
    assert variable_names(MIXED, COLUMNS) == [
        "embedding/first/item",
        "embedding/first/user",
        "embedding/first/tags",
        "embedding/first/slot",
        "embedding/second/user",
    ]


def test_names_that_tensorflow_refuses_are_written_with_their_codes() -> None:
    text = """features { input_names: 'prix €/kg' embedding_dim: 2 num_buckets: 3 }
    feature_groups { group_name: 'a b' feature_names: 'prix €/kg' }"""
    names = variable_names(text, {"prix €/kg": np.array([1])})
    assert names == ["embedding/a_x20_b/prix_x20__x20ac__x2f_kg"]


SHARED = """
features { input_names: 'a' embedding_dim: 2 num_buckets: 8 embedding_name: 'item' }
features { input_names: 'b' embedding_dim: 2 num_buckets: 8 embedding_name: 'item'
           feature_type: TagFeature }
feature_groups { group_name: 'one' feature_names: ['a', 'b'] }
feature_groups { group_name: 'two' feature_names: 'a' }
"""


def test_shared_table_is_one_and_its_gradient_is_the_sum_over_features(look_up: Any) -> None:
    def loss(embedded: Any) -> Any:
        one, two = (embedded.groups[name].matrix for name in ("one", "two"))
        return tf.reduce_sum(one[:, :2]) + 10 * tf.reduce_sum(one[:, 2:]) + 100 * tf.reduce_sum(two)

    found = look_up(SHARED, {"a": np.array([3, 3, -1]), "b": ["3|5", "5", "1"]}, loss)
    assert list(found.tables) == ["shared_embedding/item"]
    expected = np.zeros([8, 2])
    expected[3] = 2 * 1 + 10 + 2 * 100  # twice in `a` of both groups, once in `b`
    expected[5] = 2 * 10
    expected[1] = 10
    np.testing.assert_allclose(found.gradients["shared_embedding/item"], expected)


def test_gradient_adds_up_over_repeated_ids_and_is_zero_for_missing_ones(look_up: Any) -> None:
    ids = np.array([2, 7, 2, -1, 2, 7])
    weights = np.arange(6 * 4, dtype=np.float32).reshape(6, 4)

    def loss(embedded: Any) -> Any:
        return tf.reduce_sum(embedded.groups["all"].matrix * weights)

    text = """
    features { input_names: 'a' embedding_dim: 2 num_buckets: 9 }
    features { input_names: 'b' embedding_dim: 2 num_buckets: 9 }"""
    found = look_up(text, {"a": ids, "b": ids[::-1].copy()}, loss)
    for name, column, part in (("a", ids, weights[:, :2]), ("b", ids[::-1], weights[:, 2:])):
        expected = np.zeros([9, 2])
        for i, row in zip(column, part):
            if i >= 0:
                expected[i] += row
        np.testing.assert_allclose(found.gradients[f"embedding/all/{name}"], expected)


def test_squared_norm_is_over_looked_up_vectors_and_not_over_plain_numbers(look_up: Any) -> None:
    found = look_up(MIXED, COLUMNS)
    first, second = found.groups["first"].astype(np.float64), found.groups["second"]
    expected = (np.delete(first, 8, axis=1) ** 2).sum() + (second.astype(np.float64) ** 2).sum()
    np.testing.assert_allclose(found.squared_norm, expected, rtol=1e-6)


def test_permuting_the_batch_permutes_the_vectors(look_up: Any) -> None:
    order = [2, 0, 3, 1]
    permuted = {name: np.array(column)[order] for name, column in COLUMNS.items()}
    one, two = look_up(MIXED, COLUMNS), look_up(MIXED, permuted)
    np.testing.assert_array_equal(two.groups["first"], one.groups["first"][order])


def test_tables_start_as_a_narrow_truncated_normal(look_up: Any) -> None:
    text = "features { input_names: 'a' embedding_dim: 16 num_buckets: 20000 }"
    table = look_up(text, {"a": np.array([1])}).tables["embedding/all/a"]
    deviation = 0.01 / math.sqrt(16)
    # Cut off at two deviations, a normal keeps 0.8796 of its deviation; 320,000 draws.
    np.testing.assert_allclose(table.std(), 0.8796 * deviation, rtol=0.01)
    assert abs(table.mean()) < 4 * deviation / math.sqrt(table.size)
    assert np.abs(table).max() <= 2 * deviation * (1 + 1e-6)


def test_first_values_depend_on_the_seed_and_the_name_only(look_up: Any) -> None:
    a = "features { input_names: 'a' embedding_dim: 4 num_buckets: 50 }"
    b = a.replace("'a'", "'b'")
    columns = {"a": np.array([1]), "b": np.array([1])}
    alone, beside = look_up(a, columns).tables, look_up(b + a, columns).tables
    np.testing.assert_array_equal(alone["embedding/all/a"], beside["embedding/all/a"])
    assert np.abs(beside["embedding/all/a"] - beside["embedding/all/b"]).max() > 1e-3
    other = look_up(a, columns, seed=2).tables
    assert np.abs(alone["embedding/all/a"] - other["embedding/all/a"]).max() > 1e-3


@pytest.mark.parametrize(
    ("initializer", "mean", "deviation"),
    [
        ("random_normal_initializer { mean: 2 stddev: 0.5 }", 2, 0.5),
        ("truncated_normal_initializer { mean: -1 stddev: 0.5 }", -1, 0.8796 * 0.5),
        ("glorot_normal_initializer {}", 0, math.sqrt(2 / (20000 + 8))),
        ("constant_initializer { consts: 0.25 }", 0.25, 0),
    ],
)
def test_initializer_of_the_config_is_used(
    look_up: Any, initializer: str, mean: float, deviation: float
) -> None:
    text = f"""features {{ input_names: 'a' embedding_dim: 8 num_buckets: 20000
    initializer {{ {initializer} }} }}"""
    table = look_up(text, {"a": np.array([1])}).tables["embedding/all/a"]
    np.testing.assert_allclose(table.std(), deviation, rtol=0.01)
    np.testing.assert_allclose(table.mean(), mean, atol=4 * deviation / math.sqrt(table.size))


def test_constant_initializer_may_give_every_row_the_same_vector(look_up: Any) -> None:
    text = """features { input_names: 'a' embedding_dim: 3 num_buckets: 2
    initializer { constant_initializer { consts: [1, 2, 3] } } }"""
    found = look_up(text, {"a": np.array([1])})
    np.testing.assert_array_equal(found.tables["embedding/all/a"], [[1, 2, 3], [1, 2, 3]])


def test_an_indicator_of_missing_numbers_has_a_weight_of_its_own_in_a_wide_group(
    look_up: Any,
) -> None:
    text = """
      features { input_names: 'price' feature_type: RawFeature missing_indicator: true }
      feature_groups { group_name: 'wide' feature_names: 'price' wide_deep: WIDE }
      feature_groups { group_name: 'deep' feature_names: 'price' }
      deepfm { wide_output_dim: 1 }
    """
    found = look_up(text, {"price": np.float32([np.nan, 0, 2])})
    table = found.tables["embedding/wide/price"]
    np.testing.assert_allclose(found.groups["wide"], [table[1], [0], 2 * table[0]], rtol=1e-6)
    np.testing.assert_array_equal(found.groups["deep"], [[0, 1], [0, 0], [2, 0]])


def test_a_wide_group_has_tables_of_its_own_with_the_columns_of_the_wide_part(
    look_up: Any, rows: Any
) -> None:
    text = """
      features { input_names: 'user' embedding_dim: 4 num_buckets: 10 }
      features { input_names: 'tags' feature_type: TagFeature num_buckets: 5 }
      features { input_names: 'price' feature_type: RawFeature }
      features { input_names: 'item' embedding_dim: 4 num_buckets: 20 embedding_name: 'same' }
      feature_groups { group_name: 'wide' feature_names: ['user', 'tags', 'price', 'item']
        wide_deep: WIDE }
      feature_groups { group_name: 'deep' feature_names: ['user', 'item'] }
      deepfm { wide_output_dim: 2 }
    """
    found = look_up(text, COLUMNS)
    shapes = {name: table.shape for name, table in found.tables.items()}
    assert shapes == {
        "embedding/wide/user": (10, 2),
        "embedding/wide/tags": (5, 2),
        "embedding/wide/price": (1, 2),
        "shared_embedding/same_wide": (20, 2),
        "embedding/deep/user": (10, 4),
        "shared_embedding/same": (20, 4),
    }
    tags = found.tables["embedding/wide/tags"]
    expected = np.concatenate(
        [
            rows(found.tables["embedding/wide/user"], COLUMNS["user"]),
            np.stack([tags[1] + tags[2], np.zeros(2), tags[2], 2 * tags[4]]),
            COLUMNS["price"][:, None] * found.tables["embedding/wide/price"],
            rows(found.tables["shared_embedding/same_wide"], COLUMNS["item"]),
        ],
        axis=1,
    )
    np.testing.assert_allclose(found.groups["wide"], expected, rtol=1e-6, atol=1e-9)
