"""One training with all observers: what each of them is told, value for value."""

from __future__ import annotations

import contextlib
import io
import json
import math
import sys
import types
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple
from urllib.request import urlopen

import pandas as pd
import pytest
from google.protobuf import json_format

from easy_esmm import log_lines, training
from easy_esmm.config import load
from easy_esmm.errors import UserError
from easy_esmm.observing import End, Observer, Progress
from easy_esmm.observing.mlflow_run import MlflowRun
from easy_esmm.observing.prometheus import Prometheus

CONFIG = """
train_input_path: "train.csv"
eval_input_path: "eval.csv"
model_dir: "model"
train_config {
  optimizer_config { adam_optimizer { learning_rate { constant_learning_rate {} } } }
  num_steps: 5
  log_step_count_steps: 2
  save_checkpoints_steps: 3
}
data_config {
  with_header: true
  batch_size: 10
  ignore_error: true
  num_epochs: 2
  shuffle: false
  label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" input_type: INT32 }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 2 num_buckets: 9 }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 2 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 2 use_bn: false } }
  }
}
"""


class Record(Observer):
    """What it was told, by name."""

    def __init__(self) -> None:
        self.told: List[Tuple[str, Any]] = []
        self.pages: List[str] = []
        self.port = 0

    def on_start(self, step: int, manifest: str) -> None:
        with open(manifest, encoding="utf-8") as file:
            self.told.append(("start", (step, json.load(file)["status"])))

    def on_progress(self, progress: Progress) -> None:
        self.told.append(("progress", progress))
        with urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            self.pages.append(answer.read().decode())

    def on_checkpoint(self, step: int) -> None:
        self.told.append(("checkpoint", step))

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        self.told.append(("evaluation", (step, dict(metrics))))

    def on_end(self, end: End) -> None:
        self.told.append(("end", end))

    def of(self, name: str) -> List[Any]:
        return [value for kind, value in self.told if kind == name]


class Failing(Observer):
    def on_progress(self, progress: Progress) -> None:
        raise ZeroDivisionError("of a user's own")


class FakeClient:
    """In the place of a server of MLflow; `down` makes each request fail."""

    down = False
    requests = 0

    def __init__(self) -> None:
        self.params: Dict[str, str] = {}
        self.metrics: Dict[Tuple[str, int], float] = {}
        self.artifacts: List[str] = []
        self.status = "RUNNING"

    def get_experiment_by_name(self, name: str) -> Any:
        type(self).requests += 1
        if self.down:
            raise ConnectionError("refused")
        return None

    def create_experiment(self, name: str) -> str:
        return "1"

    def create_run(self, experiment: str, run_name: str) -> Any:
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=run_name))

    def log_batch(self, run: str, metrics: Any = (), params: Any = ()) -> None:
        assert run == "model"
        self.params.update(params)
        self.metrics.update({(name, step): value for name, value, _, step in metrics})

    def log_artifact(self, run: str, path: str) -> None:
        self.artifacts.append(Path(path).read_text(encoding="utf-8"))

    def set_terminated(self, run: str, status: str) -> None:
        self.status = status


def fake_mlflow() -> types.ModuleType:
    module = types.ModuleType("mlflow")
    module.entities = types.ModuleType("mlflow.entities")
    module.entities.Param = lambda *values: values
    module.entities.Metric = lambda *values: values
    module.MlflowClient = FakeClient
    return module


