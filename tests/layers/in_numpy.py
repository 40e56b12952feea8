"""Networks, gates and attentions in float64 numpy, from the variables of a graph."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

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
    x: np.ndarray,
    variables: Variables,
    name: str,
    levels: List[Any],
    tasks: Sequence[str] = ("ctr", "cvr"),
) -> List[np.ndarray]:
    """Tang et al., RecSys 2020, equations 1 to 6, with (own, shared) experts for each level."""
    inputs, shared = [x] * len(tasks), x
    for number, (own, common) in enumerate(levels):
        level = f"{name}/level_{number}"
        of_tasks = [
            networks(x_k, variables, f"{level}/experts_{task}", own)
            for x_k, task in zip(inputs, tasks)
        ]
        of_all = networks(shared, variables, f"{level}/experts_shared", common)
        inputs = [
            gated(x_k, [*experts, *of_all], variables, f"{level}/gate_{task}")
            for x_k, task, experts in zip(inputs, tasks, of_tasks)
        ]
        if number < len(levels) - 1:
            everyone = [expert for experts in [*of_tasks, of_all] for expert in experts]
            shared = gated(shared, everyone, variables, f"{level}/gate_shared")
    return inputs


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
