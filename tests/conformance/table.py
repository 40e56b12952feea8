"""The table that every conformance suite runs over: all files in samples/."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any, Dict, Tuple

import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Pipeline
from easy_esmm.config.walk import settings
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.protos.dnn_pb2 import DNN, MLP
from easy_esmm.serving.signature import receive_columns
from tests.conformance.rows import rows_path, write_rows

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES: Tuple[str, ...] = tuple(sorted(path.stem for path in SAMPLES.glob("*.config")))

_COLUMNS = "esmm_quickstart"
"""The sample whose columns and features those of other models have, to be compared with it."""
_FEW = ("101", "205", "210", "508")

TRAIN_ROWS, EVAL_ROWS = 600, 150
BATCH = 50
STEPS = 40


def small(name: str, folder: Path, **train: Any) -> Pipeline:
    """The sample on few random rows in `folder`, with a model_dir there.

    Batch normalisation is switched off: its moving averages need about 500 steps. Samples that have
    the features of `esmm_quickstart` are trained on few of them and write no graph, for the time of
    it: features are that sample's to show.
    """
    pipeline = configs.load(str(SAMPLES / f"{name}.config"))
    config = pipeline.config
    for split, rows, seed in (("train", TRAIN_ROWS, 1), ("eval", EVAL_ROWS, 2)):
        path = rows_path(config, folder, split)
        if not path.exists():
            write_rows(config, path, rows, seed)
    settings: Dict[str, Any] = {
        "num_steps": STEPS,
        "save_checkpoints_steps": STEPS // 2,
        "save_checkpoints_secs": 0,
        "log_step_count_steps": 10,
        "save_summary_steps": 1,
        **train,
    }
    edited = type(config)()
    edited.CopyFrom(config)
    edited.train_input_path = str(rows_path(config, folder, "train"))
    edited.eval_input_path = str(rows_path(config, folder, "eval"))
    edited.model_dir = str(folder / "model")
    edited.data_config.batch_size = BATCH
    edited.data_config.num_epochs = 0
    for key, value in settings.items():
        setattr(edited.train_config, key, value)
    for feature in edited.feature_config.features:
        # Small tables: a checkpoint of the samples' own takes up to 350 MB.
        feature.num_buckets = min(feature.num_buckets, 100)
        feature.hash_bucket_size = min(feature.hash_bucket_size, 1000)
    if has_borrowed_features(name):
        keep_few_features(edited)
        edited.train_config.write_graph = False
    for network in networks(edited):
        network.use_bn = False
        if isinstance(network, MLP):
            network.use_final_bn = False
    for optimizer in edited.train_config.optimizer_config:
        _hasten(getattr(optimizer, optimizer.WhichOneof("optimizer")).learning_rate)
    if config.train_config.fine_tune_checkpoint:
        edited.train_config.fine_tune_checkpoint = _untrained(edited, folder / "earlier")
        names = SAMPLES.parent / config.train_config.fine_tune_ckpt_var_map
        edited.train_config.fine_tune_ckpt_var_map = str(names)
    return dataclasses.replace(pipeline, config=edited, written=edited)


def has_borrowed_features(name: str) -> bool:
    """Whether the sample is one of those that differ from each other in the model."""
    return name != _COLUMNS and _feature_config(name) == _feature_config(_COLUMNS)


@cache
def _feature_config(name: str) -> Any:
    return configs.load(str(SAMPLES / f"{name}.config")).config.feature_config


def keep_few_features(config: Any) -> None:
    """Leaves two ids, a list and a weighted list of the features that a sample borrows."""
    features = [f for f in config.feature_config.features if f.feature_name in _FEW]
    del config.feature_config.features[:]
    config.feature_config.features.extend(features)
    for group in config.model_config.feature_groups:
        names = [name for name in group.feature_names if name in _FEW]
        del group.feature_names[:]
        group.feature_names.extend(names)


def _untrained(config: Any, folder: Path) -> str:
    """A checkpoint of the config's model at its first values."""
    if not folder.exists():
        with tf.Graph().as_default(), v1.Session() as session:
            v1.train.create_global_step()
            make_model_fn(config)(receive_columns(config), None, estimator.ModeKeys.PREDICT)
            session.run(v1.global_variables_initializer())
            v1.train.Saver().save(session, str(folder / "model.ckpt"), 0)
    return str(folder)


def _hasten(learning_rate: Any) -> None:
    """A rate at which 40 steps show."""
    kind = learning_rate.WhichOneof("learning_rate")
    schedule = getattr(learning_rate, kind)
    fields = ("learning_rate", "initial_learning_rate", "learning_rate_base")
    if kind != "transformer_learning_rate":  # whose base is a factor, not a rate
        setattr(schedule, next(name for name in fields if hasattr(schedule, name)), 0.02)


def networks(config: Any) -> Any:
    return [setting.value for setting in settings(config) if isinstance(setting.value, (DNN, MLP))]
