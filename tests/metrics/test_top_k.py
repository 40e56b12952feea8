"""Recall and precision among the first k against a loop over lists."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.contract import ScoredTask
from easy_esmm.protos.eval_pb2 import EvalMetrics

INPUTS = {"logit": tf.float32, "label": tf.float32, "weight": tf.float32, "session": tf.string}
K = 2


def make(evaluation: Any, session_field: str, k: int = K) -> Any:
    def build(inputs: Dict[str, Any]) -> Any:
        logit = inputs["logit"]
        task = ScoredTask("t", tf.sigmoid(logit), inputs["label"], inputs["weight"], logit)
        settings = {"topk": k, "session_id_field": session_field}
        columns = {"session": inputs["session"]}
        built = metrics.build(EvalMetrics(recall_at_topk=settings), task, columns)
        built.update(metrics.build(EvalMetrics(precision_at_topk=settings), task, columns))
        return built

    return evaluation(build, INPUTS)


def rows(session: Any, logit: Any, label: Any, weight: Any = None) -> Dict[str, Any]:
    weight = np.ones(len(logit)) if weight is None else weight
    floats = {"logit": logit, "label": label, "weight": weight}
    return {
        "session": np.asarray(list(session), object),
        **{name: np.asarray(values, np.float32) for name, values in floats.items()},
    }


@pytest.fixture(scope="module")
def by_session(evaluation: Any) -> Any:
    return make(evaluation, "session")


def test_first_two_of_each_session_by_hand(by_session: Any) -> None:
    # a: scores 9+, 7-, 5+ -> 1 hit of 2 positives, 1 of 2 rows. b: 3- alone -> no positive, 0 of 1.
    # c: 4-, then three rows tied at 2 with one positive for the one place left: 1/3 of a hit.
    session = list("aaabcccc")
    logit, label = [9, 7, 5, 3, 4, 2, 2, 2], [1, 0, 1, 0, 0, 1, 0, 0]
    values = by_session.run([rows(session, logit, label)])
    assert values == {
        "recall_at_2_t": pytest.approx((1 / 2 + 1 / 3) / 2),
        "recall_at_2_t_lists": 2,
        "precision_at_2_t": pytest.approx((1 / 2 + 0 + 1 / 6) / 3),
        "precision_at_2_t_lists": 3,
    }


def loop(batch: Dict[str, Any], k: int) -> Tuple[float, float]:
    """Mean recall and precision over sessions, without ties."""
    batch = {**batch, "label": batch["label"].astype(np.float64)}
    recalls, precisions = [], []
    for name in set(batch["session"]) - {""}:
        inside = (batch["session"] == name) & (batch["weight"] > 0)
        order = np.argsort(-batch["logit"][inside])[:k]
        label = batch["label"][inside]
        if not len(label):
            continue
        precisions.append(label[order].sum() / min(k, len(label)))
        if label.sum():
            recalls.append(label[order].sum() / label.sum())
    return float(np.mean(recalls)), float(np.mean(precisions))


def test_sessions_are_those_of_a_loop_however_rows_are_batched(by_session: Any, split: Any) -> None:
    random = np.random.default_rng(1)
    size = 600
    names = ["", *(f"s{i}" for i in range(60))]
    batch = rows(
        random.choice(names, size),
        random.permutation(size),
        random.random(size) < 0.3,
        random.choice([0.0, 0.5, 2.0], size),
    )
    recall, precision = loop(batch, K)
    for sizes in ([], [1, 250]):
        values = by_session.run(split(batch, sizes))
        assert values["recall_at_2_t"] == pytest.approx(recall, rel=1e-12)
        assert values["precision_at_2_t"] == pytest.approx(precision, rel=1e-12)


def test_without_a_session_field_the_evaluation_is_one_list(evaluation: Any) -> None:
    metric = make(evaluation, "", k=3)
    values = metric.run([rows("ab", [5, 4], [1, 0]), rows("cd", [3, 6], [1, 1])])
    assert values["recall_at_3_t"] == pytest.approx(2 / 3)  # 6+, 5+, 4- of three positives
    assert values["precision_at_3_t"] == pytest.approx(2 / 3)
    assert values["recall_at_3_t_lists"] == 1


def test_precision_of_a_list_shorter_than_k_is_over_its_rows(evaluation: Any) -> None:
    metric = make(evaluation, "session", k=5)
    values = metric.run([rows("aab", [2, 1, 3], [1, 0, 1])])
    assert values["precision_at_5_t"] == pytest.approx((1 / 2 + 1) / 2)
    assert values["recall_at_5_t"] == 1.0


def test_a_nan_score_shows_only_if_its_row_counts(by_session: Any) -> None:
    for weight in (1, 0):
        values = by_session.run([rows("aaa", [np.nan, 2, 1], [0, 1, 0], [weight, 1, 1])])
        for key in ("recall_at_2_t", "precision_at_2_t"):
            assert np.isnan(values[key]) == bool(weight)


def test_without_a_list_it_is_nan(by_session: Any) -> None:
    for batches in ([], [rows(["a"], [1], [1], [0])], [rows([""], [1], [1])]):
        values = by_session.run(batches)
        assert np.isnan([values["recall_at_2_t"], values["precision_at_2_t"]]).all()
        assert values["recall_at_2_t_lists"] == values["precision_at_2_t_lists"] == 0
