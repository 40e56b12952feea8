"""AUC, kept rows and cells, against the rank statistic; its standard error against all pairs."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm import metrics
from easy_esmm.contract import ScoredTask
from easy_esmm.metrics.score_sums import kept_sums
from easy_esmm.protos.eval_pb2 import EvalMetrics


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


ROWS = {"logit": tf.float32, "label": tf.float32, "weight": tf.float32}


def task(inputs: Dict[str, Any], name: str = "ctr") -> ScoredTask:
    logit = inputs["logit"]
    return ScoredTask(name, tf.sigmoid(logit), inputs["label"], inputs["weight"], logit)


def value_task(inputs: Dict[str, Any]) -> ScoredTask:
    return ScoredTask("value", inputs["logit"], inputs["label"], inputs["weight"], None)


def rows(logit: Any, label: Any, weight: Any = None) -> Dict[str, Any]:
    weight = np.ones(len(logit)) if weight is None else weight
    parts = {"logit": logit, "label": label, "weight": weight}
    return {name: np.asarray(part, np.float32) for name, part in parts.items()}


@pytest.fixture(scope="module")
def auc(evaluation: Any) -> Any:
    """As it is used: exact up to 2^20 rows."""
    return evaluation(lambda i: metrics.build(EvalMetrics(auc={}), task(i), {}), ROWS)


@pytest.fixture(scope="module")
def cells_auc(evaluation: Any) -> Any:
    """The estimate that takes over beyond, from the first row on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("easy_esmm.metrics.score_sums.EXACT_ROWS", -1)
        return evaluation(lambda i: metrics.build(EvalMetrics(auc={}), task(i), {}), ROWS)


@pytest.fixture(scope="module", params=["rows", "cells"])
def either_auc(request: pytest.FixtureRequest, auc: Any, cells_auc: Any) -> Any:
    """What has to hold for both."""
    return {"rows": auc, "cells": cells_auc}[request.param]


@pytest.fixture(scope="module")
def tensorflow_auc(evaluation: Any) -> Any:
    config = EvalMetrics(auc={"exact": False})
    return evaluation(lambda i: metrics.build(config, task(i), {}), ROWS)


@pytest.fixture(scope="module")
def rare() -> Dict[str, Any]:
    """1 M rows with clicks at a rate of 2e-4 and the score that drew them."""
    generator = np.random.default_rng(0)
    score = generator.normal(size=1_000_000)
    label = generator.random(1_000_000) < 1 / (1 + np.exp(9.0 - score))
    assert 150 < label.sum() < 250
    return {"score": score, "label": label}


