"""Training on users stored once is training on the same rows with users in every row."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import data
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Pipeline
from easy_esmm.data.row_columns import row_columns
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.training import score, train
from tests.conformance import table

STEPS = 12


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return table.small("esmm_user_rows", tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def with_adagrad(pipeline: Pipeline) -> Pipeline:
    """Adam makes steps of full size of gradients that are nothing but rounding."""
    config = type(pipeline.config)()
    config.CopyFrom(pipeline.config)
    adagrad = config.train_config.optimizer_config[0].adagrad_optimizer
    adagrad.learning_rate.constant_learning_rate.learning_rate = 0.05
    return dataclasses.replace(pipeline, config=config)


def batches(pipeline: Pipeline) -> List[Any]:
    return list(data.input_fn(pipeline.config, "train")().take(STEPS))


def placeholder(value: Any) -> Any:
    if isinstance(value, tf.RaggedTensor):
        return v1.ragged.placeholder(value.dtype, 1)
    return v1.placeholder(value.dtype, [None])


def array(value: Any) -> Any:
    if isinstance(value, tf.RaggedTensor):
        return v1.ragged.RaggedTensorValue(value.values.numpy(), value.row_splits.numpy())
    return value.numpy()


def train_on(pipeline: Pipeline, elements: List[Any]) -> Tuple[List[float], Dict[str, Any]]:
    """Loss of each step, and all variables after the last."""
    with tf.Graph().as_default():
        v1.train.create_global_step()
        inputs = tf.nest.map_structure(placeholder, elements[0])
        spec = make_model_fn(pipeline.config)(*inputs, estimator.ModeKeys.TRAIN)
        losses = []
        with v1.Session() as session:
            session.run([v1.global_variables_initializer(), v1.tables_initializer()])
            for element in elements:
                feed = dict(zip(tf.nest.flatten(inputs), map(array, tf.nest.flatten(element))))
                losses.append(session.run([spec.loss, spec.train_op], feed)[0])
            return losses, {v.op.name: session.run(v) for v in v1.global_variables()}


def test_losses_and_variables_are_those_of_the_flat_layout(
    with_adagrad: Pipeline,
) -> None:
    pipeline = with_adagrad
    grouped = batches(pipeline)
    grouped.append(grouped[0])  # so that the first and the last loss are of one batch
    flat = [(dict(row_columns(pipeline.config, columns)), labels) for columns, labels in grouped]
    assert all(0 < len(columns["user"]) < table.BATCH for columns, _ in grouped)
    assert all(len(columns["user"]) == table.BATCH for columns, _ in flat)
    flat_losses, expected = train_on(pipeline, flat)
    losses, found = train_on(pipeline, grouped)
    np.testing.assert_allclose(losses, flat_losses, rtol=1e-5)
    assert losses[-1] < losses[0]
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_predictions_copy_users_columns_to_each_row(pipeline: Pipeline, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    train(pipeline)
    path, reserved = Path(pipeline.config.eval_input_path), ["user", "brands", "item"]
    rows = pq.read_table(path)
    users = pq.read_table(path.with_name(path.name.replace("impressions", "users")))
    users = users.take(rows["user_row"])
    scores = {}
    for folder in ("", str(Path(pipeline.config.model_dir) / "export" / "final")):
        output = str(tmp_path / "scores.parquet")
        score(pipeline, str(path), output, saved_model=folder, reserved_columns=reserved)
        found = pq.read_table(output)
        assert found["user"].to_pylist() == users["user"].to_pylist()
        assert found["brands"].to_pylist() == users["brands"].to_pylist()
        assert found["item"].to_pylist() == rows["item"].to_pylist()
        scores[folder] = found["probs_ctcvr"].to_numpy()
    np.testing.assert_allclose(*scores.values(), rtol=1e-5)
