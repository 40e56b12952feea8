"""Graphs of exported models with random values, and requests to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import numpy as np

from easy_esmm import data
from easy_esmm.compat import keras, v1
from easy_esmm.config.serving_columns import user_columns
from easy_esmm.data.row_columns import row_columns
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.graph import ServingGraph
from easy_esmm.serving.requests import request
from tests.conformance.rows import rows_path, write_rows

Arrays = Dict[str, Any]


def session_of(serving: ServingGraph, seed: int = 0) -> Any:
    """A session with random values, far enough from the first ones that each variable shows."""
    random = np.random.default_rng(seed)
    with serving.graph.as_default():
        session = v1.Session()
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        for variable in v1.global_variables():
            name, shape = variable.op.name, variable.shape
            if "variance" in name or "gamma" in name:
                variable.load(random.uniform(0.5, 2, shape).astype(np.float32), session)
            elif "kernel" not in name:
                variable.load(random.normal(0, 0.3, shape).astype(np.float32), session)
    return session


def serving_graph(config: PipelineConfig, seed: int = 1) -> ServingGraph:
    """The graph of a config, whose kernels begin as the seed says."""
    keras.utils.set_random_seed(seed)
    return ServingGraph(config)


def rows_of(config: PipelineConfig, folder: Path, rows: int, seed: int = 1) -> Arrays:
    """A request of `serving_default` with random rows."""
    path = rows_path(config, folder, f"rows-{rows}-{seed}")
    write_rows(config, path, rows, seed)
    config.data_config.batch_size = rows
    batch = next(iter(data.input_fn(config, "predict", str(path)).batches()))
    flat = PipelineConfig()
    flat.CopyFrom(config)
    flat.data_config.ClearField("user_rows")
    return request(flat, row_columns(config, batch))


def of_first_user(config: PipelineConfig, rows: Mapping[str, Any]) -> Arrays:
    """The rows, all of the first one's user."""
    users = user_columns(config)
    return {n: np.repeat(v[:1], len(v), axis=0) if n in users else v for n, v in rows.items()}


def user_once(config: PipelineConfig, rows: Mapping[str, Any]) -> Arrays:
    """A request of `rank` with the first row's user and the items of all rows."""
    users = user_columns(config)
    return {name: values[:1] if name in users else values for name, values in rows.items()}


def answers(session: Any, signature: Any, request: Mapping[str, Any]) -> Arrays:
    """What a signature gives, by key."""
    feed = {signature.inputs[name]: values for name, values in request.items()}
    found: Arrays = session.run(dict(signature.outputs), feed)
    return found


def largest_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Of all answers; they have the same keys and shapes."""
    assert first.keys() == second.keys()
    assert all(first[key].shape == second[key].shape for key in first)
    return max(float(np.abs(first[key] - second[key]).max(initial=0)) for key in first)


def names(variables: Sequence[Any]) -> Sequence[str]:
    """Names of variables, sorted."""
    return sorted(variable.op.name for variable in variables)