SHAPES = {
    "narrow": lambda score: 1e-3 * score - 3.9,
    "wide": lambda score: 12 * score - 8,
    "tied": lambda score: np.round(3 * score) / 3 - 5,
    "saturated": lambda score: np.clip(60 * score, -80, 80),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_cells_find_the_auc_of_rare_events_to_1e_4(
    cells_auc: Any, rare: Dict[str, Any], shape: str, split: Any, rank_auc: Any
) -> None:
    logit = SHAPES[shape](rare["score"]).astype(np.float32)
    batches = split(rows(logit, rare["label"]), [8192] * (len(logit) // 8192))
    value = cells_auc.run(batches)["auc_ctr"]
    assert value == pytest.approx(rank_auc(logit, rare["label"]), abs=2e-5)


def test_a_million_rows_are_ranked_exactly_and_more_by_cells(
    auc: Any, cells_auc: Any, rare: Dict[str, Any], split: Any, rank_auc: Any
) -> None:
    logit, label = rare["score"].astype(np.float32), rare["label"]
    million = split(rows(logit, label), [8192] * 122)
    exact = auc.run(million)["auc_ctr"]
    assert exact == pytest.approx(rank_auc(logit, label), abs=1e-12)
    assert exact != cells_auc.run(million)["auc_ctr"]
    more = [*million, *million[:10]]
    assert auc.run(more) == cells_auc.run(more)


def test_linear_thresholds_miss_where_the_estimate_does_not(
    auc: Any, tensorflow_auc: Any, rank_auc: Any
) -> None:
    # All probabilities below 1/200: TensorFlow's thresholds put every row into their first cell.
    generator = np.random.default_rng(1)
    logit = generator.normal(size=20_000).astype(np.float32) - 12
    label = generator.random(20_000) < 0.05 / (1 + np.exp(-3 * (logit + 12)))
    exact = rank_auc(logit, label)
    assert exact > 0.65
    assert auc.run([rows(logit, label)])["auc_ctr"] == pytest.approx(exact, abs=1e-5)
    assert tensorflow_auc.run([rows(logit, label)])["auc_ctr"] == pytest.approx(0.5, abs=1e-3)


def test_exact_false_is_tensorflow_s_auc(tensorflow_auc: Any, rank_auc: Any) -> None:
    # Scores in the middle of TensorFlow's cells are told apart; its trapezoid is then exact.
    generator = np.random.default_rng(2)
    share = (generator.integers(2, 197, 3000) + 0.5) / 199
    label = generator.random(3000) < share
    value = tensorflow_auc.run([rows(np.log(share / (1 - share)), label)])
    assert list(value) == ["auc_ctr"]
    assert value["auc_ctr"] == pytest.approx(rank_auc(share, label), abs=1e-5)


def test_two_tied_rows_of_different_class_count_one_half(either_auc: Any) -> None:
    # Pairs: (2 over 1) right, (2 over 2) tied, (1 over 1) tied, (1 over 2) wrong: (1 + .5 + .5)/4.
    value = either_auc.run([rows([1, 2, 1, 2], [0, 0, 1, 1])])["auc_ctr"]
    assert value == 0.5
    # 3 over 1 right, 3 over 3 tied: .75.
    assert either_auc.run([rows([1, 3, 3], [0, 0, 1])])["auc_ctr"] == 0.75


def test_saturated_probabilities_are_ranked_by_their_logits(either_auc: Any) -> None:
    # In float32 sigmoid is exactly 1 from 17 on: by probability all of these are ties.
    assert either_auc.run([rows([20, 30, 60, 80], [0, 0, 1, 1])])["auc_ctr"] == 1.0
    assert either_auc.run([rows([-120, -110, -100, -90], [1, 1, 0, 0])])["auc_ctr"] == 0.0


def test_rows_of_weight_zero_are_not_there(either_auc: Any, rank_auc: Any) -> None:
    generator = np.random.default_rng(3)
    logit, label = generator.normal(size=500), generator.random(500) < 0.3
    weight = generator.random(500) < 0.4
    moved = np.where(weight, logit, 1e6 * generator.normal(size=500))
    inside = either_auc.run([rows(logit[weight], label[weight])])
    masked = either_auc.run([rows(moved, label, weight)])
    expected = rank_auc(float32(logit[weight]), label[weight])
    assert masked["auc_ctr"] == pytest.approx(expected, abs=1e-4)
    assert masked == pytest.approx(inside, abs=1e-12)


def test_weights_count_pairs_by_their_product(either_auc: Any, rank_auc: Any) -> None:
    generator = np.random.default_rng(4)
    logit = generator.normal(size=800).astype(np.float32)
    label, weight = generator.random(800) < 0.2, generator.random(800).astype(np.float32)
    value = either_auc.run([rows(logit, label, weight)])["auc_ctr"]
    assert value == pytest.approx(rank_auc(logit, label, weight), abs=1e-4)


@pytest.mark.parametrize(
    "nothing",
    [rows([], []), rows([1, 2], [0, 0]), rows([1, 2], [1, 1]), rows([1, 2], [0, 1], [0, 1])],
    ids=["no row", "no positive", "no negative", "no negative inside"],
)
def test_without_both_classes_it_is_nan_not_zero(
    either_auc: Any, tensorflow_auc: Any, nothing: Dict[str, Any]
) -> None:
    value = either_auc.run([nothing])
    assert np.isnan([value["auc_ctr"], value["auc_ctr_se"]]).all()
    assert np.isnan(tensorflow_auc.run([nothing])["auc_ctr"])


def test_a_first_batch_without_a_valid_row_does_not_settle_the_cells(
    cells_auc: Any, rank_auc: Any
) -> None:
    # A scale taken from the first batch (mean 0, deviation 1e9) would merge all later scores.
    empty = rows([1e9, -1e9], [0, 1], [0, 0])
    generator = np.random.default_rng(5)
    logit, label = generator.normal(size=2000) * 0.01, generator.random(2000) < 0.2
    value = cells_auc.run([empty, rows([], []), rows(logit, label)])["auc_ctr"]
    assert value == pytest.approx(rank_auc(float32(logit), label), abs=1e-5)


@pytest.mark.parametrize("first", [[0.3], [0.3] * 50])
def test_a_first_batch_without_deviation_still_tells_later_scores_apart(
    cells_auc: Any, rank_auc: Any, first: Any
) -> None:
    generator = np.random.default_rng(6)
    logit = np.concatenate([first, generator.normal(size=20_000)]).astype(np.float32)
    label = generator.random(len(logit)) < 0.02
    batches = [rows(logit[:1], label[:1]), rows(logit[1:], label[1:])]
    assert cells_auc.run(batches)["auc_ctr"] == pytest.approx(rank_auc(logit, label), abs=1e-4)


def test_a_nan_score_shows_as_nan_only_if_its_row_counts(either_auc: Any) -> None:
    assert np.isnan(either_auc.run([rows([1, np.nan, 3], [0, 1, 1])])["auc_ctr"])
    assert either_auc.run([rows([1, np.nan, 3], [0, 1, 1], [1, 0, 1])])["auc_ctr"] == 1.0


def test_infinite_scores_rank_outermost(either_auc: Any) -> None:
    assert either_auc.run([rows([-np.inf, 0, 1, np.inf], [0, 1, 0, 1])])["auc_ctr"] == 0.75


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.floats(-80, 80, width=32), st.booleans()), min_size=2, max_size=60),
    data=st.data(),
)
def test_splitting_and_permuting_rows_change_nothing(
    either_auc: Any, pairs: Any, data: Any
) -> None:
    # The first batch stays: it settles the cells.
    first = rows(np.linspace(-5, 5, 50), np.arange(50) % 2)
    logit, label = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    order = np.array(data.draw(st.permutations(range(len(pairs)))))
    cut = data.draw(st.integers(0, len(pairs)))
    whole = either_auc.run([first, rows(logit, label)])
    logit, label = logit[order], label[order]
    parts = either_auc.run([first, rows(logit[:cut], label[:cut]), rows(logit[cut:], label[cut:])])
    assert parts == pytest.approx(whole, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-8, 8), st.booleans(), st.integers(0, 3)), min_size=1, max_size=80
    )
)
def test_on_scores_apart_it_equals_the_rank_statistic(
    either_auc: Any, rank_auc: Any, cases: Any
) -> None:
    logit, label, weight = (np.array(part) for part in zip(*cases))
    value = either_auc.run([rows(logit / 4, label, weight)])["auc_ctr"]
    assert value == pytest.approx(rank_auc(logit, label, weight), abs=1e-9, nan_ok=True)


