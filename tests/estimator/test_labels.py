"""Label columns to `Labels`."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import LabelColumn
from easy_esmm.estimator.labels import labels_from_columns
from easy_esmm.metrics.groups import group_numbers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

COLUMNS = {
    "click": [0, 1, 1, 0],
    "buy": [1, 1, 0, 0],  # the first row is impossible
    "weight": [2, 3, 4, 5],
    "settled": [1, 0, 2, 0],
}


def labels(ctr: str = "", cvr: str = "", data: str = "") -> Dict[str, Any]:
    config = text_format.Parse(
        f"""
        data_config {{ {data} }}
        model_config {{ esmm {{
          ctr_tower {{ tower_name: "ctr" label_name: "click" {ctr} }}
          cvr_tower {{ tower_name: "cvr" label_name: "buy" {cvr} }}
        }} }}
        """,
        PipelineConfig(),
    )
    columns: Dict[str, Any] = {n: tf.constant(v, tf.float32) for n, v in COLUMNS.items()}
    for name in ("click", "buy", "settled", "weight"):
        is_missing = tf.zeros_like(columns[name], tf.bool)
        columns[name] = LabelColumn(columns[name], is_missing)
    features = {"session": tf.constant(["a", "", "a", ""]), "user": tf.constant([7, 8, 7, 7])}
    tasks = task_specs(config.model_config)
    observed = labels_from_columns(config, tasks, columns, features)
    found = {"weight": observed.weight, **observed.sessions}
    for name, of_task in observed.tasks.items():
        for field, value in vars(of_task).items():
            if value is not None:
                found[f"{name}.{field}"] = value
    return {name: value.numpy() for name, value in found.items()}


def test_a_conversion_without_a_click_is_counted_and_is_not_a_conversion() -> None:
    result = labels()
    np.testing.assert_array_equal(result["ctr.value"], [0, 1, 1, 0])
    for task in ("cvr", "ctcvr"):
        np.testing.assert_array_equal(result[f"{task}.value"], [0, 1, 0, 0])
        np.testing.assert_array_equal(result[f"{task}.violates_condition"], [1, 0, 0, 0])


def test_the_cvr_task_is_observed_on_clicked_rows_alone() -> None:
    result = labels(data='sample_weight: "weight"')
    np.testing.assert_array_equal(result["cvr.weight"], [0, 3, 4, 0])
    np.testing.assert_array_equal(result["ctcvr.weight"], [2, 3, 4, 5])


def test_weights_are_ones_without_a_sample_weight_column() -> None:
    result = labels()
    for name in ("weight", "ctr.weight", "ctr.loss_weight", "cvr.loss_weight"):
        np.testing.assert_array_equal(result[name], [1, 1, 1, 1])


def test_a_tower_may_leave_the_sample_weight_to_the_metrics() -> None:
    result = labels(ctr="use_sample_weight: false", data='sample_weight: "weight"')
    np.testing.assert_array_equal(result["weight"], [2, 3, 4, 5])
    np.testing.assert_array_equal(result["ctr.loss_weight"], [1, 1, 1, 1])
    np.testing.assert_array_equal(result["cvr.loss_weight"], [2, 3, 4, 5])


def test_task_space_weights_multiply_the_sample_weight_of_their_tower() -> None:
    space = """task_space_indicator_label: "settled"
               in_task_space_weight: 0.5 out_task_space_weight: 10"""
    result = labels(cvr=space, data='sample_weight: "weight"')
    np.testing.assert_array_equal(result["cvr.loss_weight"], [1, 30, 2, 50])
    np.testing.assert_array_equal(result["ctr.loss_weight"], [2, 3, 4, 5])


def test_sessions_of_losses_are_numbers_and_a_row_without_one_is_alone() -> None:
    loss = "losses { loss_type: %s %s { session_name: '%s' } }"
    result = labels(
        ctr=loss % ("JRC_LOSS", "jrc_loss", "session"),
        cvr=loss % ("PAIR_WISE_LOSS", "pairwise_loss", "user"),
    )
    np.testing.assert_array_equal(result["user"], [0, 1, 0, 0])
    a, none, again, also_none = result["session"]
    assert a == again
    assert len({a, none, also_none}) == 3
    assert "session" not in labels()


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32, tf.float64])
def test_a_row_whose_numeric_session_is_missing_is_alone(dtype: tf.DType) -> None:
    none = np.nan if dtype.is_floating else dtype.min
    column = tf.constant([-1, none, 0, -1, none, -2], dtype)
    found = group_numbers(column).numpy()
    assert found[0] == found[3]
    assert len(set(found)) == 5


def test_tasks_of_a_model_without_a_product_keep_their_labels_whatever_the_others_say() -> None:
    text = """model_config { simple_multi_task {
      task_towers { tower_name: "a" label_name: "click" }
      task_towers { tower_name: "b" label_name: "buy" task_space_indicator_label: "click"
                    out_task_space_weight: 0 }
    } }"""
    config = text_format.Parse(text, PipelineConfig())
    columns: Dict[str, Any] = {n: tf.constant(v, tf.float32) for n, v in COLUMNS.items()}
    for name in ("click", "buy", "settled", "weight"):
        is_missing = tf.zeros_like(columns[name], tf.bool)
        columns[name] = LabelColumn(columns[name], is_missing)
    observed = labels_from_columns(config, task_specs(config.model_config), columns)
    np.testing.assert_array_equal(observed["b"].value, [1, 1, 0, 0])
    np.testing.assert_array_equal(observed["b"].weight, [1, 1, 1, 1])
    np.testing.assert_array_equal(observed["b"].loss_weight, [0, 1, 1, 0])
    np.testing.assert_array_equal(observed["b"].is_inside, [0, 1, 1, 0])
    assert observed["a"].is_inside is None


@pytest.mark.parametrize(
    ("declared", "value", "inside"),
    [
        ("STRING", "1", [0, 1, 0, 0]),
        ("STRING", "", [0, 0, 1, 0]),
        ("STRING", "\u9996\u9875", [0, 0, 0, 1]),
        ("INT32", "-7", [0, 1, 0, 1]),
        ("INT64", "8", [1, 0, 0, 0]),
        ("DOUBLE", "0.5", [0, 1, 1, 0]),
        ("BOOL", "true", [1, 0, 0, 1]),
    ],
)
def test_a_row_is_inside_a_task_space_where_an_input_column_has_the_value(
    declared: str, value: str, inside: Any
) -> None:
    cells = {
        "STRING": tf.constant(["01", "1", "", "\u9996\u9875"]),
        "INT32": tf.constant([8, -7, 0, -7], tf.int32),
        "INT64": tf.constant([8, -7, 0, -7], tf.int64),
        "DOUBLE": tf.constant([1.5, 0.5, 0.5, np.nan], tf.float64),
        "BOOL": tf.constant([True, False, False, True]),
    }[declared]
    text = f"""
      data_config {{ input_fields {{ input_name: "page" input_type: {declared} }}
                     sample_weight: "weight" }}
      model_config {{ simple_multi_task {{ task_towers {{
        tower_name: "a" label_name: "click" in_task_space_weight: 2 out_task_space_weight: 0.5
        task_space_indicator_name: "page" task_space_indicator_value: "{value}"
      }} }} }}"""
    config = text_format.Parse(text, PipelineConfig())
    columns = {
        "click": LabelColumn(tf.ones([4]), tf.zeros([4], tf.bool)),
        "weight": LabelColumn(tf.constant([1.0, 2.0, 3.0, 4.0]), tf.zeros([4], tf.bool)),
    }
    observed = labels_from_columns(
        config, task_specs(config.model_config), columns, {"page": cells}
    )["a"]
    np.testing.assert_array_equal(observed.is_inside, inside)
    expected = np.array([1, 2, 3, 4]) * np.where(np.array(inside) > 0, 2, 0.5)
    np.testing.assert_array_equal(observed.loss_weight, expected)


def test_a_missing_label_counts_as_0_whatever_stands_in_its_place() -> None:
    text = 'model_config { simple_multi_task { task_towers { tower_name: "a" label_name: "y" } } }'
    config = text_format.Parse(text, PipelineConfig())
    column = LabelColumn(tf.constant([1.0, 1.0, np.nan]), tf.constant([False, True, True]))
    observed = labels_from_columns(config, task_specs(config.model_config), {"y": column})
    np.testing.assert_array_equal(observed["a"].value, [1, 0, 0])
    np.testing.assert_array_equal(observed["a"].is_missing, [False, True, True])
