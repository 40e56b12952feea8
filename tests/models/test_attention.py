"""Attentions of feature groups from columns to answers: user rows, tables, norms, other groups."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import models
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Group
from easy_esmm.features import embed
from tests.features.looking_up import config_of, tensors

FEATURES = """
features { input_names: 'item' embedding_name: 'item' embedding_dim: 3 num_buckets: 20 }
features { input_names: 'past' feature_type: SequenceFeature separator: ';' embedding_name: 'item'
           embedding_dim: 3 num_buckets: 20 max_seq_len: 3 }
features { input_names: 'price' feature_type: RawFeature embedding_dim: 2 }
features { input_names: 'paid' feature_type: SequenceFeature sub_feature_type: RawFeature
           separator: ';' max_seq_len: 3 }
features { input_names: 'user' embedding_dim: 2 num_buckets: 9 }
"""
MODEL = """
esmm {
  ctr_tower { tower_name: 'ctr' label_name: 'click' dnn { hidden_units: 4 use_bn: false } }
  cvr_tower { tower_name: 'cvr' label_name: 'buy' dnn { hidden_units: 4 use_bn: false } }
}
model_class: 'ESMM'
"""
ATTENTION = """sequence_features { group_name: 'a'
  seq_att_map { key: 'item' hist_seq: 'past' aux_hist_seq: 'paid' }
  seq_dnn { hidden_units: [4, 1] use_bn: false } %s }"""
GROUP = f"feature_groups {{ group_name: 'all' feature_names: ['user', 'price'] {ATTENTION} }}"

PAST = ["", "7", "1;2;3;4;5"]
PAID = ["", "0.5", "1;-2;0;4;5"]
INDEX = np.array([2, 2, 0, 1, 2], np.int32)
ROWS = {
    "item": np.array([1, 7, 3, 9, 2]),
    "price": np.array([0.5, -1, 2, 0, 3], np.float32),
    "user": np.array([2, 2, 0, 1, 2]),
}


def ran(text: str, columns: Mapping[str, Any], *of_users: str) -> Dict[str, Any]:
    """Outputs, matrices with attentions, tables, gradients of the tables, and norms."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        config = config_of(FEATURES + text)
        config.data_config.user_rows.columns.extend(of_users)
        tf.random.set_seed(1)
        embedded = embed(config, tensors(columns))
        model = models.build(config.model_config, task_specs(config.model_config), tf.float32)
        groups = model.attended(embedded.groups, training=True)
        outputs = model.outputs(groups, training=True)
        loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in outputs.served.values()])
        rows = [table.rows for table in embedded.tables]
        gradients = {
            table.table.op.name: tf.scatter_nd(
                table.ids[:, tf.newaxis], gradient, tf.shape(table.table, out_type=tf.int64)
            )
            for table, gradient in zip(embedded.tables, tf.gradients(loss, rows))
        }
        session.run(v1.global_variables_initializer())
        random = np.random.default_rng(4)
        for variable in sorted(v1.trainable_variables(), key=lambda v: v.name):
            variable.load(random.normal(size=variable.shape).astype(np.float32), session)
        return dict(
            session.run(
                {
                    "served": dict(outputs.served),
                    "matrices": {name: group.matrix for name, group in groups.items()},
                    "keys": {name: dict(group.keys) for name, group in embedded.groups.items()},
                    "tables": {t.table.op.name: t.table.read_value() for t in embedded.tables},
                    "gradients": gradients,
                    "squared_norm": embedded.squared_norm,
                }
            ),
            widths={name: dict(group.widths) for name, group in groups.items()},
        )


def flat(of_users: List[str]) -> List[str]:
    return [of_users[i] for i in INDEX]


COLUMNS = {**ROWS, "past": flat(PAST), "paid": flat(PAID)}


def test_answers_are_the_same_flat_and_with_users_histories_once() -> None:
    text = GROUP % "" + MODEL
    one = ran(text, COLUMNS)
    other = ran(text, {**ROWS, "past": PAST, "paid": PAID, "user_row": INDEX}, "past", "paid")
    assert one["widths"] == other["widths"]
    assert one["widths"]["all"] == {"user": 2, "price": 2, "sequence_features/a": 3 + 1 + 3}
    for part in ("served", "matrices", "gradients", "tables"):
        for name, value in one[part].items():
            assert np.abs(value).max() > 0
            np.testing.assert_allclose(
                other[part][name], value, rtol=2e-5, atol=1e-5, err_msg=f"{part} {name}"
            )
    np.testing.assert_allclose(other["squared_norm"], one["squared_norm"], rtol=1e-6)


