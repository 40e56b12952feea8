"""Training on several devices of one machine, with two parts of the CPU in the place of GPUs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import pandas as pd
import pytest

from easy_esmm.config import Edit, load
from easy_esmm.errors import UserError
from easy_esmm.estimator import mirrored
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

OPTIMIZERS = ("lazy_adam_optimizer", "adam_optimizer")
ROWS = 400
CONFIG = """
train_input_path: "rows.csv"
model_dir: "model"
train_config {
  optimizer_config { OPTIMIZER { learning_rate { constant_learning_rate { learning_rate: .01 } } } }
  train_distribute: MirroredStrategy
}
data_config {
  with_header: true
  num_epochs: 1
  shuffle: false
  label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 100 }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: "user" }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 8 use_bn: false } }
  }
}
export_config { exporter_type: "none" }
"""
CLONE = Path(__file__).resolve().parents[2]

# A process has its devices from the first operation on: the trainings have one of their own.
PROGRAM = """
import json
import sys
import numpy as np
import tensorflow as tf
from easy_esmm.config import Edit, load
from easy_esmm.estimator import factory, mirrored
from easy_esmm import training

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
run_config = factory._run_config

def two_cpus(*arguments):
    made = run_config(*arguments)
    made.session_config.device_count["CPU"] = 2  # else the session hangs
    return made

factory._run_config = two_cpus
differences = {}
for optimizer in sys.argv[1:]:
    for devices, batch in ((["/cpu:0", "/cpu:1"], 25), (["/cpu:0"], 50)):
        mirrored.devices = lambda: devices
        edits = {"model_dir": f"{optimizer}_{len(devices)}", "data_config.batch_size": batch}
        changes = [Edit("test", path, value) for path, value in edits.items()]
        pipeline = load(f"{optimizer}.config", changes)
        trained = training.train(pipeline)
    assert (trained.step, trained.examples) == (8, 400), trained
    readers = [tf.train.load_checkpoint(f"{optimizer}_{n}") for n in (1, 2)]
    names = [name for name, _ in tf.train.list_variables(f"{optimizer}_1")]
    assert names == [name for name, _ in tf.train.list_variables(f"{optimizer}_2")]
    pairs = [[reader.get_tensor(name) for reader in readers] for name in names]
    differences[optimizer] = max(float(np.abs(a - b).max()) for a, b in pairs)
print(json.dumps(differences))
"""


@pytest.mark.slow
def test_two_devices_with_25_rows_each_train_as_one_with_50(tmp_path: Path) -> None:
    for optimizer in OPTIMIZERS:
        (tmp_path / f"{optimizer}.config").write_text(CONFIG.replace("OPTIMIZER", optimizer))
    random = np.random.default_rng(0)
    click = random.integers(0, 2, ROWS)
    users = random.integers(0, 30, ROWS)  # several rows of a batch, and of both batches, each
    columns = {"user": users, "click": click, "buy": click * random.integers(0, 2, ROWS)}
    pd.DataFrame(columns).to_csv(tmp_path / "rows.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *OPTIMIZERS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CLONE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    differences: Dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert len(differences) == 2
    assert max(differences.values()) < 1e-6, differences


def config_with(tmp_path: Path, *edits: Edit) -> PipelineConfig:
    (tmp_path / "x.config").write_text(CONFIG.replace("OPTIMIZER", "lazy_adam_optimizer"))
    return load(str(tmp_path / "x.config"), edits).config


def test_one_device_trains_without_a_strategy(tmp_path: Path) -> None:
    assert mirrored.strategy(config_with(tmp_path)) is None  # there is no GPU here


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            Edit("test", "train_config.gradient_clipping_by_norm", 0.5),
            "train_config.gradient_clipping_by_norm: must be 0: each GPU would clip by the norm of "
            "its own batch, got 0.5; with train_distribute: MirroredStrategy and 2 GPUs; leave one "
            "of the two out",
        ),
        (
            Edit("test", "train_config.optimizer_config[0].use_moving_average", True),
            "train_config.optimizer_config.use_moving_average: must be false",
        ),
        (
            Edit("test", "train_config.fine_tune_checkpoint", "earlier"),
            "train_config.fine_tune_checkpoint: must be unset",
        ),
        (
            Edit("test", "feature_config.features[0].embedding_init_file", "v.parquet"),
            "feature_config.features.embedding_init_file: must be unset",
        ),
        (
            Edit("test", "model_config.loss_reduction", "SUM"),
            "model_config.loss_reduction: must",
        ),
    ],
)
def test_what_several_devices_would_do_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Edit, message: str
) -> None:
    monkeypatch.setattr(mirrored, "devices", lambda: ["/gpu:0", "/gpu:1"])
    with pytest.raises(UserError) as caught:
        mirrored.strategy(config_with(tmp_path, edit))
    assert str(caught.value).startswith(message)
