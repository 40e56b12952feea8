"""What depends on variables alone is computed at the export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from easy_esmm.compat import keras, v1
from easy_esmm.serving.transform import transformed
from tests.serving.transform.small_graphs import both, variable


def test_batch_normalisation_is_part_of_the_layer_before_it() -> None:
    def layer(user: Any, items: Any) -> Any:
        hidden = keras.layers.Dense(4, bias_initializer="ones", name="dense")(items)
        norm = keras.layers.BatchNormalization(
            beta_initializer=keras.initializers.Constant(0.3),
            gamma_initializer=keras.initializers.Constant(1.7),
            moving_mean_initializer=keras.initializers.Constant(-0.4),
            moving_variance_initializer=keras.initializers.Constant(2.5),
            name="norm",
        )
        return tf.nn.relu(norm(hidden, training=False)) + 0 * user[:, :1]

    found = both(layer)
    np.testing.assert_allclose(found.answer, found.plain, rtol=1e-6, atol=1e-7)
    assert np.ptp(found.plain) > 0.1
    assert found.operations("Rsqrt") == []
    shapes = sorted(v.shape.as_list() for v in found.variables().values())
    assert shapes == [[2, 4], [4]]


def test_a_product_that_is_read_twice_keeps_its_scale_apart() -> None:
    def layer(user: Any, items: Any) -> Any:
        product = tf.matmul(items, variable("kernel", [2, 3]))
        return product * tf.exp(variable("scale", [3], 1)) + product + user

    found = both(layer)
    np.testing.assert_allclose(found.answer, found.plain, rtol=1e-6)
    assert len(found.operations("MatMul")) == 1
    assert sorted(found.variables()) == ["kernel", "precomputed/Exp"]


def test_rows_of_a_table_are_read_by_each_request_and_the_table_stays_as_it_is() -> None:
    def layer(user: Any, items: Any) -> Any:
        table = variable("table", [50, 2])
        learned = tf.gather(table, [3, 4])  # the same in each request
        ids = tf.cast(tf.abs(items[:, 0]) * 10, tf.int32)
        return tf.gather(table, ids) + tf.matmul(items, learned) + user[:, :1]

    found = both(layer)
    np.testing.assert_allclose(found.answer, found.plain, rtol=1e-6)
    assert {n: v.shape.as_list() for n, v in found.variables().items()} == {
        "table": [50, 2],
        "precomputed/Gather": [2, 2],
    }


def test_what_is_larger_than_its_sources_is_computed_with_each_request() -> None:
    def wide(user: Any, items: Any) -> Any:
        tiled = tf.tile(variable("row", [1, 3]), [10_000, 1])
        return tiled * items[:1, :1]

    found = both(wide)
    np.testing.assert_array_equal(found.answer, found.plain)
    assert sorted(found.variables()) == ["row"]


def test_a_random_number_is_drawn_anew() -> None:
    found = both(lambda user, items: items + tf.random.uniform([5, 2]))
    assert found.operations("RandomUniform") != []
    found = both(lambda user, items: tf.random.uniform([5, 2]) - tf.random.uniform([5, 2]))
    assert found.answer.any()


def test_what_no_signature_needs_is_left_behind() -> None:
    def layer(user: Any, items: Any) -> Any:
        variable("unused", [9, 9])
        v1.train.create_global_step()
        return tf.matmul(items, variable("used", [2, 2]))

    found = both(layer)
    assert sorted(found.variables()) == ["used"]
    assert {op.type for op in found.graph.get_operations()} & {"AssignAddVariableOp"} == set()


def test_vocabularies_and_their_files_come_along(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("red\nblue\n")
    with tf.Graph().as_default():
        text = v1.placeholder(tf.string, [None])
        of_file = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(file),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            -1,
        )
        of_list = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(["blue"], tf.constant([7], tf.int64)), -1
        )
        tf.lookup.StaticHashTable(  # which no answer needs
            tf.lookup.KeyValueTensorInitializer(["x"], tf.constant([1], tf.int64)), -1
        )
        output = of_file.lookup(text) + 10 * of_list.lookup(text)
        session = v1.Session()
        session.run(v1.tables_initializer())
        new, (text, output) = transformed(session, [text, output])
    assert new.run(output, {text: ["blue", "red", "green"]}).tolist() == [71, -10, -11]
    assert len(new.graph.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)) == 2
    (asset,) = new.graph.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
    assert new.run(asset) == str(file).encode()


def test_large_tables_are_let_go_as_they_are_handed_over() -> None:
    rows = (1 << 26) // 4
    with tf.Graph().as_default():
        table = v1.get_variable("table", [rows, 1], initializer=v1.ones_initializer())
        number = v1.placeholder(tf.int32, [None])
        output = tf.gather(table, number)
        session = v1.Session()
        session.run(table.initializer)
        new, (number, output) = transformed(session, [number, output])
    assert new.run(output, {number: [rows - 1]}).tolist() == [[1.0]]
