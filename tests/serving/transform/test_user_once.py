"""What depends on the user alone is computed once, and everything stays what it was."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.serving.transform import transformed
from tests.serving.transform.small_graphs import ITEMS, USER, both, variable

THREE = np.float32([1, 2, 3])

# From the user's row for each item, [items, 3], and the items, [items, 2].
CASES: Dict[str, Callable[[Any, Any], Any]] = {
    "unary": lambda u, i: tf.tanh(u) + i[:, :1],
    "softmax": lambda u, i: tf.nn.softmax(u),
    "softmax_of_one_axis": lambda u, i: tf.nn.softmax(u[:, 0]) + i[:, 0],
    "sum_with_vector": lambda u, i: u + tf.constant([1.0, 2.0, 3.0]),
    "sum_of_matrix_and_rows": lambda u, i: u * i[:, :1],
    "row_numbers_of_another_axis": lambda u, i: u[:, 0] + tf.matmul(i, i, transpose_b=True),
    "comparison": lambda u, i: tf.where(u > 0, u, -u) + i[:, 1:],
    "chosen_by_items": lambda u, i: tf.where(i[:, :1] > 0, u, 2 * u),
    "sum_of_columns": lambda u, i: tf.reduce_sum(u, axis=1) * i[:, 0],
    "sum_of_rows": lambda u, i: tf.reduce_sum(u, axis=0) + i[:, :1],
    "sum_of_all": lambda u, i: tf.reduce_sum(u) + i,
    "largest_column": lambda u, i: tf.cast(tf.argmax(u, axis=1), tf.float32) + i[:, 0],
    "columns": lambda u, i: u[:, 1:] + i,
    "one_column": lambda u, i: u[:, 1] + i[:, 1],
    "rows_along_the_last_axis": lambda u, i: u[:, 0] * tf.reshape(i[:1], [2, 1]),
    "every_second_row": lambda u, i: u[::2],
    "some_rows": lambda u, i: u[1:, :2] + i[1:],
    "rows_backwards": lambda u, i: u[::-1] + i[:, :1],
    "new_first_axis": lambda u, i: u[tf.newaxis, :, :2] + i,
    "new_middle_axis": lambda u, i: u[:, tf.newaxis] * i[:, :, tf.newaxis],
    "without_axis": lambda u, i: tf.squeeze(tf.expand_dims(u, 2), [2]) + i[:, :1],
    "shape": lambda u, i: i + tf.cast(tf.shape(u)[0], tf.float32),
    "flat": lambda u, i: tf.reshape(u, [-1]) + tf.reduce_sum(i),
    "other_layout": lambda u, i: tf.reshape(u[:, tf.newaxis], [-1, 3, 1]) * i[:, tf.newaxis],
    "rows_and_columns_mixed": lambda u, i: tf.reshape(u, [3, -1]) + tf.reduce_sum(i),
    "transposed": lambda u, i: tf.transpose(u),
    "stacked": lambda u, i: tf.stack([u, 2 * u], axis=1) * i[:, :, tf.newaxis],
    "stacked_by_rows": lambda u, i: tf.stack([u, 2 * u], axis=0) + i[:, :1],
    "one_below_the_other": lambda u, i: tf.concat([u, 2 * u], axis=0) + tf.reduce_sum(i),
    "side_by_side": lambda u, i: tf.concat([i, u, i, 2 * u], axis=1),
    "parts_of_parts": lambda u, i: tf.nn.relu(tf.concat([tf.concat([u, i], 1), i], axis=-1)),
    "split": lambda u, i: tf.split(u, [1, 2], axis=1)[1] + i,
    "unstacked": lambda u, i: tf.unstack(u, axis=1)[2] + i[:, 0],
    "padded": lambda u, i: tf.pad(u, [[0, 0], [0, 1]]) + i[:, :1],
    "padded_rows": lambda u, i: tf.pad(u, [[1, 0], [0, 0]])[1:] + i[:, :1],
    "gathered_columns": lambda u, i: tf.gather(u, [2, 0], axis=1) + i,
    "gathered_by_items": lambda u, i: tf.gather(u, tf.cast(i > 0, tf.int32), batch_dims=1),
    "gathered_rows": lambda u, i: tf.gather(u, [2, 0]),
    "product": lambda u, i: tf.matmul(u, variable("k", [3, 2])) + i,
    "product_of_items_with_users": lambda u, i: tf.matmul(i, u[:2, :2]),
    "product_of_users_with_rows": lambda u, i: tf.matmul(u, tf.matmul(u, i, transpose_a=True)),
    "product_less_vector": lambda u, i: tf.matmul(i, variable("k", [2, 3])) - THREE + u,
    "product_less_users": lambda u, i: tf.matmul(i, variable("k", [2, 3])) - u,
    "vector_less_product": lambda u, i: THREE - tf.matmul(i, variable("k", [2, 3])),
    "scaled_sum_of_product": lambda u, i: (tf.matmul(i, variable("k", [2, 3])) + u) * THREE,
    "batch_of_products": lambda u, i: tf.matmul(i[:, :, tf.newaxis], u[:, tf.newaxis]),
    "hash": lambda u, i: tf.cast(tf.strings.to_hash_bucket_fast(tf.as_string(u), 97), tf.float32)
    + i[:, :1],
    "running_sum_of_rows": lambda u, i: tf.cumsum(u) + i[:, :1],
    "text": lambda u, i: tf.strings.join([tf.as_string(u[:, 0]), tf.as_string(u[:, 1])], "-"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_answers_stay_what_they_were(case: str) -> None:
    found = both(CASES[case])
    if found.plain.dtype == object:
        assert found.answer.tolist() == found.plain.tolist()
    else:
        np.testing.assert_allclose(found.answer, found.plain, rtol=1e-6, atol=1e-6)
    assert found.answer.shape == found.plain.shape


@pytest.mark.parametrize("case", ["unary", "side_by_side", "product", "shape", "new_middle_axis"])
def test_no_item_has_no_answer(case: str) -> None:
    found = both(CASES[case], ITEMS[:0])
    assert found.answer.shape == found.plain.shape
    assert len(found.answer) == 0


def test_operations_run_on_one_row_up_to_the_first_that_sees_the_items() -> None:
    def layers(user: Any, items: Any) -> Any:
        hidden = tf.nn.relu(tf.matmul(user, variable("first", [3, 4])) + variable("bias", [4]))
        return tf.matmul(tf.tanh(hidden), variable("second", [4, 2])) + items

    found = both(layers)
    rows = [op.outputs[0].shape[0] for kind in ("MatMul", "Relu", "Tanh")
            for op in found.operations(kind)]  # fmt: skip
    assert rows == [1, 1, 1, 1]
    assert [op.outputs[0].shape.as_list() for op in found.operations("GatherV2")] == [[1, 3]]


def test_a_product_of_columns_of_both_is_a_sum_of_two_products() -> None:
    kernel = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)

    def layer(user: Any, items: Any) -> Any:
        joined = tf.concat([items, user, items], axis=1)
        return tf.nn.bias_add(tf.matmul(joined, variable("kernel", [7, 4])), variable("b", [4], 1))

    found = both(layer)
    bias = np.random.default_rng(1).normal(size=4).astype(np.float32)
    expected = USER @ kernel[2:5] + ITEMS @ (kernel[:2] + kernel[5:]) + bias
    np.testing.assert_allclose(found.answer, expected, rtol=1e-5)
    factors = {tuple(op.inputs[0].shape.as_list()) for op in found.operations("MatMul")}
    assert factors == {(1, 3), (None, 4)}
    shapes = sorted(v.shape.as_list() for v in found.variables().values())
    assert shapes == [[3, 4], [4], [4, 4]]
    assert "kernel" not in found.variables()


def test_a_product_in_bfloat16_is_not_taken_apart() -> None:
    """Its result is rounded to 8 bits, which a sum of two would be before it is added."""

    def layer(user: Any, items: Any) -> Any:
        joined = tf.cast(tf.concat([items, user], axis=1), tf.bfloat16)
        product = tf.matmul(joined, tf.cast(variable("kernel", [5, 4]), tf.bfloat16))
        return tf.cast(product, tf.float32)

    found = both(layer)
    np.testing.assert_array_equal(found.answer, found.plain)
    (kernel,) = found.variables().values()
    assert (kernel.dtype.base_dtype, kernel.shape.as_list()) == (tf.bfloat16, [5, 4])


@pytest.mark.parametrize("of_user", [True, False])
def test_checks_still_fail(of_user: bool) -> None:
    """Also one that stands before what depends on variables alone."""
    with tf.Graph().as_default():
        user, own = v1.placeholder(tf.float32, [1, 3]), v1.placeholder(tf.float32, [None, 2])
        index = tf.zeros([tf.shape(own)[0]], tf.int32)
        row, weights = tf.gather(user, index), variable("weights", [3])
        checked = row if of_user else own
        check = tf.debugging.Assert(tf.reduce_all(checked < 9), ["numbers must be less than 9"])
        with tf.control_dependencies([check]):
            output = row * tf.exp(weights) + own[:, :1]
        session = v1.Session()
        session.run(v1.global_variables_initializer())
        new, (user, own, output) = transformed(session, [user, own, output], index)
    with new:
        new.run(output, {user: USER, own: ITEMS})
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be less than 9"):
            new.run(output, {user: USER + 9 * of_user, own: ITEMS + 9 * (not of_user)})
