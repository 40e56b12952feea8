"""ComboFeature: crosses hashed as TensorFlow's feature columns do, joined texts, several values."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.compat import v1
from easy_esmm.features import encode
from tests.features.looking_up import config_of, tensors

COMBO = (
    "features {{ input_names: {columns} feature_type: ComboFeature embedding_dim: 2 "
    "hash_bucket_size: {buckets} {more} }}"
)


def combo(columns: str, buckets: int = 1000, more: str = "") -> str:
    return COMBO.format(columns=columns, buckets=buckets, more=more)


def bags(found: Dict[str, Any]) -> List[List[int]]:
    """The ids of each row, ascending."""
    rows: List[List[int]] = [[] for _ in range(found["batch"])]
    for row, number in zip(found["row"], found["ids"]):
        rows[row].append(int(number))
    return [sorted(row) for row in rows]


def crossed_column(columns: Dict[str, List[str]], separator: str = "") -> List[List[int]]:
    """The ids, of 1000, that tf.feature_column.crossed_column makes of each row of text."""
    with warnings.catch_warnings(), tf.Graph().as_default(), v1.Session() as session:
        warnings.simplefilter("ignore")
        crossed = tf.feature_column.crossed_column(list(columns), 1000)
        inputs = {name: tf.constant(texts) for name, texts in columns.items()}
        if separator:
            inputs = {name: v1.string_split(text, separator) for name, text in inputs.items()}
        dense = v1.feature_column.input_layer(inputs, [tf.feature_column.indicator_column(crossed)])
        session.run([v1.tables_initializer(), v1.global_variables_initializer()])
        return [
            [i for i, count in enumerate(row) for _ in range(int(count))]
            for row in session.run(dense)
        ]


def test_cross_of_single_values_is_that_of_a_crossed_column(encoded: Any) -> None:
    columns = {"a": ["x", "y", "", "x"], "b": ["1", "2", "3", ""], "c": ["p", "q", "r", "s"]}
    found = encoded(combo("['a', 'b', 'c']"), columns)
    expected = crossed_column(columns)
    assert [[i] for i in found["ids"]] == expected
    assert found["vocabulary"] == 1000


def test_cross_of_several_values_is_that_of_a_crossed_column(encoded: Any) -> None:
    columns = {"a": ["x|y", "y", "|", "x|z"], "b": ["1|2|3", "2", "3", ""]}
    found = encoded(combo("['a', 'b']", more="combo_input_seps: ['|', '|']"), columns)
    expected = crossed_column(columns, "|")
    assert bags(found) == expected
    assert [len(row) for row in expected] == [6, 1, 0, 0]


def test_order_of_the_columns_matters(encoded: Any) -> None:
    columns = {"a": ["x"], "b": ["y"]}
    one = encoded(combo("['a', 'b']", 10**9), columns)["ids"]
    assert one != encoded(combo("['b', 'a']", 10**9), columns)["ids"]


def test_integers_are_crossed_as_their_text_even_minus_one(encoded: Any) -> None:
    found = encoded(combo("['a', 'b']"), {"a": ["x", "x"], "b": np.array([7, -1])})
    text = encoded(combo("['a', 'b']"), {"a": ["x", "x"], "b": ["7", "-1"]})
    np.testing.assert_array_equal(found["ids"], text["ids"])
    assert (found["ids"] >= 0).all()


def fingerprint(texts: List[str], buckets: int) -> List[int]:
    return list(tf.strings.to_hash_bucket_fast(texts, buckets).numpy())


def test_joined_values_are_hashed_as_one_text_empty_ones_included(encoded: Any) -> None:
    columns = {"a": ["x", "", ""], "b": np.array([7, 8, 9]), "c": ["u", "v", ""]}
    found = encoded(combo("['a', 'b', 'c']", more="combo_join_sep: '_'"), columns)
    np.testing.assert_array_equal(found["ids"], fingerprint(["x_7_u", "_8_v", "_9_"], 1000))


texts = st.text("ab", max_size=2)
lists = st.lists(texts, max_size=3)


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(lists, texts, lists), min_size=1, max_size=4))
def test_joined_lists_are_all_combinations_of_their_filled_values(rows: Any) -> None:
    columns = {
        "a": ["|".join(row[0]) for row in rows],
        "b": [row[1] for row in rows],
        "c": ["|".join(row[2]) for row in rows],
    }
    more = "combo_join_sep: '+' combo_input_seps: ['|', '', '|']"
    with tf.Graph().as_default(), v1.Session() as session:
        config = config_of(combo("['a', 'b', 'c']", 10**6, more))
        (feature,) = encode(config, tensors(columns)).values()
        found = session.run({name: vars(feature)[name] for name in ("ids", "row", "batch")})
    expected = []
    for first, second, third in rows:
        parts = [v for v in first if v], [second], [v for v in third if v]
        expected.append(sorted(fingerprint(["+".join(c) for c in product(*parts)], 10**6)))
    assert bags(found) == [[int(i) for i in row] for row in expected]


def test_list_columns_are_as_text_with_separators(encoded: Any) -> None:
    text = combo("['a', 'b']", more="combo_input_seps: ['|', '|']")
    listed = encoded(text, {"a": [["x", "", "y"], []], "b": [[1, 2], [3]]})
    joined = encoded(text, {"a": ["x|y", ""], "b": ["1|2", "3"]})
    assert bags(listed) == bags(joined)


def test_float_is_crossed_with_the_digits_of_precision(encoded: Any) -> None:
    columns = {"a": ["x", "x"], "b": np.array([8.25, 8.349], np.float32)}
    found = encoded(combo("['a', 'b']", more="precision: 1"), columns)
    text = encoded(combo("['a', 'b']"), {"a": ["x", "x"], "b": ["8.2", "8.3"]})
    np.testing.assert_array_equal(found["ids"], text["ids"])


@pytest.mark.parametrize("more", ["", "combo_join_sep: '_'", "combo_input_seps: ['|', '']"])
def test_batch_of_no_rows_has_no_ids(encoded: Any, more: str) -> None:
    nothing = np.array([], object)
    assert len(encoded(combo("['a', 'b']", more=more), {"a": nothing, "b": nothing})["ids"]) == 0


def test_combinations_are_pooled_by_the_combiner(look_up: Any) -> None:
    text = combo("['a', 'b']", 50, "combo_input_seps: ['|', ''] combiner: 'mean'")
    found = look_up(text, {"a": ["x|y", ""], "b": ["1", "1"]})
    table = found.tables["embedding/all/a"]
    ids = fingerprint_cross([("x", "1"), ("y", "1")], 50)
    np.testing.assert_allclose(found.groups["all"][0], table[ids].mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(found.groups["all"][1], [0, 0])


def fingerprint_cross(pairs: Any, buckets: int) -> List[int]:
    left, right = zip(*pairs)
    inputs = [tf.constant(left)[:, tf.newaxis], tf.constant(right)[:, tf.newaxis]]
    return list(tf.sparse.cross_hashed(inputs, buckets).values.numpy())


def test_a_missing_integer_is_as_an_empty_text(encoded: Any) -> None:
    integers = {"a": np.array([1, np.iinfo(np.int64).min]), "b": ["x", "x"]}
    texts = {"a": ["1", ""], "b": ["x", "x"]}
    for more in ("", "combo_join_sep: '_'"):
        text = combo("['a', 'b']", more=more)
        np.testing.assert_array_equal(encoded(text, integers)["ids"], encoded(text, texts)["ids"])
    text = combo("['a', 'b']", more="combo_input_seps: ['|', '']")
    found = encoded(text, integers)
    np.testing.assert_array_equal(found["row"], [0])
