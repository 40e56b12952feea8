"""Rows for the tests of measures, and the module's imports in one place."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from easy_esmm.reporting.measures.rows import Rows, Task


def task(predicted: Any, label: Any, weight: Any = None) -> Task:
    """A task on all rows; its score is the prediction's logit."""
    p = np.asarray(predicted, np.float64)
    w = np.ones(len(p)) if weight is None else np.asarray(weight, np.float64)
    score = np.log(p) - np.log1p(-p)
    return Task("x", "X", "events", np.arange(len(p)), score, p, np.asarray(label, np.float64), w)


def rows(size: int = 400, seed: int = 1, user: Optional[Any] = None, **replaced: Any) -> Rows:
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
    }
    values.update({k: v for k, v in replaced.items() if k in values})
    others = {k: v for k, v in replaced.items() if k not in values}
    as_float = {k: None if v is None else np.asarray(v, np.float32) for k, v in values.items()}
    if user is not None:
        others.update(user=np.asarray(user), has_user=np.ones(size, bool))
    return Rows(**as_float, **others)
