"""The cosine of two losses' gradients on shared tables, against planted ones."""

from __future__ import annotations

from typing import List, Optional

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import TableRows, WeighedLoss
from easy_esmm.evaluation.gradients import Gradients, cosine_of
from tests.tasks import family

A = np.array([[1.0, 2.0], [0.0, -1.0]], np.float32)
B = np.array([[2.0, 0.0], [1.0, 1.0]], np.float32)


def read(*shapes: List[int]) -> List[TableRows]:
    rows = [tf.zeros(shape) + 0.5 for shape in shapes]
    return [TableRows(None, tf.range(int(r.shape[0])), r) for r in rows]


def value(tensor: Optional[tf.Tensor]) -> float:
    with v1.Session() as session:
        return float(session.run(tensor))


@pytest.fixture(autouse=True)
def _graph() -> object:
    with tf.Graph().as_default():
        yield


def test_cosine_is_taken_over_the_rows_of_all_shared_tables_at_once() -> None:
    first, second, own = read([2, 2], [2, 2], [3, 2])
    # gradients: (A, 3 B) and (B, A); the table that one loss alone reads does not count
    one = tf.reduce_sum(first.rows * A) + tf.reduce_sum(second.rows * 3 * B)
    other = tf.reduce_sum(first.rows * B) + tf.reduce_sum(second.rows * A) + tf.reduce_sum(own.rows)
    x, y = np.concatenate([A, 3 * B]).ravel(), np.concatenate([B, A]).ravel()
    expected = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    found = value(cosine_of(one, other, [first, second, own]))
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("factor", [1.0, -1.0, 7.0, -0.01])
def test_losses_with_and_against_each_other_have_cosine_1_and_minus_1(factor: float) -> None:
    (table,) = read([2, 2])
    loss = tf.reduce_sum(tf.square(table.rows) * A)
    assert value(cosine_of(loss, factor * loss, [table])) == pytest.approx(np.sign(factor))


def test_towers_without_a_common_table_have_no_cosine() -> None:
    first, second = read([2, 2], [2, 2])
    assert cosine_of(tf.reduce_sum(first.rows), tf.reduce_sum(second.rows), [first, second]) is None


def test_a_table_that_one_loss_reaches_does_not_count_where_both_are_looked_up_in_one_go() -> None:
    shared, own = read([2, 2], [2, 2])
    of_shared, of_own = tf.split(tf.concat([shared.rows, own.rows], 0), 2)
    one = tf.reduce_sum(of_shared * A)
    other = tf.reduce_sum(of_shared * B) + tf.reduce_sum(of_own * A)
    expected = A.ravel() @ B.ravel() / np.linalg.norm(A) / np.linalg.norm(B)
    assert value(cosine_of(one, other, [shared, own])) == pytest.approx(expected, abs=1e-6)
    assert np.isnan(value(cosine_of(one, tf.reduce_sum(of_own * A), [shared, own])))


def test_the_click_losses_stand_against_all_others_and_silent_batches_are_left_out() -> None:
    (table,) = read([2, 2])
    scale = v1.placeholder(tf.float32, [])
    terms = [
        WeighedLoss("weighted_cross_entropy_loss_ctr", tf.reduce_sum(table.rows * A)),
        WeighedLoss("weighted_cross_entropy_loss_cvr", scale * tf.reduce_sum(table.rows * B)),
        WeighedLoss("click_masked_cross_entropy_loss_cvr", scale * tf.reduce_sum(table.rows * A)),
    ]
    gradients = Gradients()
    assert np.isnan(gradients.mean())
    hook = gradients.hook(family(), terms, [table])
    with v1.train.MonitoredSession(hooks=[hook]) as session:
        for scaled in (1.0, 0.0):  # of no conversion in a batch comes no gradient
            session.run(table.rows, {scale: scaled})
    x, y = A.ravel(), (A + B).ravel()
    expected = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert gradients.mean() == pytest.approx(expected, abs=1e-6)
