"""Where the operations of a trainer of a cluster stand, and what goes over the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import estimator, v1
from easy_esmm.estimator.cluster import Role
from easy_esmm.estimator.cluster_training import ClusterTraining
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.estimator.placement import device_filters, device_fn
from easy_esmm.hooks.divergence import FiniteWeights
from easy_esmm.hooks.marks import Marks
from tests.conformance import table

ADDRESSES = {"chief": ("a:1",), "worker": ("b:1", "b:2"), "ps": ("c:1", "d:1")}
CHIEF, WORKER = Role("chief", 0, ADDRESSES), Role("worker", 1, ADDRESSES)


def built(role: Role, folder: Path, optimizer: str) -> Any:
    """The training graph of a trainer, with its saver and what its hooks add."""
    config = table.small("esmm", folder).config
    config.train_config.optimizer_config[0].CopyFrom(
        text_format.Parse(
            f"""{optimizer} {{
              learning_rate {{ constant_learning_rate {{ learning_rate: 0.1 }} }} }}
            use_moving_average: true""",
            type(config.train_config.optimizer_config[0])(),
        )
    )
    config.train_config.gradient_clipping_by_norm = 1
    for feature in config.feature_config.features:
        feature.max_partitions = 2
    team = ClusterTraining(config, role, Marks(config.model_dir))
    team.position = InputPosition(config.model_dir, "an input", role.trainer)
    with tf.Graph().as_default() as graph, graph.device(device_fn(role)):
        v1.train.create_global_step()
        dataset = data.input_fn(config, "train", shard=role.shard)()
        columns, labels = v1.data.make_initializable_iterator(dataset).get_next()
        spec = make_model_fn(config, training=team)(columns, labels, estimator.ModeKeys.TRAIN)
        for hook in [*spec.training_hooks, FiniteWeights()]:
            hook.begin()
        spec.scaffold.finalize()
    return graph


def place(graph: Any, operation: Any) -> str:
    """The device on which it runs: that of the variable that it works on, as TensorFlow does."""
    for given in operation.inputs:
        if given.dtype == tf.resource:
            return place(graph, given.op)
    if not operation.device:
        for group in operation.colocation_groups():
            name = group.decode().replace("loc:@", "")
            if name != operation.name:
                return str(graph.get_operation_by_name(name).device)
    return str(operation.device).split("/device:")[0]


def variables(graph: Any) -> Dict[str, Any]:
    return {v.op.name: v for v in graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES)}


@pytest.mark.parametrize("optimizer", ["lazy_adam_optimizer", "adamw_optimizer"])
def test_no_table_goes_over_the_network(optimizer: str, tmp_path: Path) -> None:
    graph = built(CHIEF, tmp_path, optimizer)
    large: Set[Tuple[int, ...]] = {
        tuple(v.shape) for name, v in variables(graph).items() if name.startswith("embedding/")
    }
    sent: List[str] = []
    for operation in graph.get_operations():
        here = place(graph, operation)
        for given in operation.inputs:
            if given.shape.is_fully_defined() and tuple(given.shape) in large:
                there = place(graph, given.op)
                if here != there:
                    sent.append(f"{given.name} from {there} to {operation.name} on {here}")
    assert (500, 8) in large
    assert sent == []


def test_all_trainers_place_each_variable_alike_and_servers_hold_about_as_much(
    tmp_path: Path,
) -> None:
    of_chief, of_worker = (
        {
            name: v.device
            for name, v in variables(built(role, tmp_path, "adam_async_optimizer")).items()
        }
        for role in (CHIEF, WORKER)
    )
    assert of_chief == of_worker
    assert set(of_chief.values()) == {"/job:ps/task:0", "/job:ps/task:1"}


def test_partitions_stand_on_different_servers_and_slots_beside_them(tmp_path: Path) -> None:
    graph = built(CHIEF, tmp_path, "lazy_adam_optimizer")
    held = {"/job:ps/task:0": 0, "/job:ps/task:1": 0}
    parts: Dict[str, List[str]] = {}
    for name, variable in variables(graph).items():
        held[variable.device] += variable.shape.num_elements() or 1
        table_name, _, rest = name.partition("/part_")
        if rest.isdigit():
            parts.setdefault(table_name, []).append(variable.device)
            for slot in ("Adam", "Adam_1", "ExponentialMovingAverage"):
                assert variables(graph)[f"{name}/{slot}"].device == variable.device
    assert parts
    assert all(len(set(devices)) == 2 for devices in parts.values())
    assert max(held.values()) < 1.1 * min(held.values())


def test_a_session_talks_to_its_own_process_and_the_servers() -> None:
    assert device_filters(WORKER) == ["/job:ps", "/job:worker/task:1"]
    assert device_filters(CHIEF) == ["/job:ps", "/job:chief/task:0"]


def test_trainers_draw_different_random_numbers(tmp_path: Path) -> None:
    config = table.small("esmm", tmp_path).config
    marks = Marks(config.model_dir)
    seeds = [ClusterTraining(config, role, marks).random_seed for role in (CHIEF, WORKER)]
    assert seeds[0] == config.train_config.random_seed
    assert seeds[1] != seeds[0]
