"""Sums, means and the registry; and that tf.estimator takes what they return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.compat import estimator, v1
from easy_esmm.config.support import field_mark
from easy_esmm.contract import scored_tasks
from easy_esmm.metrics.streaming import sums
from easy_esmm.protos.eval_pb2 import EvalMetrics
from tests.tasks import family, family_labels, family_outputs


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def test_exact_mean_weighs_batches_by_their_rows(evaluation: Any) -> None:
    mean = evaluation(
        lambda i: {"loss": metrics.exact_mean(tf.reduce_sum(i["x"]), tf.size(i["x"]))},
        {"x": tf.float32},
    )
    batches = [{"x": float32([1, 2, 3])}, {"x": float32([10])}]
    # Mean of batch means would be (2 + 10) / 2 = 6.
    assert mean.run(batches)["loss"] == 4.0
    assert np.isnan(mean.run([])["loss"])


def test_sums_do_not_lose_small_rows(evaluation: Any) -> None:
    def build(inputs: Any) -> Any:
        total, update = sums({"x": inputs["x"]}, "x")
        return {"x": (total["x"], update)}

    # In float32 16,777,216 + 1 = 16,777,216.
    batches = [{"x": float32([2**24])}, *[{"x": float32([1])}] * 10]
    assert evaluation(build, {"x": tf.float32}).run(batches)["x"] == 2**24 + 10


def test_metrics_are_registered_by_fields_of_the_schema() -> None:
    supported = {f.name for f in EvalMetrics.DESCRIPTOR.fields if field_mark(f) is None}
    assert set(metrics.registered()) == supported
    assert {"auc", "gauc"} <= supported


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    """No model: the logits are the features."""
    a, b, click, conversion = (features[name] for name in ("a", "b", "click", "conversion"))
    tasks, outputs, observed = family(), family_outputs(a, b), family_labels(click, conversion)
    built = dict(metrics.diagnostics(tasks, outputs, observed))
    for task in scored_tasks(tasks, outputs, observed):
        for config in (EvalMetrics(auc={}), EvalMetrics(gauc={"uid_field": "user"})):
            built.update(metrics.build(config, task, features))
    v1.train.get_or_create_global_step()
    return estimator.EstimatorSpec(mode, loss=tf.reduce_mean(a), eval_metric_ops=built)


def test_an_estimator_evaluates_every_metric_twice_alike(tmp_path: Any, rank_auc: Any) -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 1000)).astype(np.float32)
    click = generator.random(1000) < 1 / (1 + np.exp(-a))
    conversion = click & (generator.random(1000) < 1 / (1 + np.exp(-b)))
    columns = {
        "a": a,
        "b": b,
        "click": click.astype(np.float32),
        "conversion": conversion.astype(np.float32),
        "user": np.array([b"u%d" % (i % 40) for i in range(1000)]),
    }

    def train_fn(features: Any, labels: Any, mode: str) -> Any:
        step = v1.train.get_or_create_global_step()
        v1.get_variable("unused", [])
        if mode == estimator.ModeKeys.TRAIN:
            loss = tf.reduce_mean(features["a"])
            return estimator.EstimatorSpec(mode, loss=loss, train_op=step.assign_add(1).op)
        return model_fn(features, labels, mode)

    config = estimator.RunConfig(model_dir=str(tmp_path), save_summary_steps=None)
    model = estimator.Estimator(train_fn, config=config)

    def input_fn() -> Any:
        return tf.data.Dataset.from_tensor_slices(columns).batch(300)

    model.train(input_fn, steps=1)
    first = model.evaluate(input_fn)
    assert first["auc_ctr"] == pytest.approx(rank_auc(a, click), abs=1e-9)
    assert first["auc_cvr_masked"] == pytest.approx(rank_auc(b[click], conversion[click]), abs=1e-9)
    assert first["count/impressions"] == 1000
    assert first["gauc_ctr_groups"] == 40
    assert all(np.isfinite(value) for value in first.values())
    assert model.evaluate(input_fn) == pytest.approx(first, abs=0)
