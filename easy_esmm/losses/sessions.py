"""Sums over the rows of a session, for losses that rank them."""

from __future__ import annotations

from typing import Any, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor


def log_sum_by_session(logit: Tensor, session: Tensor, is_inside: Tensor) -> Tuple[Tensor, Tensor]:
    """([batch] log of the sum of e^logit over the session's rows inside, [batch] are there any?).

    0 where there is none.
    """
    names, number = tf.unique(session)
    count = tf.size(names)
    inside = tf.where(is_inside, logit, logit.dtype.min)
    largest = tf.stop_gradient(tf.math.unsorted_segment_max(inside, number, count))
    of_row = tf.gather(largest, number)
    # `where` before the exponential: outside rows may be far above the largest inside.
    shifted = tf.where(is_inside, logit - of_row, 0.0)
    part = tf.where(is_inside, tf.exp(shifted), 0.0)
    total = tf.math.unsorted_segment_sum(part, number, count)
    is_any = total > 0
    value = tf.where(is_any, largest + tf.math.log(tf.where(is_any, total, 1.0)), 0.0)
    return of_rows(value, number), tf.gather(is_any, number)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def of_rows(of_session: Tensor, number: Tensor) -> Any:
    """tf.gather with a dense gradient: its own, a list of rows, becomes dense with a warning."""

    def gradient(upstream: Tensor) -> Tuple[Tensor, None]:
        return tf.math.unsorted_segment_sum(upstream, number, tf.size(of_session)), None

    return tf.gather(of_session, number), gradient
