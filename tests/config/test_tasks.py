"""Towers of a resolved config to tasks."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Kind, Tasks
from easy_esmm.protos.model_pb2 import ModelConfig


def tasks_of(text: str) -> Tasks:
    return task_specs(text_format.Parse(text, ModelConfig()))


def test_an_entire_space_model_has_three_tasks_of_two_towers() -> None:
    tasks = tasks_of(
        """esmm {
          ctr_tower { tower_name: "c" label_name: "click" weight: 2 metrics_set { auc {} } }
          cvr_tower { tower_name: "v" label_name: "buy" metrics_set { gauc {} } }
        }"""
    )
    assert [task.name for task in tasks] == ["c", "ctcvr", "v"]
    assert [task.metric_name for task in tasks] == ["c", "ctcvr", "v_masked"]
    assert [task.label for task in tasks] == ["click", "buy", "buy"]
    assert [task.condition for task in tasks] == [None, "click", "click"]
    assert [task.is_masked for task in tasks] == [False, False, True]
    assert [task.scope for task in tasks] == ["ctr_tower", "cvr_tower", "cvr_tower"]
    assert [task.path for task in tasks] == [
        "model_config.esmm.ctr_tower",
        "model_config.esmm.cvr_tower",
        "model_config.esmm.cvr_tower",
    ]
    assert [[loss.loss_name for loss in task.losses] for task in tasks] == [
        ["weighted_cross_entropy_loss_c"],
        ["weighted_cross_entropy_loss_v"],  # the CVR tower's losses are the product's
        [],
    ]
    assert [task.weight for task in tasks] == [2, 1, 1]
    assert [task.metrics[0].WhichOneof("metric") for task in tasks] == ["auc", "gauc", "gauc"]
    family = tasks.entire_space
    assert family is not None
    assert (family.click, family.product, family.conversion) == tasks.specs
    assert tasks.columns() == ("click", "buy")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_multi_task_model_has_a_task_for_each_tower(count: int) -> None:
    towers = "".join(
        f'task_towers {{ tower_name: "t{n}" label_name: "l{n}" weight: {n + 1} }}'
        for n in range(count)
    )
    tasks = tasks_of(f"simple_multi_task {{ {towers} }}")
    assert tasks.entire_space is None
    assert [task.name for task in tasks] == [f"t{n}" for n in range(count)]
    assert [task.scope for task in tasks] == [f"t{n}_tower" for n in range(count)]
    assert [task.weight for task in tasks] == [n + 1 for n in range(count)]
    assert [task.losses[0].loss_name for task in tasks] == [
        f"cross_entropy_loss_t{n}" for n in range(count)
    ]
    assert all(task.condition is None and not task.is_masked for task in tasks)
    assert tasks.columns() == tuple(f"l{n}" for n in range(count))


def test_a_value_tower_is_a_value_task() -> None:
    tasks = tasks_of('mmoe { task_towers { tower_name: "a" label_name: "a" loss_type: L2_LOSS } }')
    (task,) = tasks
    assert task.kind is Kind.VALUE
    assert task.losses[0].loss_name == "l2_loss_a"


def test_a_task_space_without_weight_outside_has_metrics_of_its_own() -> None:
    space = 'task_space_indicator_label: "seen" in_task_space_weight: 3'
    tasks = tasks_of(
        f"""mmoe {{
          task_towers {{ tower_name: "a" label_name: "buy" {space} out_task_space_weight: 0 }}
          task_towers {{ tower_name: "b" label_name: "buy" {space} out_task_space_weight: 0.5 }}
        }}"""
    )
    strict, loose = tasks
    assert strict.task_space is not None
    assert loose.task_space is not None
    assert (strict.task_space.inside, strict.task_space.outside) == (3, 0)
    assert (strict.metric_name, strict.inside_metric_name) == ("a", "a_masked")
    assert (loose.metric_name, loose.inside_metric_name) == ("b", None)
    assert tasks.columns() == ("buy", "seen")


def test_the_metrics_of_an_entire_space_model_do_not_depend_on_a_task_space() -> None:
    space = 'task_space_indicator_label: "seen" out_task_space_weight: 0'
    tasks = tasks_of(
        f"""esmm {{
          ctr_tower {{ tower_name: "c" label_name: "click" {space} }}
          cvr_tower {{ tower_name: "v" label_name: "buy" {space} }}
        }}"""
    )
    assert all(task.task_space is not None and task.task_space.is_strict for task in tasks)
    assert [task.observed_metric_name for task in tasks] == ["c", "ctcvr", "v_masked"]
    assert all(task.inside_metric_name is None for task in tasks)
