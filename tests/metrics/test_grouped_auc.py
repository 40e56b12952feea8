"""Grouped AUC against a loop over groups."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.contract import ScoredTask
from easy_esmm.metrics.grouped_auc import REDUCTIONS
from easy_esmm.protos.eval_pb2 import EvalMetrics

FLOATS = {"logit": tf.float32, "label": tf.float32, "weight": tf.float32}


def gauc(evaluation: Any, reduction: str = "mean", dtype: tf.DType = tf.string) -> Any:
    config = EvalMetrics(gauc={"uid_field": "user", "reduction": reduction})

    def build(inputs: Dict[str, Any]) -> Any:
        logit, label, weight = inputs["logit"], inputs["label"], inputs["weight"]
        task = ScoredTask("ctr", tf.sigmoid(logit), label, weight, logit)
        return metrics.build(config, task, {"user": inputs["user"]})

    return evaluation(build, {**FLOATS, "user": dtype})


def test_session_auc_is_the_same_inside_sessions(evaluation: Any, by_user: Any) -> None:
    config = EvalMetrics(session_auc={"session_id_field": "session"})

    def build(inputs: Dict[str, Any]) -> Any:
        logit, label, weight = inputs["logit"], inputs["label"], inputs["weight"]
        task = ScoredTask("ctr", tf.sigmoid(logit), label, weight, logit)
        return metrics.build(config, task, {"session": inputs["user"]})

    batch = rows(USERS, LOGIT, LABEL)
    values = evaluation(build, {**FLOATS, "user": tf.string}).run([batch])
    expected = by_user["mean"].run([batch])
    assert values == {
        "session_auc_ctr": expected["gauc_ctr"],
        "session_auc_ctr_groups": expected["gauc_ctr_groups"],
    }


def rows(user: Any, logit: Any, label: Any, weight: Any = None) -> Dict[str, Any]:
    weight = np.ones(len(logit)) if weight is None else weight
    floats = {"logit": logit, "label": label, "weight": weight}
    user = np.asarray(user)
    user = user if user.dtype.kind == "i" else user.astype(object)
    return {"user": user, **{k: np.asarray(v, np.float32) for k, v in floats.items()}}


@pytest.fixture(scope="module")
def by_user(evaluation: Any) -> Any:
    return {reduction: gauc(evaluation, reduction) for reduction in REDUCTIONS}


# User a: .5 over its 4 rows (2 positives); b: 1 over 3 rows (1 positive); c has one class only.
USERS = ["a", "b", "a", "c", "a", "b", "a", "c", "b"]
LOGIT = [1, 5, 2, 9, 1, 6, 2, 8, 7]
LABEL = [0, 0, 1, 1, 1, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("mean", (0.5 + 1.0) / 2),
        ("mean_by_sample_num", (4 * 0.5 + 3 * 1.0) / 7),
        ("mean_by_positive_num", (2 * 0.5 + 1 * 1.0) / 3),
    ],
)
def test_reductions_by_hand(by_user: Any, reduction: str, expected: float) -> None:
    value = by_user[reduction].run([rows(USERS, LOGIT, LABEL)])
    assert value["gauc_ctr"] == pytest.approx(expected)
    assert value["gauc_ctr_groups"] == 2


def test_a_user_spread_over_batches_is_one_group(by_user: Any, split: Any) -> None:
    batches = split(rows(USERS, LOGIT, LABEL), [4, 3])
    assert [len(batch["label"]) for batch in batches] == [4, 3, 2]
    assert by_user["mean"].run(batches)["gauc_ctr"] == 0.75


def test_ranking_across_users_does_not_matter(by_user: Any) -> None:
    shift = {"a": 100, "b": -40, "c": 0}
    moved = [logit + shift[user] for user, logit in zip(USERS, LOGIT)]
    assert by_user["mean"].run([rows(USERS, moved, LABEL)])["gauc_ctr"] == 0.75


def test_masked_rows_leave_their_user_s_pairs_alone(by_user: Any) -> None:
    # The rows outside would turn user a's order round, and give user c a second class.
    users, logit = [*USERS, "a", "a", "c"], [*LOGIT, -50, 50, 70]
    label, weight = [*LABEL, 1, 0, 0], [0.5] * 9 + [0] * 3
    value = by_user["mean"].run([rows(users, logit, label, weight)])
    assert (value["gauc_ctr"], value["gauc_ctr_groups"]) == (0.75, 2)


def test_rows_without_a_user_are_no_user(by_user: Any) -> None:
    value = by_user["mean"].run([rows([*USERS, "", ""], [*LOGIT, 1, 2], [*LABEL, 1, 0])])
    assert (value["gauc_ctr"], value["gauc_ctr_groups"]) == (0.75, 2)


@pytest.mark.parametrize(
    "nothing",
    [rows(["a"] * 0, [], []), rows(["a", "b"], [1, 2], [0, 1]), rows(["a"] * 2, [1, 2], [0, 0])],
    ids=["no row", "one row each", "one class"],
)
def test_without_a_group_of_both_classes_it_is_nan(by_user: Any, nothing: Dict[str, Any]) -> None:
    for metric in by_user.values():
        value = metric.run([nothing])
        assert np.isnan(value["gauc_ctr"])
        assert value["gauc_ctr_groups"] == 0


def test_a_nan_score_shows_only_if_its_row_counts(by_user: Any) -> None:
    logit = [np.nan, *LOGIT[1:]]
    value = by_user["mean"].run([rows(USERS, logit, LABEL)])
    assert np.isnan(value["gauc_ctr"])
    value = by_user["mean"].run([rows(USERS, logit, LABEL, [0] + [1] * 8)])
    assert not np.isnan(value["gauc_ctr"])


def test_before_the_first_batch_it_is_nan(by_user: Any) -> None:
    by_user["mean"].run([rows(USERS, LOGIT, LABEL)])
    assert np.isnan(by_user["mean"].run([])["gauc_ctr"])


def test_a_second_evaluation_starts_from_nothing(by_user: Any) -> None:
    by_user["mean"].run([rows(["a", "a"], [1, 2], [1, 0])])
    assert by_user["mean"].run([rows(["a", "a"], [1, 2], [0, 1])])["gauc_ctr"] == 1.0


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_integer_users_group_as_strings_do(evaluation: Any, dtype: tf.DType) -> None:
    numbers = {"a": 0, "b": -1, "c": 2**31 - 1}
    batch = rows([numbers[user] for user in USERS], LOGIT, LABEL)
    assert gauc(evaluation, dtype=dtype).run([batch])["gauc_ctr"] == 0.75


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32, tf.float64])
def test_rows_whose_numeric_user_is_missing_are_no_user(evaluation: Any, dtype: tf.DType) -> None:
    # 1e-7 and 2e-7 are two users.
    known = {"a": 1e-7, "b": 2e-7, "c": 5} if dtype.is_floating else {"a": 0, "b": -1, "c": 5}
    none = np.nan if dtype.is_floating else dtype.min
    users = np.array([*(known[user] for user in USERS), none, none], dtype.as_numpy_dtype)
    batch = {**rows([*USERS, "", ""], [*LOGIT, 1, 2], [*LABEL, 1, 0]), "user": users}
    value = gauc(evaluation, dtype=dtype).run([batch])
    assert (value["gauc_ctr"], value["gauc_ctr_groups"]) == (0.75, 2)
