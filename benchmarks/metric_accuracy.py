"""How far AUC estimates lie from the rank statistic on rare events, and what metrics cost.

    python -m benchmarks.metric_accuracy

1.2 million rows, one in 5,000 of them positive: more than `auc` ranks exactly, so that its cells
count. CPU time is the whole process's, over all threads, without the first batches.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from numpy.typing import NDArray

from easy_esmm import metrics
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Head, Labels, Outputs, ScoredTask, TaskLabels, scored_tasks
from easy_esmm.losses.entire_space import product_logit
from easy_esmm.protos.eval_pb2 import EvalMetrics
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.rank_statistics import weighted_auc

ROWS = 1_200_000
BATCH = 4096
WARM_UP = 20

SHAPES: Dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "narrow (deviation .001)": lambda score: 1e-3 * score - 3.9,
    "wide (12)": lambda score: 12 * score - 8,
    "tied": lambda score: np.round(3 * score) / 3 - 5,
    "saturated at +-80": lambda score: np.clip(60 * score, -80, 80),
}
ESTIMATES: Dict[str, EvalMetrics] = {
    "TensorFlow, 200 thresholds": EvalMetrics(auc={"exact": False}),
    "TensorFlow, 10,000 thresholds": EvalMetrics(auc={"exact": False, "num_thresholds": 10_000}),
    "cells": EvalMetrics(auc={}),
}
ESMM = """esmm {
  ctr_tower { tower_name: "ctr" label_name: "click" }
  cvr_tower { tower_name: "cvr" label_name: "buy" }
}"""
Inputs = Mapping[str, NDArray[Any]]


def main() -> None:
    """Prints the tables."""
    score, label = rare_events()
    print(f"{ROWS:,} rows, {label.sum():,.0f} positives, batches of {BATCH}\n")
    print(f"{'scores':<32}{'error of the cells':>20}")
    for name, shape in SHAPES.items():
        logit = shape(score).astype(np.float32)
        value, _ = evaluate(one_task("cells"), {"logit": logit, "label": label})
        print(f"{name:<32}{abs(value - weighted_auc(logit, label, 1 - label)):>20.0e}")
    logit = (score - 9).astype(np.float32)
    print(f"\n{'estimate':<32}{'AUC':>10}{'CPU us/row':>12}")
    print(f"{'rank statistic':<32}{weighted_auc(logit, label, 1 - label):>10.4f}")
    for name in ESTIMATES:
        value, cost = evaluate(one_task(name), {"logit": logit, "label": label})
        print(f"{name:<32}{value:>10.4f}{cost:>12.2f}", flush=True)
    inputs = {"logit": logit, "label": label, "user": np.arange(ROWS) // 50}
    _, cost = evaluate(all_of_esmm, inputs)
    print(f"\nAUC, diagnostics and grouped AUC of ESMM's three tasks: {cost:.2f} CPU us/row")


def rare_events() -> Tuple[NDArray[Any], NDArray[Any]]:
    """Scores, and float32 labels at a rate of about 2e-4, drawn from the scores' own odds."""
    random = np.random.default_rng(0)
    score = random.normal(size=ROWS)
    return score, (random.random(ROWS) < 1 / (1 + np.exp(9.0 - score))).astype(np.float32)


def one_task(estimate: str) -> Callable[[Mapping[str, Any]], Dict[str, Any]]:
    """Builds that AUC of one task, under the key `auc`."""

    def build(inputs: Mapping[str, Any]) -> Dict[str, Any]:
        logit, label = inputs["logit"], inputs["label"]
        task = ScoredTask("ctr", tf.sigmoid(logit), label, tf.ones_like(label), logit)
        found = metrics.build(ESTIMATES[estimate], task, {})
        return {"auc": found["auc_ctr"]}

    return build


def all_of_esmm(inputs: Mapping[str, Any]) -> Dict[str, Any]:
    """Every metric that an ESMM reports; clicks and conversions are the same rows here."""
    logit, label = inputs["logit"], inputs["label"]
    tasks = task_specs(text_format.Parse(ESMM, ModelConfig()))
    one, zero = tf.ones_like(label), tf.zeros_like(label)
    everywhere = TaskLabels(label, one, one, zero > 0, zero)
    clicked = TaskLabels(label, label, one, zero > 0, zero)
    labels = Labels({"ctr": everywhere, "cvr": clicked, "ctcvr": everywhere}, one)
    logits = {"ctr": logit, "cvr": logit, "ctcvr": product_logit(logit, logit)}
    outputs = Outputs({name: Head(tf.sigmoid(x), x) for name, x in logits.items()}, {})
    found = metrics.diagnostics(tasks, outputs, labels)
    grouped = EvalMetrics(gauc={"uid_field": "user"})
    for task in scored_tasks(tasks, outputs, labels):
        for config in (ESTIMATES["cells"], grouped):
            found.update(metrics.build(config, task, {"user": inputs["user"]}))
    return {"auc": found.pop("auc_ctr"), **found}


def evaluate(
    build: Callable[[Mapping[str, Any]], Dict[str, Any]], inputs: Inputs
) -> Tuple[float, float]:
    """The metric `auc` over all batches, and the CPU microseconds a row of the updates."""
    batches: List[Inputs] = [
        {name: column[start : start + BATCH] for name, column in inputs.items()}
        for start in range(0, ROWS, BATCH)
    ]
    with tf.Graph().as_default():
        places = {
            name: v1.placeholder(tf.as_dtype(column.dtype), [None])
            for name, column in inputs.items()
        }
        built = build(places)
        update = tf.group(*[update for _, update in built.values()])
        with v1.Session() as session:
            session.run(v1.local_variables_initializer())
            for number, batch in enumerate(batches):
                if number == WARM_UP:
                    before = time.process_time()
                session.run(update, {places[name]: column for name, column in batch.items()})
            cost = (time.process_time() - before) / (ROWS - WARM_UP * BATCH)
            return float(session.run(built["auc"][0])), 1e6 * cost


if __name__ == "__main__":
    main()
