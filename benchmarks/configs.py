"""The config of a workload: the paper's model, with checkpoints, summaries and metrics on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.workloads import EMBEDDING, TOWER, Feature, Workload
from easy_esmm import config as configs
from easy_esmm.config import Pipeline

SUMMARY_STEPS = 100
INPUTS = {"parquet": "ParquetInput", "csv": "CSVInput", "csv.gz": "CSVInput"}
"""Suffixes of the files that are trained on, and their `input_type`."""


@dataclass(frozen=True)
class Setting:
    """What varies between the cases of one workload."""

    batch: int = 4096
    dtype: str = "FP32"
    optimizer: str = "lazy_adam_optimizer"
    seed: int = 1
    epochs: int = 0
    """0: without end."""
    steps: int = 0
    """0: to the end of the epochs."""
    input: str = "parquet"
    """One of INPUTS."""


def pipeline(workload: Workload, folder: Path, setting: Setting) -> Pipeline:
    """The config, written to `folder` beside the files of the workload, and checked."""
    path = folder / "benchmark.config"
    path.write_text(_text(workload, folder, setting))
    return configs.load(str(path))


def _text(workload: Workload, folder: Path, setting: Setting) -> str:
    users = [c for f in workload.features if f.is_of_users for c in f.columns]
    user_rows = f"user_rows {{ columns: {json.dumps(users)} }}" if workload.is_grouped else ""
    fields = "\n".join(
        f'  input_fields {{ input_name: "{column}" default_val: "-1" '
        f"input_type: {'FLOAT' if column.endswith('_weight') else 'INT32'} }}"
        for feature in workload.features
        for column in feature.columns
    )
    names = json.dumps([feature.name for feature in workload.features if not feature.key])
    attentions = "\n".join(
        f'    sequence_features {{ seq_att_map {{ key: "{f.key}" hist_seq: "{f.name}" }} }}'
        for f in workload.features
        if f.key
    )
    dnn = f"dnn {{ hidden_units: {list(TOWER)} use_bn: false }}"
    metrics = "metrics_set { auc {} }"
    return f"""
train_input_path: "{folder}/impressions-train-*.{setting.input}"
eval_input_path: "{folder}/impressions-eval-*.{setting.input}"
model_dir: "{folder}/model"
train_config {{
  optimizer_config {{
    {setting.optimizer} {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.001 }} }} }}
  }}
  compute_dtype: {setting.dtype} random_seed: {setting.seed} num_steps: {setting.steps}
  save_checkpoints_steps: 1000000 save_summary_steps: {SUMMARY_STEPS} log_step_count_steps: 100
}}
data_config {{
  input_type: {INPUTS[setting.input]} with_header: {_is_text(setting)}
  batch_size: {setting.batch} num_epochs: {setting.epochs}
  label_fields: ["conversion", "click"] {user_rows}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "conversion" input_type: INT32 }}
{fields}
}}
feature_config {{
{chr(10).join(_feature(feature) for feature in workload.features)}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: {names}
{attentions} }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" {dnn} {metrics} }}
    cvr_tower {{ tower_name: "cvr" label_name: "conversion" {dnn} {metrics} }}
  }}
}}
export_config {{ exporter_type: "none" }}
"""


def _is_text(setting: Setting) -> str:
    return str(setting.input != "parquet").lower()


def _feature(feature: Feature) -> str:
    kind = "TagFeature" if feature.mean_values else "IdFeature"
    if feature.key:
        kind = "SequenceFeature"
    shared = feature.key or (feature.name if feature.is_key else "")
    table = f'embedding_name: "{shared}" ' if shared else ""
    return (
        f'  features {{ feature_name: "{feature.name}" {table}'
        f"input_names: {json.dumps(feature.columns)} feature_type: {kind} "
        f"num_buckets: {feature.size} embedding_dim: {EMBEDDING} }}"
    )
