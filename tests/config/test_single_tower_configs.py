"""Configs of one task as EasyRec's users write them pass, whatever their operations."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest
from google.protobuf import json_format, text_format

from easy_esmm import config
from easy_esmm.config import Pipeline
from easy_esmm.config.edit import Edit
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_IDS = ("pid", "adgroup_id", "user_id", "gender")
_FEATURES = [
    *(
        f'{{ input_names: "{name}" feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 99 }}'
        for name in _IDS
    ),
    '{ input_names: "tags" feature_type: TagFeature separator: "|" hash_bucket_size: 99 '
    "embedding_dim: 8 }",
    '{ input_names: "price" feature_type: RawFeature boundaries: [1, 5, 20] embedding_dim: 8 }',
]
NESTED = "feature_config: {" + " ".join(f"features: {one}" for one in _FEATURES) + "}"
FLAT = " ".join(f"feature_configs: {one}" for one in _FEATURES)
BASE = """
train_input_path: "train.csv"  eval_input_path: "test.csv"  model_dir: "model"
train_config {
  optimizer_config: { adam_optimizer: { learning_rate: { exponential_decay_learning_rate {
    initial_learning_rate: 0.001 decay_steps: 1000 decay_factor: 0.5 min_learning_rate: 1e-5 } } }
    use_moving_average: false }
  num_steps: 60 sync_replicas: True log_step_count_steps: 20 save_checkpoints_steps: 20 TRAIN
}
eval_config { metrics_set: { auc {} } EVAL }
data_config {
  batch_size: 64 num_epochs: 10000 prefetch_size: 32 input_type: CSVInput label_fields: 'clk' DATA
  input_fields { input_name: 'clk' input_type: INT32 }
  input_fields { input_name: 'buy' input_type: INT32 }
  input_fields { input_name: 'pid' } input_fields { input_name: 'adgroup_id' }
  input_fields { input_name: 'user_id' } input_fields { input_name: 'gender' }
  input_fields { input_name: 'tags' } input_fields { input_name: 'map' }
  input_fields { input_name: 'price' input_type: INT32 }
  input_fields { input_name: 'weight' input_type: FLOAT }
}
FEATURES
model_config: {
  model_class: 'MultiTower'
  feature_groups: { group_name: 'user' feature_names: ['user_id', 'gender'] wide_deep: DEEP }
  feature_groups: { group_name: 'item' feature_names: ['adgroup_id', 'price'] wide_deep: DEEP }
  feature_groups: { group_name: 'combo' feature_names: ['pid', 'tags'MORE] wide_deep: DEEP }
  multi_tower {
    towers { input: "user" dnn { hidden_units: [32, 16] } }
    towers { input: "item" dnn { hidden_units: [32, 16] } }
    towers { input: "combo" dnn { hidden_units: [16] } }
    final_dnn { hidden_units: [16, 8] }
    l2_regularization: 1e-6
  }
  MODEL
  embedding_regularization: 1e-4
}
EXPORT
"""
Given = Callable[..., Pipeline]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    def load(edits: Tuple[Edit, ...] = (), **parts: str) -> Pipeline:
        text = BASE
        for part in ("TRAIN", "EVAL", "DATA", "MODEL", "EXPORT", "MORE", "FEATURES"):
            text = text.replace(part, parts.get(part, NESTED if part == "FEATURES" else ""))
        path = tmp_path / "x.config"
        path.write_text(text)
        return config.load(str(path), edits, "train")

    return load


_DERIVED = """feature_config: { FEATURES
  features { feature_name: "cross" input_names: ["pid", "gender"] feature_type: ComboFeature
    embedding_dim: 8 hash_bucket_size: 50 }
  features { feature_name: "of_map" input_names: ["pid", "map"] feature_type: LookupFeature
    kv_separator: ":" embedding_dim: 8 hash_bucket_size: 50 }
  features { feature_name: "dear" input_names: ["price", "gender"] feature_type: ExprFeature
    expression: "(price>50)&(gender==1)" } }""".replace(
    "FEATURES", " ".join(f"features: {one}" for one in _FEATURES)
)
OPERATIONS: Dict[str, Dict[str, str]] = {
    "best export": {"EXPORT": "export_config { exporter_type: 'best' exports_to_keep: 2 }"},
    "latest export of one input": {
        "EXPORT": "export_config { exporter_type: 'latest' multi_placeholder: false }"
    },
    "early stop": {
        "EXPORT": "export_config { exporter_type: 'best' enable_early_stop: true "
        "best_exporter_metric: 'auc' max_check_steps: 20 }"
    },
    "no export": {"EXPORT": "export_config { exporter_type: 'none' }"},
    "checkpoints": {"TRAIN": "keep_checkpoint_max: 2 save_checkpoints_secs: 5"},
    "grouped metrics": {
        "EVAL": "metrics_set { gauc { uid_field: 'user_id' reduction: 'mean_by_positive_num' } } "
        "metrics_set { session_auc { session_id_field: 'pid' reduction: 'mean_by_sample_num' } } "
        "metrics_set { max_f1 {} } metrics_set { recall {} } metrics_set { precision {} }"
    },
    "weights and a second label": {"DATA": "sample_weight: 'weight' label_fields: 'buy'"},
    "derived features": {"FEATURES": _DERIVED, "MORE": ", 'cross', 'of_map', 'dear'"},
}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_config_with_the_operation_passes(operation: str, given: Given) -> None:
    (task,) = given(**OPERATIONS[operation]).tasks
    assert (task.name, task.label) == ("", "clk")


def test_metrics_are_those_of_eval_config(given: Given) -> None:
    (task,) = given(**OPERATIONS["grouped metrics"]).tasks
    assert [metric.WhichOneof("metric") for metric in task.metrics] == [
        *("auc", "gauc", "session_auc", "max_f1", "recall", "precision")
    ]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("", ["cross_entropy_loss"]),
        ("loss_type: BINARY_FOCAL_LOSS", ["binary_focal_loss"]),
        ("loss_type: L2_LOSS", ["l2_loss"]),
        (
            "losses { loss_type: F1_REWEIGHTED_LOSS f1_reweighted_loss { f1_beta_square: 2.25 } } "
            "losses { loss_type: PAIR_WISE_LOSS weight: .5 }",
            ["f1_reweighted_loss", "pair_wise_loss"],
        ),
        (
            "num_class: 2 losses { loss_type: CLASSIFICATION } "
            "losses { loss_type: JRC_LOSS jrc_loss { session_name: 'user_id' } }",
            ["cross_entropy_loss", "jrc_loss"],
        ),
    ],
)
def test_losses_have_easyrecs_names_without_a_suffix(
    model: str, names: object, given: Given
) -> None:
    (task,) = given(MODEL=model).tasks
    assert [loss.loss_name for loss in task.losses] == names


def test_the_flat_form_and_numbers_in_place_of_names_mean_the_same(
    given: Given, tmp_path: Path
) -> None:
    nested, flat = given(), given(FEATURES=FLAT)
    assert flat.config == nested.config
    numbers = tmp_path / "x.json"
    written = text_format.Parse((tmp_path / "x.config").read_text(), PipelineConfig())
    text = json_format.MessageToJson(
        written, preserving_proto_field_name=True, use_integers_for_enums=True
    )
    assert f'"input_type": {DatasetConfig.CSVInput}' in text
    numbers.write_text(text)
    assert config.load(str(numbers)).config == nested.config


@pytest.mark.parametrize("features", [NESTED, FLAT])
def test_edits_reach_features_of_either_form(features: str, given: Given) -> None:
    form = "feature_configs" if features is FLAT else "feature_config.features"
    edits = (
        Edit("edit", f"{form}[:].embedding_dim", 4),
        Edit("edit", f"{form}[input_names[0]=pid].hash_bucket_size", 77),
        Edit("edit", f"{form}[1:3].combiner;{form}[4].combiner", "mean"),
        Edit("edit", "model_config.multi_tower.towers[input=user].dnn.hidden_units", [5]),
    )
    found = given(edits, FEATURES=features).config
    parsed = found.feature_config.features
    assert [feature.embedding_dim for feature in parsed] == [4] * 6
    assert [feature.hash_bucket_size for feature in parsed] == [77, 99, 99, 99, 99, 0]
    assert [feature.combiner for feature in parsed] == [
        *("sum", "mean", "mean", "sum", "mean", "sum")
    ]
    towers = found.model_config.multi_tower.towers
    assert [list(tower.dnn.hidden_units) for tower in towers] == [[5], [32, 16], [16]]
