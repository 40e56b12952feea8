"""Networks, gates and attentions in float64 numpy, from the variables of a graph."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np

from easy_esmm.compat import v1

Variables = Dict[str, Any]


def randomize(session: Any) -> None:
    """Initialises all variables of the graph, with normal numbers of deviation .7: biases too."""
    random = np.random.default_rng(2)
    variables = v1.global_variables()
    values = {v.initializer.inputs[1]: random.normal(0, 0.7, v.shape) for v in variables}
    session.run([v.initializer for v in variables], values)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def dense(x: np.ndarray, variables: Variables, name: str) -> np.ndarray:
    """x kernel + bias, the bias where there is one."""
    kernel = np.asarray(variables[f"{name}/kernel:0"], np.float64)
    return np.asarray(x, np.float64) @ kernel + variables.get(f"{name}/bias:0", 0.0)


def network(x: np.ndarray, variables: Variables, name: str) -> np.ndarray:
    """Layers of relu(x kernel + bias), as many as `name` has."""
    number = 0
    while f"{name}/dense_{number}/kernel:0" in variables:
        x = np.maximum(0.0, dense(x, variables, f"{name}/dense_{number}"))
        number += 1
    assert number, f"{name}: no layers among {sorted(variables)}"
    return x


def networks(x: np.ndarray, variables: Variables, name: str, count: int) -> List[np.ndarray]:
    """Outputs of `count` experts."""
    return [network(x, variables, f"{name}/expert_{i}") for i in range(count)]


def gated(x: np.ndarray, experts: List[np.ndarray], variables: Variables, name: str) -> np.ndarray:
    """The gate's mean of the experts, one after the other."""
    weights = softmax(dense(x, variables, f"{name}/scores"))
    assert weights.shape[1] == len(experts)
    return sum(weights[:, [i]] * expert for i, expert in enumerate(experts))


def mixture(x: np.ndarray, variables: Variables, name: str, count: int) -> List[np.ndarray]:
    """Ma et al., KDD 2018, equations 6 and 7: what the CTR and the CVR task read."""
    experts = networks(x, variables, f"{name}/experts", count)
    return [gated(x, experts, variables, f"{name}/gate_{task}") for task in ("ctr", "cvr")]


def extraction(
    x: np.ndarray, variables: Variables, name: str, levels: List[Any]
) -> List[np.ndarray]:
    """Tang et al., RecSys 2020, equations 1 to 6, with (own, shared) experts for each level."""
    ctr, cvr, shared = x, x, x
    for number, (own, common) in enumerate(levels):
        level = f"{name}/level_{number}"
        of_ctr = networks(ctr, variables, f"{level}/experts_ctr", own)
        of_cvr = networks(cvr, variables, f"{level}/experts_cvr", own)
        of_all = networks(shared, variables, f"{level}/experts_shared", common)
        ctr = gated(ctr, [*of_ctr, *of_all], variables, f"{level}/gate_ctr")
        cvr = gated(cvr, [*of_cvr, *of_all], variables, f"{level}/gate_cvr")
        if number < len(levels) - 1:
            everyone = [*of_ctr, *of_cvr, *of_all]
            shared = gated(shared, everyone, variables, f"{level}/gate_shared")
    return [ctr, cvr]


def transfer(own: np.ndarray, previous: np.ndarray, variables: Variables, name: str) -> np.ndarray:
    """Xi et al., KDD 2021, equations 3 to 5, row by row."""
    handed = np.maximum(0.0, dense(previous, variables, f"{name}/hand_over"))
    rows = []
    for pair in zip(handed, np.asarray(own, np.float64)):
        query, key, value = (
            [dense(u, variables, f"{name}/{part}") for u in pair]
            for part in ("query", "key", "value")
        )
        scores = [q @ k / np.sqrt(len(q)) for q, k in zip(query, key)]
        weight = softmax(np.array(scores))
        rows.append(weight[0] * value[0] + weight[1] * value[1])
    return np.array(rows)
