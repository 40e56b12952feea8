"""LookupFeature: the values of a row's map under the row's key."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.features.lookup_feature import encode_lookup
from easy_esmm.protos.feature_pb2 import FeatureConfig

LOOKUP = (
    "features { feature_name: 'x' input_names: ['key', 'map'] feature_type: LookupFeature "
    "embedding_dim: 2 kv_separator: ':' num_buckets: 100 %s }"
)


def bags(ids: Any, row: Any, batch: int) -> List[List[int]]:
    """The ids of each row, in their order."""
    return [[int(i) for i, r in zip(ids, row) if r == number] for number in range(batch)]


def looked_up(found: Dict[str, Any]) -> List[List[int]]:
    return bags(found["ids"], found["row"], found["batch"])


def test_all_values_under_the_key_are_taken(encoded: Any) -> None:
    columns = {
        "key": ["a", "b", "c", "", "a"],
        "map": ["a:1|b:2|a:3", "a:1|b:2", "a:1", ":4|a:1", ""],
    }
    assert looked_up(encoded(LOOKUP % "", columns)) == [[1, 3], [2], [], [], []]


def test_keys_are_compared_as_text(encoded: Any) -> None:
    columns = {"key": np.array([7, -1, 70]), "map": ["7:1|70:2", "-1:3", "7:4|070:5"]}
    assert looked_up(encoded(LOOKUP % "", columns)) == [[1], [3], []]


def test_values_are_hashed_as_their_text(encoded: Any) -> None:
    text = (LOOKUP % "").replace("num_buckets: 100", "hash_bucket_size: 1000000007")
    found = encoded(text, {"key": ["a"], "map": ["a:abc|b:x|a:0|a:"]})
    # As in tests/features/test_id_feature.py; an empty value is missing.
    np.testing.assert_array_equal(found["ids"], [775161712, 859788559, -1])


def test_first_ten_values_count_unless_another_number_is_set(encoded: Any) -> None:
    columns = {"key": ["a", "a"], "map": ["|".join(f"a:{i}|b:99" for i in range(12)), "a:50"]}
    assert looked_up(encoded(LOOKUP % "", columns)) == [list(range(10)), [50]]
    few = LOOKUP % "lookup_max_sel_elem_num: 2"
    assert looked_up(encoded(few, columns)) == [[0, 1], [50]]


def test_list_column_is_as_text_with_separators(encoded: Any) -> None:
    found = encoded(LOOKUP % "", {"key": ["a", "b"], "map": [["a:1", "b:2", "a:3"], []]})
    assert looked_up(found) == [[1, 3], []]


def test_entry_that_is_no_pair_stops_with_the_feature(encoded: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature x: each value must be key:v"):
        encoded(LOOKUP % "", {"key": ["a"], "map": ["a:1|b"]})


def test_values_are_pooled_and_none_is_the_zero_vector(look_up: Any) -> None:
    text = LOOKUP % "combiner: 'mean'"
    found = look_up(text, {"key": ["a", "b"], "map": ["a:1|a:3", "a:1"]})
    table = found.tables["embedding/all/x"]
    np.testing.assert_allclose(found.groups["all"], [table[[1, 3]].mean(axis=0), [0, 0]], rtol=1e-6)


entries = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 99)), max_size=6)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), entries), min_size=1, max_size=4))
def test_any_map_is_looked_up_as_in_plain_python(rows: Any) -> None:
    feature = FeatureConfig(
        feature_name="x", input_names=["k", "m"], kv_separator=":", lookup_max_sel_elem_num=3
    )
    feature.num_buckets = 100
    columns = {
        "k": tf.constant([key for key, _ in rows]),
        "m": tf.constant(["|".join(f"{k}:{v}" for k, v in entry) for _, entry in rows]),
    }
    found = encode_lookup(feature, columns)
    expected = [[v for k, v in entry if k == key][:3] for key, entry in rows]
    assert bags(found.ids.numpy(), found.row.numpy(), int(found.batch)) == expected


def test_a_missing_integer_key_finds_nothing(encoded: Any) -> None:
    keys = np.array([5, np.iinfo(np.int64).min])
    maps = ["5:7", f"{keys[1]}:8|:9"]
    assert looked_up(encoded(LOOKUP % "", {"key": keys, "map": maps})) == [[7], []]
