"""Trains a model, evaluates it at each checkpoint and exports it.

python -m easy_esmm.train --pipeline_config X [--model_dir D]
    [--continue_train [--checkpoint_path C] [--accept_changes]]
    [--train_input_path F] [--eval_input_path F] [--train_config.num_steps=100] ... [--dry_run]
    [--log_format json] [--prometheus_file F.prom] [--prometheus_port N] [--mlflow]
"""

from __future__ import annotations

from typing import List

from absl import flags as absl_flags
from google.protobuf import json_format

from easy_esmm import console, flags
from easy_esmm.config import Pipeline
from easy_esmm.data import require_input
from easy_esmm.errors import UserError
from easy_esmm.estimator import cluster
from easy_esmm.installed import tensorboard_command
from easy_esmm.observing import Observer, Observers
from easy_esmm.observing.mlflow_run import MlflowRun
from easy_esmm.observing.prometheus import Prometheus

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "continue_train",
    "checkpoint_path",
    "train_input_path",
    "eval_input_path",
    "fine_tune_checkpoint",
    "batch_size",
    "log_format",
)
absl_flags.DEFINE_bool(
    "accept_changes",
    False,
    "go on although the weights mean something else under this config",
    flag_values=FLAGS,
)
absl_flags.DEFINE_bool(
    "dry_run", False, "check the config and the files, and train nothing", flag_values=FLAGS
)
absl_flags.DEFINE_string(
    "prometheus_file",
    None,
    "file for Prometheus' textfile collector, ending in .prom",
    flag_values=FLAGS,
)
absl_flags.DEFINE_integer(
    "prometheus_port",
    None,
    "port that answers Prometheus during the training",
    lower_bound=1,
    upper_bound=65535,
    flag_values=FLAGS,
)
absl_flags.DEFINE_bool("mlflow", False, "log to MLflow, at MLFLOW_TRACKING_URI", flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Trains and prints where the results are."""
    if FLAGS.checkpoint_path and not FLAGS.continue_train:
        raise UserError("--checkpoint_path: is where --continue_train goes on from: give both")
    pipeline = arguments.load("train")
    console.start(pipeline.notes)
    observers = _observers(pipeline)
    is_server = cluster.role().kind == "ps"  # which reads no files
    if FLAGS.dry_run or not is_server:
        with Observers(observers).told_of_refusal():
            require_input(pipeline)
    if FLAGS.dry_run:
        print("checked: the config, and the heads of the files")
        return
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    trained = training.train(
        pipeline,
        continue_train=FLAGS.continue_train,
        checkpoint_path=FLAGS.checkpoint_path or "",
        accept_changes=FLAGS.accept_changes,
        observers=observers,
        files_are_checked=True,
    )
    if trained.examples:
        print(f"trained on {trained.examples:,} rows")
    if not trained.is_chief:
        return
    print(f"checkpoint: {pipeline.config.model_dir}/model.ckpt-{trained.step}")
    if trained.saved_model:
        print(f"SavedModel: {trained.saved_model}")
    print(f"TensorBoard: {tensorboard_command(pipeline.config.model_dir)}")


def _observers(pipeline: Pipeline) -> List[Observer]:
    """What the flags ask for; in a cluster of the chief alone."""
    observers: List[Observer] = []
    if not cluster.role().is_chief:
        return observers
    if FLAGS.mlflow:
        config = json_format.MessageToDict(pipeline.written, preserving_proto_field_name=True)
        observers.append(MlflowRun(pipeline.config.model_dir, config))
    if FLAGS.prometheus_file or FLAGS.prometheus_port:
        observers.append(Prometheus(FLAGS.prometheus_file or "", FLAGS.prometheus_port or 0))
    return observers


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
