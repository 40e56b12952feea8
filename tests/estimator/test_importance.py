"""Rows with exchanged inputs: what is exchanged, with what, and what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.config import Pipeline
from easy_esmm.estimator.importance import Permuted, evaluate_permuted, inputs_of
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from tests.conformance import table

# ruff: noqa: E501  (a feature a line)
CONFIG = """
train_input_path: "{folder}/rows.csv" eval_input_path: "{folder}/rows.csv" model_dir: "{folder}/model"
train_config {{
  num_steps: 20 save_checkpoints_steps: 20 write_graph: false freeze_gradient: "city"
  optimizer_config {{ lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.1 }} }} }} }}
}}
data_config {{
  with_header: true batch_size: 32 num_epochs: 0 sample_weight: "weight"
  input_fields {{ input_name: "buy" input_type: INT32 }}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "weight" input_type: FLOAT }}
  input_fields {{ input_name: "item" }}
  input_fields {{ input_name: "city" }}
  label_fields: "buy"
  label_fields: "click"
}}
feature_config {{
  features {{ input_names: "item" embedding_dim: 3 hash_bucket_size: 50 }}
  features {{ input_names: "city" embedding_dim: 2 hash_bucket_size: 50 initializer {{ constant_initializer {{ consts: 0 }} }} }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["item", "city"] }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 4 use_bn: false }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 4 use_bn: false }} }}
  }}
}}
export_config {{ exporter_type: "none" }}
"""
ROWS = 150


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Pipeline, str]:
    """A model of which one feature is all zeros, and its checkpoint."""
    folder = tmp_path_factory.mktemp("importance")
    random = np.random.default_rng(3)
    item = random.integers(0, 20, ROWS)
    click = random.random(ROWS) < item / 20
    rows = {
        "click": click.astype(int),
        "buy": (click & (random.random(ROWS) < 0.5)).astype(int),
        "weight": random.integers(1, 4, ROWS),
        "item": [f"i{number}" for number in item],
        "city": [f"c{number}" for number in random.integers(0, 9, ROWS)],
    }
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    path = folder / "x.config"
    path.write_text(CONFIG.format(folder=folder))
    pipeline = configs.load(str(path))
    return pipeline, f"{folder}/model/model.ckpt-{training.train(pipeline).step}"


@pytest.fixture(scope="module")
def permuted(trained: Tuple[Pipeline, str]) -> Permuted:
    return evaluate_permuted(*trained, rows=ROWS)


def test_the_plain_rows_are_those_of_the_evaluation(
    trained: Tuple[Pipeline, str], permuted: Permuted
) -> None:
    recorder = RowRecorder()
    training.evaluate(trained[0], recorder=recorder)
    expected = recorder.rows()
    np.testing.assert_array_equal(permuted.plain.weight, expected.weight)
    for name, logits in expected.logits.items():
        np.testing.assert_allclose(permuted.plain.logits[name], logits, rtol=1e-6)
    for name, labels in expected.labels.items():
        np.testing.assert_array_equal(permuted.plain.labels[name], labels)


def test_a_feature_without_an_effect_changes_nothing_and_the_only_other_one_is_exchanged(
    permuted: Permuted,
) -> None:
    (item, with_item), (city, with_city) = permuted.exchanged
    assert (item.columns, city.columns) == (("item",), ("city",))
    for name, plain in permuted.plain.logits.items():
        np.testing.assert_array_equal(with_city.logits[name], plain)
        found = with_item.logits[name]
        assert (found != plain).mean() > 0.5
        np.testing.assert_allclose(np.sort(found), np.sort(plain), rtol=1e-6)
    for rows in (with_item, with_city):  # labels and weights stay with their row
        np.testing.assert_array_equal(rows.weight, permuted.plain.weight)
        for name, labels in permuted.plain.labels.items():
            np.testing.assert_array_equal(rows.labels[name], labels)


def test_few_rows_are_a_batch_of_their_own_and_a_seed_repeats_itself(
    trained: Tuple[Pipeline, str],
) -> None:
    first, again = (evaluate_permuted(*trained, rows=40, seed=5) for _ in range(2))
    assert len(first.plain.weight) == 40
    logits = [one.exchanged[0][1].logits["ctr"] for one in (first, again)]
    np.testing.assert_array_equal(*logits)
    other = evaluate_permuted(*trained, rows=40, seed=6).exchanged[0][1].logits["ctr"]
    assert (other != logits[0]).any()


def config(text: str) -> PipelineConfig:
    found = text_format.Parse(text, PipelineConfig())
    for feature in found.feature_config.features:
        feature.feature_name = feature.feature_name or feature.input_names[0]
    return found


def test_features_that_share_a_column_are_exchanged_together_and_groups_as_a_whole() -> None:
    found = inputs_of(
        config(
            """
            feature_config {
              features { input_names: "a" } features { input_names: "b" }
              features { feature_name: "cross" input_names: ["a", "c"] }
              features { feature_name: "c2" input_names: "c" } features { input_names: "unused" }
              features { feature_name: "more" input_names: "c" }
            }
            model_config {
              feature_groups { group_name: "one" feature_names: ["a", "cross", "c2", "more"] }
              feature_groups { group_name: "two" feature_names: ["b", "a"] } }
            """
        )
    )
    assert [(one.name, one.columns, one.is_group) for one in found] == [
        ("b", ("b",), False),
        ("a, cross, c2 and 1 more", ("a", "c"), False),
        ("group one", ("a", "c"), True),
        ("group two", ("a", "b"), True),
    ]


def test_histories_of_an_attention_or_a_group_are_exchanged_together() -> None:
    found = inputs_of(
        config(
            """
            feature_config {
              features { input_names: "item" }
              features { input_names: "clicked" feature_type: SequenceFeature }
              features { input_names: "times" feature_type: SequenceFeature }
              features { input_names: "bought" feature_type: SequenceFeature }
              features { input_names: "prices" feature_type: SequenceFeature }
            }
            model_config {
              feature_groups { group_name: "all" feature_names: ["item"] sequence_features {
                seq_att_map { key: "item" hist_seq: "clicked" aux_hist_seq: "times" } } }
              feature_groups { group_name: "din" feature_names: ["bought", "prices"] } }
            """
        )
    )
    assert [one.columns for one in found if not one.is_group] == [
        ("item",),
        ("clicked", "times"),
        ("bought", "prices"),
    ]


def test_columns_of_users_are_exchanged_between_rows(tmp_path: Path) -> None:
    pipeline = table.small("esmm_user_rows", tmp_path, num_steps=2, save_checkpoints_steps=2)
    pipeline.config.export_config.exporter_type = "none"
    training.train(pipeline)
    checkpoint = f"{pipeline.config.model_dir}/model.ckpt-2"
    permuted = evaluate_permuted(pipeline, checkpoint, rows=table.EVAL_ROWS)
    users = set(pipeline.config.data_config.user_rows.columns)
    of_users = [rows for one, rows in permuted.exchanged if set(one.columns) <= users]
    assert of_users
    plain: Any = permuted.plain.logits["ctr"]
    assert len(plain) == table.EVAL_ROWS
    assert all((rows.logits["ctr"] != plain).any() for rows in of_users)
    assert tf.executing_eagerly()
