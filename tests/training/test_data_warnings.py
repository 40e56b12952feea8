"""Warnings about data that is read without an error."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

import pytest
import tensorflow as tf
from absl import logging as absl_logging

from easy_esmm.compat import v1
from easy_esmm.contract import Labels
from easy_esmm.features import Embedded
from easy_esmm.protos.train_pb2 import TrainConfig
from easy_esmm.training.data_warnings import DataWarningHook, warn_of_conversions, warn_of_ids


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """What was logged as a warning."""
    found: List[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger = absl_logging.get_absl_logger()
    handler = Keep(logging.WARNING)
    logger.addHandler(handler)
    monkeypatch.setattr(logger, "propagate", False)
    yield found
    logger.removeHandler(handler)


def run(outside: Dict[str, List[int]], seen: int, orphans: List[int], every: int) -> None:
    """Steps of a training; each list has a number a step."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.placeholder(tf.int32, [])
        counts = {n: tf.gather(tf.constant(v, tf.int64), step) for n, v in outside.items()}
        embedded = Embedded(
            groups={},
            widths={},
            tables=(),
            squared_norm=None,
            out_of_range=counts,
            ids_seen={name: tf.constant(seen, tf.int64) for name in outside},
        )
        orphan = tf.cast(tf.gather(tf.constant(orphans), [step]), tf.float32)
        labels = Labels(orphan, orphan, orphan, orphan, orphan, orphan)
        hook = DataWarningHook(embedded, labels, TrainConfig(log_step_count_steps=every))
        for i in range(len(orphans)):
            fetched = session.run(hook.before_run(None).fetches, {step: i})

            class Values:
                results = fetched

            hook.after_run(None, Values)
        hook.end(session)


def test_each_feature_is_warned_of_once_with_its_share(messages: Any) -> None:
    run({"city": [0, 30, 60], "user": [0, 0, 0]}, seen=100, orphans=[0, 0, 0], every=1)
    assert len(messages) == 1
    # At the second step: 30 of 200.
    assert messages[0].startswith("feature city: 15.0 % of the ids in the training input lie")


def test_without_a_log_step_the_warning_comes_at_the_end(messages: Any) -> None:
    run({"city": [1, 1]}, seen=100, orphans=[0, 0], every=1000)
    assert [m.split(" of")[0] for m in messages] == ["feature city: 1.0 %"]


def test_impossible_conversions_are_summed_over_the_training(messages: Any) -> None:
    run({}, seen=0, orphans=[2, 0, 1500], every=1)
    assert messages == [
        "1,502 rows of the training input have a conversion without a click; these conversions "
        "are not counted"
    ]


def test_a_share_of_one_in_a_thousand_and_no_conversion_are_not_worth_a_line(messages: Any) -> None:
    warn_of_ids("city", 0.001, "x")
    warn_of_conversions(0, "x")
    run({"city": [0]}, seen=0, orphans=[0], every=1)
    assert messages == []
