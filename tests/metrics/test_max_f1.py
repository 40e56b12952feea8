"""The best F1 against a loop over thresholds."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.contract import ScoredTask
from easy_esmm.metrics import score_sums
from easy_esmm.protos.eval_pb2 import EvalMetrics

INPUTS = {"logit": tf.float32, "label": tf.float32, "weight": tf.float32}


def build(inputs: Dict[str, Any]) -> Any:
    logit = inputs["logit"]
    task = ScoredTask("t", tf.sigmoid(logit), inputs["label"], inputs["weight"], logit)
    return metrics.build(EvalMetrics(max_f1={}), task, {})


def rows(logit: Any, label: Any, weight: Any) -> Dict[str, Any]:
    columns = {"logit": logit, "label": label, "weight": weight}
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}


def best_of_thresholds(logit: Any, label: Any, weight: Any) -> float:
    best = 0.0
    for threshold in np.unique(logit[weight > 0]):
        is_predicted = logit >= threshold
        hits = (weight * is_predicted * label).sum()
        misses = (weight * ~is_predicted * label).sum()
        false = (weight * is_predicted * (1 - label)).sum()
        best = max(best, 2 * hits / (2 * hits + misses + false))
    return best


@pytest.fixture(scope="module")
def exact(evaluation: Any) -> Any:
    return evaluation(build, INPUTS)


def test_best_f1_by_hand(exact: Any) -> None:
    # By falling logit: + - + -; F1 of the first 1, 2, 3, 4 rows: 2/3, 1/2, 4/5, 2/3.
    values = exact.run([rows([4, 3, 2, 1], [1, 0, 1, 0], np.ones(4))])
    assert values == {"max_f1_t": pytest.approx(0.8)}


@pytest.mark.parametrize("is_tied", [False, True])
def test_best_f1_is_that_of_the_best_threshold(exact: Any, split: Any, is_tied: bool) -> None:
    random = np.random.default_rng(2)
    logit = random.normal(-4, 3, 400).astype(np.float32)
    logit = np.round(logit) if is_tied else logit
    label = (random.random(400) < 1 / (1 + np.exp(-logit))).astype(float)
    weight = random.choice([0.0, 0.5, 2.0], 400)
    values = exact.run(split(rows(logit, label, weight), [7, 200]))
    expected = best_of_thresholds(logit, label, weight)
    assert values["max_f1_t"] == pytest.approx(expected, rel=1e-12)


def test_beyond_the_kept_rows_thresholds_are_cells(
    evaluation: Any, split: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_sums, "EXACT_ROWS", 100)
    random = np.random.default_rng(3)
    logit = random.normal(-4, 3, 5000).astype(np.float32)
    label = (random.random(5000) < 1 / (1 + np.exp(-logit))).astype(float)
    values = evaluation(build, INPUTS).run(split(rows(logit, label, np.ones(5000)), [1000] * 4))
    expected = best_of_thresholds(logit, label, np.ones(5000))
    assert values["max_f1_t"] == pytest.approx(expected, abs=1e-3)


def test_without_a_positive_it_is_nan_and_with_positives_only_one(exact: Any) -> None:
    assert np.isnan(exact.run([])["max_f1_t"])
    assert np.isnan(exact.run([rows([1, 2], [1, 0], [0, 1])])["max_f1_t"])
    assert exact.run([rows([1, 2], [1, 1], [1, 1])])["max_f1_t"] == 1.0


def test_a_score_that_is_no_number_matters_in_rows_that_count_only(exact: Any) -> None:
    assert exact.run([rows([1, np.nan], [1, 0], [1, 0])])["max_f1_t"] == 1.0
    assert np.isnan(exact.run([rows([1, np.nan], [1, 0], [1, 1])])["max_f1_t"])
