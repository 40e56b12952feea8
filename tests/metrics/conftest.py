"""A streaming evaluation in memory, and the rank AUC that every estimate is judged by."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Sequence

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.metrics import Metric

Batch = Mapping[str, Any]


class Evaluation:
    """One graph of metrics over placeholders [None]; each `run` is a new evaluation of it."""

    def __init__(
        self,
        build: Callable[[Dict[str, Any]], Dict[str, Metric]],
        dtypes: Mapping[str, tf.DType],
    ) -> None:
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._inputs = {name: v1.placeholder(dtype, [None]) for name, dtype in dtypes.items()}
            metrics = build(self._inputs)
            self._values = {key: value for key, (value, _) in metrics.items()}
            self._update = tf.group(*[update for _, update in metrics.values()])
            self._start = v1.local_variables_initializer()
        self._session = v1.Session(graph=self._graph)

    def run(self, batches: Iterable[Batch]) -> Dict[str, Any]:
        """Values by key after all batches, from nothing."""
        self._session.run(self._start)
        for batch in batches:
            self._session.run(self._update, {self._inputs[k]: v for k, v in batch.items()})
        values: Dict[str, Any] = self._session.run(self._values)
        return values


def split(rows: Batch, sizes: Sequence[int]) -> list[Batch]:
    """Consecutive batches of the given sizes, the rest in a last one."""
    edges = [0, *np.cumsum(sizes), len(next(iter(rows.values())))]
    return [{k: v[a:b] for k, v in rows.items()} for a, b in zip(edges, edges[1:])]


def rank_auc(score: Any, is_positive: Any, weight: Any = None) -> float:
    """Weighted share of (positive, negative) pairs in the right order, a tie one half; float64."""
    score, is_positive = np.asarray(score), np.asarray(is_positive, bool)
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, np.float64)
    values, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place, weight * is_positive, len(values))
    negative = np.bincount(place, weight * ~is_positive, len(values))
    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - negative / 2
    return float((positive * below).sum() / pairs) if pairs else float("nan")


@pytest.fixture(scope="session")
def evaluation() -> type:
    """The class `Evaluation`."""
    return Evaluation


@pytest.fixture(scope="session", name="split")
def split_fixture() -> Callable[..., Any]:
    """The function `split`."""
    return split


@pytest.fixture(scope="session", name="rank_auc")
def rank_auc_fixture() -> Callable[..., float]:
    """The function `rank_auc`."""
    return rank_auc
