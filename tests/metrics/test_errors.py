"""Mean errors and accuracy against numpy, over probabilities and values."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.contract import ScoredTask
from easy_esmm.protos.eval_pb2 import EvalMetrics

NAMES = ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error")
INPUTS = {"prediction": tf.float32, "label": tf.float32, "weight": tf.float32}


def task(inputs: Dict[str, Any], is_value: bool) -> ScoredTask:
    prediction = inputs["prediction"]
    logit = None if is_value else tf.math.log(prediction) - tf.math.log1p(-prediction)
    return ScoredTask("t", prediction, inputs["label"], inputs["weight"], logit)


@pytest.fixture(scope="module")
def of_values(evaluation: Any) -> Any:
    def build(inputs: Dict[str, Any]) -> Any:
        built: Dict[str, Any] = {}
        for name in NAMES:
            built.update(metrics.build(EvalMetrics(**{name: {}}), task(inputs, True), {}))
        return built

    return evaluation(build, INPUTS)


@pytest.fixture(scope="module")
def of_probabilities(evaluation: Any) -> Any:
    def build(inputs: Dict[str, Any]) -> Any:
        built: Dict[str, Any] = {}
        for name in (*NAMES, "accuracy", "recall", "precision"):
            built.update(metrics.build(EvalMetrics(**{name: {}}), task(inputs, False), {}))
        return built

    return evaluation(build, INPUTS)


def rows(prediction: Any, label: Any, weight: Any) -> Dict[str, Any]:
    columns = {"prediction": prediction, "label": label, "weight": weight}
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}


def test_errors_of_values_by_hand(of_values: Any) -> None:
    # Errors 2, -1, 0 and one outside; weights 1, 3, 1: absolute 5/5, squares (4 + 3)/5.
    values = of_values.run([rows([3, 1, 2, np.inf], [1, 2, 2, 0], [1, 3, 1, 0])])
    assert values["mean_absolute_error_t"] == pytest.approx(1.0)
    assert values["mean_squared_error_t"] == pytest.approx(1.4)
    assert values["root_mean_squared_error_t"] == pytest.approx(np.sqrt(1.4))


@pytest.mark.parametrize("sizes", [[], [1, 500, 3]])
def test_errors_of_probabilities_are_means_over_all_rows_however_they_are_batched(
    of_probabilities: Any, split: Any, sizes: Any
) -> None:
    random = np.random.default_rng(1)
    p = random.uniform(0.01, 0.99, 1000).astype(np.float32)
    label, weight = random.random(1000) < 0.3, random.choice([0.0, 0.5, 2.0], 1000)
    values = of_probabilities.run(split(rows(p, label, weight), sizes))
    error = p.astype(np.float64) - label
    squares = np.average(error**2, weights=weight)
    expected = {
        "mean_absolute_error_t": np.average(np.abs(error), weights=weight),
        "mean_squared_error_t": squares,  # the Brier score
        "root_mean_squared_error_t": np.sqrt(squares),
        "accuracy_t": np.average((p > 0.5) == label, weights=weight),
        "recall_t": np.average(p[label] > 0.5, weights=weight[label]),
        "precision_t": np.average(label[p > 0.5], weights=weight[p > 0.5]),
    }
    assert values == pytest.approx(expected, rel=1e-12)


def test_a_nan_shows_only_if_its_row_counts(of_probabilities: Any) -> None:
    values = of_probabilities.run([rows([0.4, np.nan], [0, 0], [1, 1])])
    assert all(np.isnan(value) for value in values.values())
    values = of_probabilities.run([rows([0.4, np.nan], [0, 0], [1, 0])])
    assert values["accuracy_t"] == 1.0


def test_recall_and_precision_are_of_the_decision_at_one_half(of_probabilities: Any) -> None:
    # Positives .6, .5 and .2, of which the first alone is found; .9 and .6 are said to be positive.
    values = of_probabilities.run([rows([0.6, 0.5, 0.2, 0.9], [1, 1, 1, 0], [2, 1, 1, 1])])
    assert values["recall_t"] == pytest.approx(2 / 4)
    assert values["precision_t"] == pytest.approx(2 / 3)
    values = of_probabilities.run([rows([0.4, 0.9], [0, 0], [1, 1])])
    assert np.isnan(values["recall_t"])
    assert values["precision_t"] == 0.0
    values = of_probabilities.run([rows([0.4, 0.3], [1, 0], [1, 1])])
    assert values["recall_t"] == 0.0
    assert np.isnan(values["precision_t"])


def test_nothing_measured_is_nan(of_probabilities: Any) -> None:
    for batches in ([], [rows([0.5], [1], [0])]):
        assert all(np.isnan(value) for value in of_probabilities.run(batches).values())