def test_a_second_evaluation_starts_from_nothing(either_auc: Any) -> None:
    either_auc.run([rows([5, -5], [0, 1])])
    assert either_auc.run([rows([1, 2], [0, 1])])["auc_ctr"] == 1.0


def test_num_thresholds_is_a_lower_bound_on_the_cells(
    evaluation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: List[int] = []

    def kept(scored: ScoredTask, cells: int) -> Any:
        sizes.append(cells)
        return kept_sums(scored, cells)

    monkeypatch.setattr("easy_esmm.metrics.auc.kept_sums", kept)

    def cells(config: EvalMetrics) -> int:
        evaluation(lambda i: metrics.build(config, task(i), {}), ROWS)
        return sizes[-1]

    assert cells(EvalMetrics(auc={"num_thresholds": 200})) == 65_536
    assert cells(EvalMetrics(auc={"num_thresholds": 100_000})) == 100_000


def test_a_regression_is_ranked_by_its_value(evaluation: Any) -> None:
    value = evaluation(lambda i: metrics.build(EvalMetrics(auc={}), value_task(i), {}), ROWS)
    # Positive is a label above 0, whatever its size.
    assert value.run([rows([10, 250, 40, 30], [0, 99.5, 3, 0])])["auc_value"] == 1.0


def delong_error(logit: Any, label: Any) -> float:
    """DeLong's standard error from all pairs: O(positives x negatives)."""
    gap = logit[label][:, np.newaxis] - logit[~label][np.newaxis, :]
    right = (gap > 0) + 0.5 * (gap == 0)
    by_positive, by_negative = right.mean(axis=1), right.mean(axis=0)
    return float(
        np.sqrt(
            by_positive.var(ddof=1) / len(by_positive) + by_negative.var(ddof=1) / len(by_negative)
        )
    )


def test_standard_error_is_delong_s(either_auc: Any) -> None:
    generator = np.random.default_rng(7)
    logit = np.round(generator.normal(size=2000) * 8).astype(np.float32) / 8
    label = generator.random(2000) < 1 / (1 + np.exp(2 - logit))
    value = either_auc.run([rows(logit, label)])["auc_ctr_se"]
    assert value == pytest.approx(delong_error(logit, label), rel=1e-5)


def test_standard_error_is_the_spread_of_the_auc_over_samples(auc: Any) -> None:
    generator = np.random.default_rng(8)
    values, errors = [], []
    for _ in range(200):
        logit = generator.normal(size=1000)
        label = generator.random(1000) < 1 / (1 + np.exp(3 - logit))
        result = auc.run([rows(logit, label)])
        values.append(result["auc_ctr"])
        errors.append(result["auc_ctr_se"])
    # The deviation of 200 values is itself known to 5 %.
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_standard_error_does_not_depend_on_the_unit_of_weights(either_auc: Any) -> None:
    generator = np.random.default_rng(9)
    logit, label = generator.normal(size=300), generator.random(300) < 0.3
    weight = generator.integers(1, 4, 300) / 2
    assert either_auc.run([rows(logit, label, 7 * weight)]) == pytest.approx(
        either_auc.run([rows(logit, label, weight)]), rel=1e-9
    )


def test_a_few_heavy_rows_have_a_larger_standard_error(auc: Any) -> None:
    generator = np.random.default_rng(10)
    logit, label = generator.normal(size=2000), generator.random(2000) < 0.3
    heavy = np.where(np.arange(2000) % 10 == 0, 50.0, 0.5)
    even = auc.run([rows(logit, label)])["auc_ctr_se"]
    # Effective rows: (200 x 50 + 1800 x .5)^2 / (200 x 2500 + 1800 x .25) = 237 of 2000.
    ratio = auc.run([rows(logit, label, heavy)])["auc_ctr_se"] / even
    assert ratio == pytest.approx(np.sqrt(2000 / 237), rel=0.2)


def test_one_positive_has_no_standard_error(either_auc: Any) -> None:
    value = either_auc.run([rows([1, 2, 3, 4], [0, 0, 1, 0])])
    assert value["auc_ctr"] == pytest.approx(2 / 3)
    assert np.isnan(value["auc_ctr_se"])
