"""Clusters of real processes on loopback: each row is trained on once, whoever is killed."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
import pytest

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.checkpoints.shapes import read_shapes
from easy_esmm.compat import v1
from easy_esmm.evaluation.history import Evaluations, evaluations_folder
from easy_esmm.launching.plan import plan, tasks
from easy_esmm.launching.supervisor import Limits, Supervisor

PROGRAM = Path(__file__).with_name("cluster_process.py")
BATCH = 20
CONFIG = """
train_input_path: "{folder}/train.csv" eval_input_path: "{folder}/eval.csv"
model_dir: "{folder}/model"
train_config {{
  optimizer_config {{
    lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.01 }} }} }}
    use_moving_average: true moving_average_decay: 0.9
  }}
  save_checkpoints_steps: 10 write_graph: false log_step_count_steps: 10
}}
data_config {{
  input_type: CSVInput with_header: true batch_size: {batch} num_epochs: {epochs}
  label_fields: ["click", "conversion"]
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "conversion" input_type: INT32 }}
  input_fields {{ input_name: "row" input_type: INT64 }}
  input_fields {{ input_name: "item" }}
}}
feature_config {{
  features {{ input_names: "row" embedding_dim: 4 num_buckets: {rows} max_partitions: 2 }}
  features {{ input_names: "item" embedding_dim: 4 hash_bucket_size: 50 max_partitions: 9 }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["row", "item"] }}
  esmm {{
    ctr_tower {{
      tower_name: "ctr" label_name: "click"
      dnn {{ hidden_units: [8] dropout_ratio: 0.1 use_bn: false }}
    }}
    cvr_tower {{
      tower_name: "cvr" label_name: "conversion" dnn {{ hidden_units: [8] use_bn: false }}
    }}
  }}
}}
export_config {{ exporter_type: "{export}" }}
"""


class Cluster:
    """A training in `folder`, and what its processes said."""

    def __init__(self, folder: Path, rows: int, epochs: int = 1, export: str = "none") -> None:
        self.folder, self.rows = folder, rows
        self.lines: List[str] = []
        self.config = folder / "pipeline.config"
        text = CONFIG.format(folder=folder, rows=rows, batch=BATCH, epochs=epochs, export=export)
        self.config.write_text(text)
        write_rows(folder / "train.csv", rows, 1)
        write_rows(folder / "eval.csv", 2000, 2)

    def run(
        self, workers: int, ps: int, evaluator: bool = False, **environment: str
    ) -> Tuple[int, Mapping[str, str]]:
        """The exit status, and by process what the launcher tells at its end."""
        command = (sys.executable, str(PROGRAM), str(self.config))
        launches = [
            replace(
                launch,
                command=command,
                restart_command=(*command, "--continue_train"),
                environment={**launch.environment, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            )
            for launch in plan(tasks(workers, ps, evaluator), ())
        ]
        logs = self.folder / "model" / "cluster" / "logs"
        limits = Limits(restart_seconds=0)
        status = Supervisor(launches, logs, limits, self.lines.append, lambda: "...").run()
        ends = [line.split("| ", 1)[1].split(None, 1) for line in self.lines[-len(launches) :]]
        return status, {name: text.rsplit(",", 1)[0] for name, text in ends}

    def checkpoint(self) -> Any:
        """A reader of the newest checkpoint."""
        return v1.train.NewCheckpointReader(v1.train.latest_checkpoint(str(self.folder / "model")))

    def times_trained_on(self) -> Any:
        """By row."""
        return self.checkpoint().get_tensor("seen")


def write_rows(path: Path, rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    item = random.integers(20, size=rows)
    click = random.random(rows) < item / 20
    conversion = click & (random.random(rows) < 0.5)
    lines = [f"{c:d},{v:d},{n},i{i}" for n, (c, v, i) in enumerate(zip(click, conversion, item))]
    path.write_text("\n".join(["click,conversion,row,item", *lines]) + "\n")


def all_well(workers: int, ps: int, evaluator: bool = False) -> Dict[str, str]:
    return {task.name: "status 0, no restart" for task in tasks(workers, ps, evaluator)}


def test_a_chief_and_a_worker_train_on_each_row_once(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, rows=410)
    assert cluster.run(workers=2, ps=1) == (0, all_well(2, 1)), "\n".join(cluster.lines)
    np.testing.assert_array_equal(cluster.times_trained_on(), np.ones(410))
    assert cluster.checkpoint().get_tensor("global_step") == 22  # 205 rows in batches of 20, twice
    # Without an evaluator the chief evaluates the last checkpoint.
    recorded = Evaluations.read(evaluations_folder(str(tmp_path / "model")), 99)
    assert [step for step, _ in recorded.series("auc_ctr")] == [22]


@pytest.mark.slow
def test_a_cluster_learns_what_one_machine_learns(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, rows=3010, epochs=3, export="latest")
    status = cluster.run(workers=3, ps=2, evaluator=True)
    assert status == (0, all_well(3, 2, True)), "\n".join(cluster.lines)
    np.testing.assert_array_equal(cluster.times_trained_on(), np.full(3010, 3))
    # One machine reads the checkpoint; tables are whole in it.
    pipeline = configs.load(str(cluster.config))
    shapes = read_shapes(v1.train.latest_checkpoint(str(tmp_path / "model")))
    assert shapes["embedding/all/row"] == [3010, 4]
    assert shapes["embedding/all/row/Adam"] == [3010, 4]
    assert not any("part_" in name for name in shapes)
    here = training.evaluate(pipeline)
    recorded = Evaluations.read(evaluations_folder(str(tmp_path / "model")), 10**6)
    step, there = recorded.series("auc_ctr")[-1]
    assert step == cluster.checkpoint().get_tensor("global_step")
    assert here["auc_ctr"] == pytest.approx(there, abs=1e-6)
    assert list((tmp_path / "model" / "export" / "latest").iterdir())
    # The same rows on one machine.
    pipeline.config.model_dir = str(tmp_path / "alone")
    pipeline.config.export_config.exporter_type = "none"
    pipeline.config.train_config.save_checkpoints_steps = 1000
    training.train(pipeline)
    assert training.evaluate(pipeline)["auc_ctr"] == pytest.approx(there, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["worker 0", "chief"])
def test_a_killed_trainer_comes_back_and_no_row_is_lost(who: str, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, rows=2010)
    status, ends = cluster.run(workers=2, ps=2, KILL=f"{who} 12")
    assert status == 0, "\n".join(cluster.lines)
    assert ends[who.replace(" ", "-")] == "status 0, 1 restart"
    times = cluster.times_trained_on()
    assert times.min() >= 1
    if who == "chief":
        # All went back to the checkpoint, to their positions at it; a worker that had ended was
        # started again. A step that ran while the chief restored may count twice.
        assert any(re.search(r"step fell|training fell back", line) for line in cluster.lines)
        assert times.sum() <= 2010 + BATCH
    else:
        # What it had trained on since the checkpoint is in the model, and it reads that again.
        assert 2010 < times.sum() <= 2010 + 12 * BATCH
