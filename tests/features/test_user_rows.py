"""Columns that stand once a user give what they would give in every row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import features

TEXT = """
features { input_names: 'item' embedding_dim: 4 num_buckets: 9 }
features { input_names: 'price' feature_type: RawFeature }
features { input_names: 'shown' feature_type: TagFeature embedding_name: 's' embedding_dim: 4 num_buckets: 9 }
features { input_names: 'last' embedding_name: 's' embedding_dim: 4 num_buckets: 9 }
features { input_names: 'user' embedding_dim: 4 num_buckets: 6 }
features { input_names: 'city' embedding_dim: 3 vocab_list: ['a', 'b'] }
features { input_names: 'age' feature_type: RawFeature }
features { feature_name: 'vector' input_names: 'vector' feature_type: RawFeature raw_input_dim: 2 embedding_dim: 3 }
features { feature_name: 'bucket' input_names: 'age' feature_type: RawFeature boundaries: [1, 2] embedding_dim: 4 }
features { feature_name: 'age_or_none' input_names: 'age' feature_type: RawFeature missing_indicator: true }
features { feature_name: 'age_band' input_names: 'age' feature_type: RawFeature boundaries: 1 embedding_dim: 4 missing_indicator: true }
features { feature_name: 'past' input_names: ['past', 'past_weight'] feature_type: TagFeature embedding_name: 's' embedding_dim: 4 num_buckets: 9 }
features { feature_name: 'mean' input_names: 'past' feature_type: TagFeature combiner: 'mean' embedding_dim: 2 num_buckets: 9 }
features { feature_name: 'root' input_names: ['past', 'past_weight'] feature_type: TagFeature combiner: 'sqrtn' embedding_dim: 2 num_buckets: 7 }
feature_groups {
  group_name: 'all'
  feature_names: ['item', 'user', 'price', 'past', 'shown', 'last', 'city', 'age', 'vector', 'bucket', 'age_or_none', 'age_band', 'mean', 'root']
}
feature_groups { group_name: 'second' feature_names: ['user', 'past', 'item'] }
"""  # noqa: E501
OF_USERS = ("user", "last", "city", "age", "vector", "past", "past_weight")
INDEX = np.int32([0, 0, 0, 1, 2, 2, 1, 3])  # the third user stands in two places
ROWS: Dict[str, Any] = {
    "item": np.array([3, 3, 8, 0, -1, 3, 99, 1]),
    "price": np.float32([0.5, -2, 7, 0, 1, 1, 2, 3]),
    "shown": ["1|2", "", "2", "4|4", "8", "1", "1", "0|7"],
}
USERS: Dict[str, Any] = {
    "user": np.array([5, -1, 2, 44]),
    "last": np.array([1, 1, 7, -1]),
    "city": ["a", "", "unknown", "b"],
    "age": np.float32([0.5, 1, np.nan, 2]),
    "vector": ["1;2", "", "0;-1", "3;0.5"],
    "past": [[1, 7, 7], [], [8, -1, 99], [2]],
    "past_weight": [[0.5, 1.0, 2.0], [], [1.0, 1.0, 0.25], [3.0]],
}


def spread(column: Any) -> Any:
    return [column[i] for i in INDEX] if isinstance(column, list) else column[INDEX]


@pytest.fixture(scope="module")
def both(look_up: Any) -> List[Any]:
    """The same batch flat and grouped, with a loss that weighs every output differently."""
    text = TEXT.replace("'vector' feature_type", "'vector' separator: ';' feature_type")
    text = text.replace("'shown' feature_type", "'shown' separator: '|' feature_type")

    def loss(embedded: Any) -> Any:
        total = 0.0
        for matrix in (group.matrix for group in embedded.groups.values()):
            factors = np.cos(np.arange(len(INDEX) * matrix.shape[1])).reshape(len(INDEX), -1)
            total += tf.reduce_sum(tf.square(matrix + 0.1) * np.float32(factors))
        return total + embedded.squared_norm

    flat = {**ROWS, **{name: spread(column) for name, column in USERS.items()}}
    grouped = {**ROWS, **USERS, "user_row": INDEX}
    return [look_up(text, flat, loss), look_up(text, grouped, loss, of_users=OF_USERS)]


def test_groups_are_equal(both: List[Any]) -> None:
    flat, grouped = both
    assert list(grouped.groups) == ["all", "second"]
    for name, matrix in flat.groups.items():
        assert matrix.shape[0] == len(INDEX)
        np.testing.assert_allclose(grouped.groups[name], matrix, rtol=1e-6, atol=1e-8)


def test_gradients_of_all_tables_are_equal(both: List[Any]) -> None:
    flat, grouped = both
    assert len(flat.gradients) == 11
    for name, gradient in flat.gradients.items():
        assert np.abs(gradient).max() > 0, name
        np.testing.assert_allclose(grouped.gradients[name], gradient, rtol=1e-5, atol=1e-7)


def test_the_squared_norm_counts_each_impression(both: List[Any]) -> None:
    flat, grouped = both
    vectors = np.concatenate([flat.groups["all"], flat.groups["second"]], axis=1)
    columns = np.ones(vectors.shape[1], bool)
    columns[[8, 24, 32, 33]] = False  # the prices and ages as they are: no vectors
    np.testing.assert_allclose(flat.squared_norm, np.square(vectors[:, columns]).sum(), rtol=1e-5)
    np.testing.assert_allclose(grouped.squared_norm, flat.squared_norm, rtol=1e-6)


def test_ids_of_users_are_counted_once_a_user(both: List[Any]) -> None:
    flat, grouped = both
    assert (flat.out_of_range["item"], flat.ids_seen["item"]) == (1, 7)
    assert (grouped.out_of_range["item"], grouped.ids_seen["item"]) == (1, 7)
    assert (flat.out_of_range["user"], flat.ids_seen["user"]) == (1, 6)
    assert (grouped.out_of_range["user"], grouped.ids_seen["user"]) == (1, 3)
    assert (grouped.out_of_range["city"], grouped.ids_seen["city"]) == (1, 3)
    assert (flat.out_of_range["past"], flat.ids_seen["past"]) == (2, 3 * 3 + 2 * 2 + 1)
    assert (grouped.out_of_range["past"], grouped.ids_seen["past"]) == (1, 3 + 2 + 1)


def test_histories_are_pooled_once_a_user() -> None:
    """The sparse products of the graph have as many rows as there are users."""
    from easy_esmm.compat import v1
    from easy_esmm.features import encode
    from tests.features.looking_up import config_of, tensors

    with tf.Graph().as_default(), v1.Session() as session:
        config = config_of(TEXT)
        config.data_config.user_rows.columns.extend(OF_USERS)
        encoded = encode(config, tensors({**ROWS, **USERS, "user_row": INDEX}))
        session.run(v1.tables_initializer())
        assert session.run(encoded["past"].batch) == len(USERS["user"])
        assert session.run(tf.size(encoded["past"].ids)) == 7
        assert session.run(tf.size(encoded["user"].ids)) == len(USERS["user"])
        assert session.run(encoded["shown"].batch) == len(INDEX)


def test_a_feature_may_read_columns_of_users_and_of_rows(look_up: Any) -> None:
    text = """
    features { feature_name: 'both' input_names: ['item', 'city'] feature_type: ComboFeature embedding_dim: 4 hash_bucket_size: 50 }
    features { feature_name: 'last_shown' input_names: ['last', 'shown'] feature_type: ComboFeature combo_input_seps: ['', '|'] embedding_dim: 4 hash_bucket_size: 50 }
    features { feature_name: 'past_price' input_names: ['past', 'price'] feature_type: ComboFeature combo_input_seps: ['|', ''] embedding_dim: 4 hash_bucket_size: 50 }
    features { feature_name: 'dearer' input_names: ['price', 'age'] feature_type: ExprFeature expression: 'price > age' }
    """  # noqa: E501
    flat = {**ROWS, **{name: spread(column) for name, column in USERS.items()}}
    expected = look_up(text, flat).groups["all"]
    found = look_up(text, {**ROWS, **USERS, "user_row": INDEX}, of_users=OF_USERS).groups["all"]
    assert len(np.unique(expected, axis=0)) == len(INDEX)
    np.testing.assert_array_equal(found, expected)


def test_flat_columns_need_no_index(look_up: Any) -> None:
    """As in an exported model, whose config names users' columns all the same."""
    text = "features { input_names: 'user' embedding_dim: 4 num_buckets: 6 }"
    found = look_up(text, {"user": np.array([1, 5])}, of_users=["user"])
    np.testing.assert_array_equal(found.groups["all"], found.tables["embedding/all/user"][[1, 5]])


def test_no_other_part_of_the_package_knows_of_user_rows() -> None:
    """Columns that it is given are expanded already."""
    package = Path(features.__file__).parents[1]
    parts = (
        "estimator",
        "evaluation",
        "hooks",
        "losses",
        "metrics",
        "models",
        "reporting",
        "serving",
    )
    knowing = [
        str(path.relative_to(package))
        for part in parts
        for path in sorted((package / part).glob("**/*.py"))
        if re.search("user_rows|row_column", path.read_text(encoding="utf-8"))
    ]
    assert knowing == []
