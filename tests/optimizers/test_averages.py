"""Moving averages of weights against a dense recursion in float64, in training and when read."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import training
from easy_esmm.checkpoints import restoring
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Pipeline
from easy_esmm.contract import TableRows
from easy_esmm.errors import UserError
from easy_esmm.estimator import checkpoint_fit as checkpoints
from easy_esmm.estimator.dry_build import dry_build
from easy_esmm.optimizers import averages
from easy_esmm.optimizers import step as optimizers
from easy_esmm.protos.train_pb2 import TrainConfig
from tests.conformance import table
from tests.first_values import FirstValues
from tests.optimizers.test_optimizers import ancestors

DECAY = 0.8
# Rows of a table of 5, by step: row 0 in no batch, row 4 once, row 3 after a pause, 1 in all.
BATCHES = [[1, 3], [1, 4], [1, 2], [1], [1, 2, 3], [1]]


def config(kind: str, *, averaged: bool = True) -> TrainConfig:
    text = f"""optimizer_config {{
      {kind} {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.1 }} }} }}
      use_moving_average: {str(averaged).lower()} moving_average_decay: {DECAY} }}"""
    return text_format.Parse(text, TrainConfig())


def trained(settings: TrainConfig, folder: Path) -> Dict[str, List[Any]]:
    """By variable its values after each step, the first ones included; a checkpoint in `folder`."""
    history: Dict[str, List[Any]] = {"table": [], "dense": []}
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        weights = v1.get_variable("table", [5, 2], initializer=v1.random_normal_initializer())
        dense = v1.get_variable("dense", [2], initializer=v1.random_normal_initializer())
        ids = v1.placeholder(tf.int64, [None])
        rows = tf.gather(weights, ids)
        loss = tf.reduce_sum(tf.square(rows - 1.0)) + tf.reduce_sum(tf.square(dense + 2.0))
        step = v1.train.get_or_create_global_step()
        read = [TableRows(weights, ids, rows)]
        update = optimizers.train_op(settings, loss, read, [dense], step)
        session.run(v1.global_variables_initializer())
        for batch in [None, *BATCHES]:
            if batch is not None:
                session.run(update.op, {ids: batch})
            for name, value in zip(("table", "dense"), session.run([weights, dense])):
                history[name].append(value.astype(np.float64))
        v1.train.Saver().save(session, str(folder / "model.ckpt"))
    return history


def average_of(values: List[Any], decay: float = DECAY) -> Any:
    average = values[0]
    for value in values[1:]:
        average = decay * average + (1 - decay) * value
    return average


@pytest.mark.parametrize("kind", ["lazy_adam_optimizer", "adagrad_optimizer", "adam_optimizer"])
def test_averages_are_those_of_every_step_for_rows_in_and_out_of_the_batch(
    kind: str, tmp_path: Path
) -> None:
    history = trained(config(kind), tmp_path)
    checkpoint = v1.train.NewCheckpointReader(str(tmp_path / "model.ckpt"))
    decay = config(kind).optimizer_config[0].moving_average_decay
    for name, values in history.items():
        found = averages.averaged(checkpoint, name, decay)
        np.testing.assert_allclose(found, average_of(values), rtol=1e-5)
        assert np.abs(found - values[-1]).max() > 0.01
    # A rule that moves absent rows needs no steps by row.
    assert checkpoint.has_tensor(f"table/{averages.STEP}") == (kind != "adam_optimizer")


def test_each_weight_is_restored_as_its_average_by_the_decay_of_its_optimizer(
    tmp_path: Path,
) -> None:
    both = config("lazy_adam_optimizer")
    both.optimizer_config.append(both.optimizer_config[0])
    both.optimizer_config[1].moving_average_decay = 0.25
    history = trained(both, tmp_path)
    with tf.Graph().as_default(), v1.Session() as session:
        found = {
            name: v1.get_variable(name, values[0].shape, use_resource=True)
            for name, values in history.items()
        }
        restoring.scaffold(both, {}).saver.restore(session, str(tmp_path / "model.ckpt"))
        read = session.run(found)
    np.testing.assert_allclose(read["table"], average_of(history["table"]), rtol=1e-5)
    np.testing.assert_allclose(read["dense"], average_of(history["dense"], 0.25), rtol=1e-5)


@pytest.mark.parametrize("kind", ["lazy_adam_optimizer", "momentum_optimizer"])
def test_no_operation_of_a_step_reads_or_writes_a_whole_average(kind: str) -> None:
    with tf.Graph().as_default():
        weights = v1.get_variable("embedding/a", [5, 2])
        ids = v1.placeholder(tf.int64, [None])
        rows = tf.gather(weights, ids)
        step = v1.train.get_or_create_global_step()
        read = [TableRows(weights, ids, rows)]
        update = optimizers.train_op(config(kind), tf.reduce_sum(rows), read, [], step)
        touched = {
            op.type
            for op in ancestors(update.op)
            for tensor in op.inputs
            if tensor.dtype == tf.resource and averages.AVERAGE in tensor.op.name
        }
    assert touched == {"ResourceGather", "ResourceScatterUpdate"}


def test_only_the_optimizer_that_asks_for_it_is_averaged() -> None:
    both = config("lazy_adam_optimizer")
    both.optimizer_config.append(config("adagrad_optimizer", averaged=False).optimizer_config[0])
    with tf.Graph().as_default():
        weights, dense = v1.get_variable("table", [5, 2]), v1.get_variable("dense", [2])
        ids = tf.constant([1], tf.int64)
        rows = tf.gather(weights, ids)
        loss = tf.reduce_sum(rows) + tf.reduce_sum(dense)
        read = [TableRows(weights, ids, rows)]
        optimizers.train_op(both, loss, read, [dense], v1.train.get_or_create_global_step())
        names = {v.op.name for v in v1.global_variables() if averages.AVERAGE in v.op.name}
    assert names == {f"table/{averages.AVERAGE}", f"table/{averages.STEP}"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    pipeline = table.small("esmm_moving_average", tmp_path_factory.mktemp("run"), num_steps=6)
    training.train(pipeline)
    return pipeline


def predicted(pipeline: Pipeline) -> Any:
    batches = training.predict(pipeline, pipeline.config.eval_input_path)
    return np.concatenate([batch["logits_ctr"] for batch in batches])


def test_prediction_and_evaluation_use_averages_and_the_weights_where_the_config_says_so(
    run: Pipeline, tmp_path: Path
) -> None:
    """A checkpoint whose weights are the averages gives the same without averages."""
    source = v1.train.load_checkpoint(run.config.model_dir)
    decay = run.config.train_config.optimizer_config[0].moving_average_decay
    plain = type(run.config)()
    plain.CopyFrom(run.config)
    plain.model_dir = str(tmp_path)
    for optimizer in plain.train_config.optimizer_config:
        optimizer.use_moving_average = False
    of_weights = dataclasses.replace(run, config=plain, written=plain)
    with tf.Graph().as_default(), v1.Session() as session:
        for name in source.get_variable_to_shape_map():
            if averages.AVERAGE in name:
                continue
            value = source.get_tensor(name)
            if source.has_tensor(f"{name}/{averages.AVERAGE}"):
                value = averages.averaged(source, name, decay)
            v1.get_variable(name, initializer=value)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), 6)
    np.testing.assert_allclose(predicted(run), predicted(of_weights), rtol=1e-5, atol=1e-6)
    loss = training.evaluate(run)["loss"]
    assert loss == pytest.approx(training.evaluate(of_weights)["loss"], rel=1e-5)
    plain.model_dir = run.config.model_dir
    assert np.abs(predicted(run) - predicted(of_weights)).max() > 1e-3
    assert abs(loss - training.evaluate(of_weights)["loss"]) > 1e-4


def test_training_from_another_checkpoint_begins_averages_and_moments_at_its_values(
    run: Pipeline, tmp_path: Path
) -> None:
    config = type(run.config)()
    config.CopyFrom(run.config)
    config.model_dir, config.eval_input_path = str(tmp_path / "model"), ""
    config.export_config.exporter_type = "none"
    config.train_config.fine_tune_checkpoint = run.config.model_dir
    config.train_config.num_steps = 1
    config.train_config.random_seed += 1
    start = FirstValues()
    training.train(dataclasses.replace(run, config=config, written=config), hooks=[start])
    source = v1.train.load_checkpoint(run.config.model_dir)
    first = start.values
    for name in ("embedding/all/user", "ctr_tower/dnn/dense_0/kernel"):
        weight, moment = (source.get_tensor(one) for one in (name, f"{name}/RMSProp"))
        assert np.abs(weight - source.get_tensor(f"{name}/{averages.AVERAGE}")).max() > 0
        np.testing.assert_array_equal(first[name], weight)
        np.testing.assert_array_equal(first[f"{name}/{averages.AVERAGE}"], weight)
        assert moment.std() > 0
        np.testing.assert_array_equal(first[f"{name}/RMSProp"], moment)


def test_checkpoint_without_averages_is_refused_where_they_are_asked_for(
    run: Pipeline, tmp_path: Path
) -> None:
    path = str(tmp_path / "model.ckpt")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("global_step", [], tf.int64)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, path)
    with pytest.raises(UserError, match=r"use_moving_average: .* holds no averages; set it to"):
        checkpoints.require_fit(run.config, path, estimator.ModeKeys.PREDICT)


def test_averages_that_stand_at_steps_of_their_own_are_refused_where_all_rows_move(
    run: Pipeline, tmp_path: Path
) -> None:
    plain = type(run.config)()
    plain.CopyFrom(run.config)
    (optimizer,) = plain.train_config.optimizer_config
    optimizer.adam_optimizer.learning_rate.constant_learning_rate.learning_rate = 0.1
    variables = dry_build(plain, estimator.ModeKeys.TRAIN).variables
    path = str(tmp_path / "model.ckpt")
    steps = {f"embedding/all/user/{averages.STEP}": [5]}
    for kept in ({}, steps):
        with tf.Graph().as_default(), v1.Session() as session:
            for name, shape in {**variables, **kept}.items():
                v1.get_variable(name, shape, initializer=v1.zeros_initializer())
            session.run(v1.global_variables_initializer())
            v1.train.Saver().save(session, path)
        if not kept:
            checkpoints.require_fit(plain, path, estimator.ModeKeys.TRAIN)
    with pytest.raises(UserError, match=r"AverageStep is in the checkpoint only: the averages"):
        checkpoints.require_fit(plain, path, estimator.ModeKeys.TRAIN)
    checkpoints.require_fit(plain, path, estimator.ModeKeys.EVAL)