class Watched:
    """A training of 5 steps of 10 rows, which ended well, and what was told of it."""

    record = Record()
    client: Any
    lines: List[Dict[str, Any]]
    manifest: Dict[str, Any]
    killed: Dict[str, Any]
    metrics: str


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setitem(sys.modules, "mlflow", fake_mlflow())
        patch.setitem(sys.modules, "mlflow.entities", sys.modules["mlflow"].entities)
        patch.setenv("SOME_SECRET", "hunter2")
        rows = pd.DataFrame({"user": range(31), "click": [0, 1] * 15 + [1], "buy": 0})
        rows.astype(str).replace({"user": {"7": "x"}}).to_csv("train.csv", index=False)
        rows[:4].to_csv("eval.csv", index=False)
        Path("x.config").write_text(CONFIG)
        pipeline = load("x.config", command="train")
        killed = Path("model/manifests/2020-01-01T00-00-00.000000Z.json")
        killed.parent.mkdir(parents=True)
        killed.write_text('{"status": "running", "seed": 7}')
        found = Watched()
        found.record.port = free_port()
        written = json_format.MessageToDict(pipeline.written, preserving_proto_field_name=True)
        mlflow = MlflowRun("model", written)
        prometheus = Prometheus("m.prom", found.record.port)
        output = io.StringIO()
        log_lines.use_json()
        try:
            with contextlib.redirect_stderr(output):
                training.train(
                    pipeline,
                    continue_train=True,
                    observers=[Failing(), mlflow, prometheus, found.record],
                )
        finally:
            log_lines.use_json(False)
        found.client = mlflow._client
        found.lines = [json.loads(line) for line in output.getvalue().splitlines()]
        found.killed = json.loads(killed.read_text())
        found.manifest = json.loads(sorted(killed.parent.iterdir())[-1].read_text())
        found.metrics = Path("m.prom").read_text()
        yield found


def free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_observers_are_told_in_order_and_end_with_the_exact_counts(watched: Watched) -> None:
    told = watched.record.told
    assert [kind for kind, _ in told if kind != "checkpoint"] == [
        "start", "progress", "evaluation", "progress", "evaluation", "end",
    ]  # fmt: skip
    assert watched.record.of("start") == [(0, "running")]
    assert watched.record.of("checkpoint") == [3, 5]
    assert [p.step for p in watched.record.of("progress")] == [2, 4]
    assert [p.examples for p in watched.record.of("progress")] == [20, 40]
    assert [p.last_step for p in watched.record.of("progress")] == [5, 5]
    assert [step for step, _ in watched.record.of("evaluation")] == [3, 5]
    (end,) = watched.record.of("end")
    assert (end.status, end.error, end.step, end.examples) == ("finished", "", 5, 50)
    assert end.rows_skipped >= 1  # of the one bad row, once in each epoch that was begun


def test_manifest_tells_what_was_trained_on_what(watched: Watched) -> None:
    import hashlib

    manifest = watched.manifest
    (end,) = watched.record.of("end")
    assert (manifest["status"], manifest["first_step"], manifest["last_step"]) == ("finished", 0, 5)
    assert (manifest["examples"], manifest["rows_skipped"]) == (50, end.rows_skipped)
    for kind, name in (("train", "train.csv"), ("eval", "eval.csv")):
        content = Path(name).read_bytes()
        (file,) = manifest["files"][kind]
        assert (file["path"], file["size"]) == (name, len(content))
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    config = Path("model/pipeline.config").read_bytes()
    assert manifest["config"]["sha256"] == hashlib.sha256(config).hexdigest()
    assert manifest["seed"] == 1
    assert manifest["evaluation"]["step"] == 5
    assert "hunter2" not in json.dumps(manifest)


def test_run_that_was_killed_is_marked_by_the_next(watched: Watched) -> None:
    assert watched.killed == {"status": "killed", "seed": 7}


def test_prometheus_file_holds_the_end(watched: Watched) -> None:
    lines = watched.metrics.splitlines()
    step, metrics = watched.record.of("evaluation")[-1]
    assert "easy_esmm_step 5.0" in lines
    assert "easy_esmm_examples_total 50.0" in lines
    assert f"easy_esmm_loss {watched.record.of('progress')[-1].loss!r}" in lines
    assert "easy_esmm_checkpoint_step 5.0" in lines
    assert f"easy_esmm_evaluation_step {float(step)}" in lines
    assert f'easy_esmm_evaluation{{metric="auc_ctr"}} {metrics["auc_ctr"]!r}' in lines
    assert 'easy_esmm_status{easy_esmm_status="finished"} 1.0' in lines
    assert 'easy_esmm_status{easy_esmm_status="running"} 0.0' in lines


