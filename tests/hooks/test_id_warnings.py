"""Warnings about ids that are read without an error."""

from __future__ import annotations

from typing import Any, Dict, List

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import Embedded
from easy_esmm.hooks.id_warnings import IdWarningHook, warn_of_ids
from easy_esmm.protos.train_pb2 import TrainConfig


def run(outside: Dict[str, List[int]], seen: int, every: int) -> None:
    """Steps of a training; each list has a number a step."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.placeholder(tf.int32, [])
        counts = {n: tf.gather(tf.constant(v, tf.int64), step) for n, v in outside.items()}
        embedded = Embedded(
            groups={},
            columns={},
            tables=(),
            readers={},
            squared_norm=None,
            out_of_range=counts,
            ids_seen={name: tf.constant(seen, tf.int64) for name in outside},
        )
        hook = IdWarningHook(embedded, TrainConfig(log_step_count_steps=every))
        for i in range(max(map(len, outside.values()))):
            fetched = session.run(hook.before_run(None).fetches, {step: i})

            class Values:
                results = fetched

            hook.after_run(None, Values)
        hook.end(session)


def test_each_feature_is_warned_of_once_with_its_share(messages: Any) -> None:
    run({"city": [0, 30, 60], "user": [0, 0, 0]}, seen=100, every=1)
    assert len(messages) == 1
    # At the second step: 30 of 200.
    assert messages[0].startswith("feature city: 15.0 % of the ids in the training input lie")


def test_without_a_log_step_the_warning_comes_at_the_end(messages: Any) -> None:
    run({"city": [1, 1]}, seen=100, every=1000)
    assert [m.split(" of")[0] for m in messages] == ["feature city: 1.0 %"]


def test_a_share_of_one_in_a_thousand_is_not_worth_a_line(messages: Any) -> None:
    warn_of_ids("city", 0.001, "x")
    run({"city": [0]}, seen=0, every=1)
    assert messages == []
