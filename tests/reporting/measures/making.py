"""Rows for the tests of measures, and the module's imports in one place."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from easy_esmm.contract import Kind
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.reporting.measures.task_rows import TaskRows
from tests.tasks import family, independent


def task(predicted: Any, label: Any, weight: Any = None) -> TaskRows:
    """A task on all rows; its score is the prediction's logit."""
    p = np.asarray(predicted, np.float64)
    w = np.ones(len(p)) if weight is None else np.asarray(weight, np.float64)
    score, label = np.log(p) - np.log1p(-p), np.asarray(label, np.float64)
    return TaskRows("x", "X", "events", np.arange(len(p)), score, p, label, w)


class FamilyRows(RecordedRows):
    """Rows of an entire-space model, their arrays by the names of the field."""

    click = property(lambda self: self.labels["click"])
    conversion = property(lambda self: self.labels["buy"])
    pctr = property(lambda self: self.predictions["ctr"])
    pcvr = property(lambda self: self.predictions["cvr"])
    ctr_logit = property(lambda self: self.logits["ctr"])
    cvr_logit = property(lambda self: self.logits["cvr"])


def rows(
    size: int = 400,
    seed: int = 1,
    user: Optional[Any] = None,
    is_value: bool = False,
    **replaced: Any,
) -> FamilyRows:
    """Random rows whose labels are drawn from their predictions."""
    random = np.random.default_rng(seed)
    a, b = random.normal(-1, 1, size), random.normal(-0.5, 1, size)
    pctr, pcvr = 1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-b))
    click = (random.random(size) < pctr).astype(np.float32)
    product = pctr * pcvr
    values = {
        "click": click,
        "conversion": click * (random.random(size) < pcvr),
        "weight": np.ones(size),
        "pctr": pctr,
        "ctr_logit": a,
        "pcvr": pcvr,
        "cvr_logit": b,
        "pctcvr": product,
        "ctcvr_logit": np.log(product) - np.log1p(-product),
        **replaced,
    }
    found = {name: np.asarray(value, np.float32) for name, value in values.items()}
    logits = {"ctr": found["ctr_logit"]}
    if not is_value:
        logits.update(cvr=found["cvr_logit"], ctcvr=found["ctcvr_logit"])
    return FamilyRows(
        tasks=family(cvr_tower="loss_type: L2_LOSS" if is_value else ""),
        weight=found["weight"],
        labels={"click": found["click"], "buy": found["conversion"]},
        predictions={"ctr": found["pctr"], "cvr": found["pcvr"], "ctcvr": found["pctcvr"]},
        logits=logits,
        user=None if user is None else np.asarray(user),
        has_user=None if user is None else np.ones(size, bool),
    )


def plain_rows(*names: str, kind: Kind = Kind.BINARY, size: int = 400) -> RecordedRows:
    """Random rows of a model whose tasks are independent questions."""
    random = np.random.default_rng(5)
    logits = {name: random.normal(-1, 1, size).astype(np.float32) for name in names}
    predictions = {name: 1 / (1 + np.exp(-logit)) for name, logit in logits.items()}
    labels = {name: (random.random(size) < p).astype(np.float32) for name, p in predictions.items()}
    user = random.integers(0, 30, size)
    return RecordedRows(
        tasks=independent(*names, kind=kind),
        weight=np.ones(size, np.float32),
        labels=labels,
        predictions=predictions,
        logits=logits if kind is Kind.BINARY else {},
        user=user,
        has_user=np.ones(size, bool),
    )