def test_prometheus_port_answers_during_the_training_only(watched: Watched) -> None:
    first, second = watched.record.pages
    assert "easy_esmm_step 2.0\n" in first
    assert "easy_esmm_examples_total 20.0\n" in first
    assert "easy_esmm_step 4.0\n" in second
    assert "easy_esmm_examples_total 40.0\n" in second
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{watched.record.port}/metrics")


def test_mlflow_gets_parameters_metrics_by_step_and_artifacts(watched: Watched) -> None:
    client = watched.client
    assert client.params["train_config.num_steps"] == "5"
    assert client.params["model_config.feature_groups.0.feature_names.0"] == "user"
    for progress in watched.record.of("progress"):
        assert client.metrics["train/loss", progress.step] == progress.loss
    for step, metrics in watched.record.of("evaluation"):
        assert client.metrics["eval/loss", step] == metrics["loss"]
        assert client.metrics["eval/count.clicks", step] == metrics["count/clicks"]
    config, manifest = client.artifacts
    assert config == Path("model/pipeline.config").read_text()
    # The manifest comes first among the observers, and is whole when MLflow takes it.
    assert json.loads(manifest) == watched.manifest
    assert client.status == "FINISHED"


def test_json_lines_hold_numbers_as_fields_and_nan_as_null(watched: Watched) -> None:
    steps = [line for line in watched.lines if "examples_per_second" in line]
    told = watched.record.of("progress")
    assert [(line["step"], line["loss"]) for line in steps] == [(p.step, p.loss) for p in told]
    assert {line["level"] for line in steps} == {"info"}
    evaluated = [line for line in watched.lines if "metrics" in line]
    for line, (step, metrics) in zip(evaluated, watched.record.of("evaluation")):
        assert line["step"] == step
        assert line["metrics"]["auc_ctr"] == metrics["auc_ctr"]
        assert math.isnan(metrics["auc_ctcvr"])  # no row was bought
        assert line["metrics"]["auc_ctcvr"] is None


def test_refused_training_is_told_as_failed_and_leaves_no_manifest(watched: Watched) -> None:
    before = sorted(Path("model/manifests").iterdir())
    record = Record()
    with pytest.raises(UserError, match="num_steps"):
        training.train(load("x.config", command="train"), continue_train=True, observers=[record])
    ((kind, end),) = record.told
    assert (kind, end.status) == ("end", "failed")
    assert "has been trained for 5 steps already" in end.error
    assert sorted(Path("model/manifests").iterdir()) == before


def test_failing_observer_is_told_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    from easy_esmm.observing import Observers

    record = Record()
    observers = Observers([Failing(), record])
    record.on_progress = lambda progress: record.told.append(("progress", progress))  # type: ignore[method-assign]
    progress = Progress(1, 0.5, 10, 100.0)
    with caplog.at_level("WARNING"):
        observers.on_progress(progress)
        observers.on_progress(progress)
    assert record.of("progress") == [progress, progress]
    assert [r.getMessage() for r in caplog.records if "Failing" in r.getMessage()] == [
        "Failing failed, and training goes on (told once): ZeroDivisionError: of a user's own"
    ]


def test_mlflow_server_that_is_down_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = fake_mlflow()
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.setitem(sys.modules, "mlflow.entities", module.entities)
    monkeypatch.setattr(FakeClient, "down", True)
    monkeypatch.setattr(FakeClient, "requests", 0)
    run = MlflowRun("model", {})
    with pytest.raises(ConnectionError):
        run.on_start(0, "")
    run.on_progress(Progress(1, 0.5, 10, 100.0))
    run.on_end(End("finished", ""))
    assert FakeClient.requests == 1
