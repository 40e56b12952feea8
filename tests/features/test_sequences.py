"""Groups that hold sequences beside their matrix: values, masks, gradients."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import embed, registry
from easy_esmm.features.encoded import MISSING, IdSequence
from easy_esmm.features.ids import to_ids
from easy_esmm.features.pieces import first_of, pieces_of
from easy_esmm.features.table_ids import table_ids
from easy_esmm.protos.feature_pb2 import FeatureConfig
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


@pytest.fixture(autouse=True)
def sequence_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder as a sequence feature has it."""

    def encode_sequence(feature: FeatureConfig, columns: Mapping[str, Any]) -> IdSequence:
        pieces = first_of(pieces_of(columns[feature.input_names[0]], "|"), feature.max_seq_len)
        ids = to_ids(feature, pieces.values)
        dense = pieces.with_values(ids.ids).to_tensor(MISSING)
        return IdSequence(dense, pieces.row_lengths(), ids.vocabulary, ids.out_of_range)

    monkeypatch.setitem(registry._ENCODERS, FeatureConfig.SequenceFeature, encode_sequence)


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


def test_sequence_is_as_long_as_the_longest_of_the_batch() -> None:
    found = looked_up(BESIDE, {"past": ["3", "8|9"], "item": ITEM[:2]})
    np.testing.assert_array_equal(found["values"], vectors(found["table"], [[3, -1], [8, 9]]))
    empty = looked_up(BESIDE, {"past": ["", ""], "item": ITEM[:2]})
    assert (empty["values"].shape, empty["mask"].shape) == ((2, 0, 2), (2, 0))


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