def test_history_of_a_row_is_that_of_its_text() -> None:
    found = ran(GROUP % "need_key_feature: false" + MODEL, COLUMNS)
    matrix, table = found["matrices"]["all"], found["tables"]["shared_embedding/item"]
    np.testing.assert_allclose(matrix[3, 4:7], table[7], rtol=1e-6)  # a single element
    np.testing.assert_allclose(matrix[3, 7], 0.5, rtol=1e-6)
    np.testing.assert_array_equal(matrix[2, 4:], np.zeros(4))  # an empty history
    assert 1 < matrix[4, 7] + 2.5 < 4  # between the least and the greatest of 1, -2 and 0


def squares(table: Any, ids: Any) -> float:
    return float(sum(np.square(table[i]).sum() for i in ids))


@pytest.mark.parametrize("is_searched", [False, True], ids=["looked up", "searched for"])
def test_squared_norm_counts_histories_and_keys(is_searched: bool) -> None:
    text = GROUP % ("allow_key_search: true" if is_searched else "")
    text = text.replace("['user',", "['user', 'item',")
    found = ran(text + MODEL, COLUMNS)
    tables = found["tables"]
    past = [i for cell in COLUMNS["past"] for i in map(int, filter(None, cell.split(";")[:3]))]
    # A key that is found in the matrix counts there.
    items = [*ROWS["item"]] * (1 if is_searched else 2)
    expected = squares(tables["shared_embedding/item"], [*past, *items])
    expected += squares(tables["embedding/all/user"], ROWS["user"])
    expected += sum(np.square(p * tables["embedding/all/price"]).sum() for p in ROWS["price"])
    np.testing.assert_allclose(found["squared_norm"], expected, rtol=1e-5)


SEARCH = f"""
feature_groups {{ group_name: 'user' feature_names: 'user'
  sequence_features {{ group_name: 'a' seq_att_map {{ key: 'price' hist_seq: 'past' }}
    allow_key_transform: true seq_dnn {{ hidden_units: [4, 1] use_bn: false }} %s }} }}
feature_groups {{ group_name: 'item' feature_names: ['item', 'price'] }}
{MODEL.replace("esmm {", "esmm { groups { input: 'user' dnn { hidden_units: [0] } } groups { input: 'item' dnn { hidden_units: [0] } }")}
"""  # noqa: E501


def test_key_has_a_table_of_its_group_or_that_of_the_group_that_it_is_found_in() -> None:
    own, found = (ran(SEARCH % text, COLUMNS) for text in ("", "allow_key_search: true"))
    price = ROWS["price"][:, None]
    assert "embedding/user/price" not in found["tables"]
    for result, group in ((own, "user"), (found, "item")):
        table = result["tables"][f"embedding/{group}/price"]
        np.testing.assert_allclose(result["keys"]["user"]["price"], price * table, rtol=1e-6)


def test_group_may_hold_histories_alone() -> None:
    text = GROUP.replace("feature_names: ['user', 'price']", "") % "" + MODEL
    found = ran(text, COLUMNS)
    assert found["matrices"]["all"].shape == (5, 3 + 1 + 3)
    assert np.isfinite(found["served"]["probs_ctr"]).all()


def test_matrix_of_a_model_is_as_before_without_attentions() -> None:
    with tf.Graph().as_default():
        config = config_of(f"{FEATURES} feature_groups {{ group_name: 'all' }} {MODEL}")
        model = models.build(config.model_config, task_specs(config.model_config), tf.float32)
        group = Group(tf.ones([2, 3]), {"x": 3})
        assert model.attended({"all": group}, training=True)["all"] is group


def test_histories_that_are_not_equally_long_are_an_error_that_names_them() -> None:
    columns = {**COLUMNS, "paid": ["", "0.5", "1;2;3", "4", ""]}
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"sequence_features a: the histories past, paid must be equally long in each row",
    ) as error:
        ran(GROUP % "" + MODEL, columns)
    assert re.search(r"encode/past/Assert", error.value.message)
    # Rows 0, 1, 2 and 4; the other is right.
    assert "[3 3 0 3] [0 1 3 0]" in error.value.message


def test_empty_text_beside_a_single_element_is_an_empty_element() -> None:
    columns = {**COLUMNS, "past": ["", "7", "", "", ""], "paid": ["", "", "3", "", ""]}
    found = ran(GROUP % "" + MODEL, columns)
    matrix, table = found["matrices"]["all"], found["tables"]["shared_embedding/item"]
    np.testing.assert_allclose(matrix[1, 4:8], [*table[7], 0], rtol=1e-6)
    np.testing.assert_allclose(matrix[2, 4:8], [0, 0, 0, 3], rtol=1e-6)
