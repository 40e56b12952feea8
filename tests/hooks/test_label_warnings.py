"""Warnings about labels that are read without an error."""

from __future__ import annotations

from typing import Any, List, Optional, Set

import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import LabelColumn
from easy_esmm.errors import UserError
from easy_esmm.hooks.label_warnings import LabelWarningHook
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
model_config { esmm {
  ctr_tower { tower_name: "ctr" label_name: "click" }
  cvr_tower { tower_name: "cvr" label_name: "buy" task_space_indicator_label: "click" }
} }
"""
NOTHING = None


def run(
    clicks: List[List[Optional[float]]],
    buys: List[List[Optional[float]]],
    warned: Optional[Set[str]] = None,
    text: str = CONFIG,
    weights: Optional[List[List[Optional[float]]]] = None,
) -> None:
    """Steps over batches of equal size."""
    config = text_format.Parse(text, PipelineConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        columns = {
            name: LabelColumn(v1.placeholder(tf.float32), v1.placeholder(tf.bool))
            for name in ("click", "buy", "w")
        }
        warned = set() if warned is None else warned
        tasks = task_specs(config.model_config)
        where = "the training input"
        hook = LabelWarningHook(tasks, columns, where, warned, "w" if weights else "")
        for click, buy, weight in zip(clicks, buys, weights or clicks):
            feed = {}
            for name, cells in (("click", click), ("buy", buy), ("w", weight)):
                feed[columns[name].value] = [cell or 0 for cell in cells]
                feed[columns[name].is_missing] = [cell is NOTHING for cell in cells]
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
    none, buy = "none of the 2 rows of the training input has a positive label", "in column 'buy'"
    assert texts == [
        f"{none} {buy} (cvr_tower.label_name)",
        f"{none} in column 'click' (ctr_tower.label_name) or {buy} (cvr_tower.label_name)",
    ]


def test_conversions_without_a_click_are_told_with_their_share(messages: Any) -> None:
    run([[0, 1, 1], [1, 1, 0]], [[1, 1, 1], [1, 0, 0]])
    assert messages == [
        "1 rows of the training input have a positive 'buy' without a positive 'click', 25.0% of "
        "its 4 positives; these labels count as 0"
    ]


def test_where_most_conversions_have_no_click_the_labels_may_be_swapped(messages: Any) -> None:
    run([[1, 0, 0]], [[1, 1, 1]])
    assert messages[0].endswith(
        "these labels count as 0; are the two labels swapped? ctr_tower.label_name is 'click', "
        "cvr_tower.label_name is 'buy'"
    )


def test_what_was_warned_of_is_not_warned_of_again(messages: Any) -> None:
    warned: Set[str] = set()
    for _ in range(2):
        run([[1, 0]], [[NOTHING, 0]], warned)
    assert len(messages) == 2


def test_tasks_without_a_condition_may_be_positive_alone(messages: Any) -> None:
    text = """model_config { simple_multi_task {
      task_towers { tower_name: "a" label_name: "click" }
      task_towers { tower_name: "b" label_name: "buy" }
    } }"""
    run([[1, 0, 0]], [[1, 1, 1]], text=text)
    assert messages == []
    run([[1, 0, 0]], [[0, 0, 0]], text=text)
    assert messages[0].startswith(
        "none of the 3 rows of the training input has a positive label in column 'buy' "
        "(task_towers[1].label_name);"
    )


def test_rows_without_a_weight_are_counted(messages: Any) -> None:
    run([[1, 1, 0], [1, 1, 0]], [[1, 0, 0], [1, 0, 0]], weights=[[1, NOTHING, 0], [0, 2, 3]])
    (message,) = messages
    assert message.startswith(
        "1 of 6 rows of the training input have no value in column 'w' "
        "(data_config.sample_weight), and weigh 0; "
    )


def test_no_weight_at_all_is_an_error_with_the_cause() -> None:
    with pytest.raises(UserError, match="column 'w' has no value in any of the 4 rows of the tr"):
        run([[1, 0], [1, 0]], [[1, 0], [1, 0]], weights=[[NOTHING] * 2] * 2)


def test_a_value_may_be_negative(messages: Any) -> None:
    text = """model_config { simple_multi_task {
      task_towers { tower_name: "a" label_name: "click" }
      task_towers { tower_name: "b" label_name: "buy" loss_type: L2_LOSS }
    } }"""
    run([[1, 0, 0]], [[0, -2, -1]], text=text)
    assert messages == []
