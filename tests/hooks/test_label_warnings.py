"""Warnings about labels that are read without an error."""

from __future__ import annotations

from typing import Any, List, Optional, Set

import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.hooks.label_warnings import LabelWarningHook
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
model_config { esmm {
  ctr_tower { label_name: "click" }
  cvr_tower { label_name: "buy" task_space_indicator_label: "click" }
} }
"""
NOTHING = -0.0


def run(
    clicks: List[List[float]], buys: List[List[float]], told: Optional[Set[str]] = None
) -> None:
    """Steps over batches of equal size."""
    config = text_format.Parse(CONFIG, PipelineConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        columns = {"click": v1.placeholder(tf.float32), "buy": v1.placeholder(tf.float32)}
        told = set() if told is None else told
        hook = LabelWarningHook(config, columns, "the training input", told)
        for click, buy in zip(clicks, buys):
            feed = {columns["click"]: click, columns["buy"]: buy}
            fetched = session.run(hook.before_run(None).fetches, feed)

            class Values:
                results = fetched

            hook.after_run(None, Values)
        hook.end(session)


def test_labels_that_fit_are_not_worth_a_line(messages: Any) -> None:
    run([[1, 1, 0]], [[1, 0, 0]])
    assert messages == []


def test_rows_without_a_label_are_summed_by_column(messages: Any) -> None:
    run([[1, 1, 0], [NOTHING, 1, 0]], [[1, NOTHING, 0], [NOTHING, 1, 0]])
    texts = [message.split(",")[0] for message in messages]
    assert texts == [
        "1 of 6 rows of the training input have no value in label column 'click'",
        "2 of 6 rows of the training input have no value in label column 'buy'",
    ]
    assert "set the column's default_val" in messages[0]


def test_what_never_happens_is_told_with_field_and_column(messages: Any) -> None:
    run([[1, 0]], [[0, 0]])
    run([[0, 0]], [[0, 0]])
    texts = [message.split(";")[0] for message in messages]
    buy = "conversion (column 'buy', cvr_tower.label_name)"
    assert texts == [
        f"none of the 2 rows of the training input has a {buy}",
        "none of the 2 rows of the training input has a click (column 'click', "
        f"ctr_tower.label_name) or a {buy}",
    ]


def test_conversions_without_a_click_are_told_with_their_share(messages: Any) -> None:
    run([[0, 1, 1], [1, 1, 0]], [[1, 1, 1], [1, 0, 0]])
    assert messages == [
        "1 rows of the training input have a conversion without a click, 25.0% of its 4 "
        "conversions; these conversions are not counted"
    ]


def test_where_most_conversions_have_no_click_the_labels_may_be_swapped(messages: Any) -> None:
    run([[1, 0, 0]], [[1, 1, 1]])
    assert messages[0].endswith(
        "these conversions are not counted; are the two labels swapped? ctr_tower.label_name is "
        "'click', cvr_tower.label_name is 'buy'"
    )


def test_what_was_told_is_not_told_again(messages: Any) -> None:
    told: Set[str] = set()
    for _ in range(2):
        run([[1, 0]], [[NOTHING, 0]], told)
    assert len(messages) == 2
