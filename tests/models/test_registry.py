"""What holds for every registered model: kernels, batch normalisation, gradients, scopes."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import models
from easy_esmm.compat import v1
from easy_esmm.config.models import MODELS, is_entire_space
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Group, Labels, Sequence, TaskLabels, Tasks
from easy_esmm.protos.model_pb2 import ModelConfig

ROWS, WIDTH = 12, 5
L2 = 0.5
_DNN = "dnn { hidden_units: [4, 3] }"  # with batch normalisation, its default
_EXPERT = "{ hidden_units: [4] }"
PARAMETERS: Dict[str, str] = {
    "AITM": "",
    "ChorusCVR": "",
    "ClickSpace": "",
    "DBMTL": f"""
      bottom_dnn {_EXPERT} num_expert: 2 expert_dnn {_EXPERT}
      task_towers {{ tower_name: "last" label_name: "pay" {_DNN}
        relation_tower_names: ["click", "buy"] relation_dnn {_EXPERT} }}""",
    "DCMT": "",
    "DDPO": "",
    "Division": "",
    "ESCM2": "estimator: DR",
    "ESMM": "ctr_logit_link: true click_masked_cvr_weight: 0.1",
    "ESMM_AITM": "",
    "ESMM_MMoE": f"num_expert: 2 expert_dnn {_EXPERT}",
    "ESMM_PLE": f"""
      extraction_networks {{ expert_num_per_task: 1 share_num: 2
        task_expert_net {_EXPERT} share_expert_net {_EXPERT} }}
      extraction_networks {{ expert_num_per_task: 2 share_num: 1
        task_expert_net {_EXPERT} share_expert_net {_EXPERT} }}""",
    "MMoE": f"num_expert: 2 expert_dnn {_EXPERT}",
    "DeepFM": f"dnn {_EXPERT} final_dnn {_EXPERT}",
    "MultiTaskModel": "",
    "NISE": "",
    "MultiTower": f"final_dnn {_EXPERT} towers {{ input: 'all' {_DNN} }}",
    "MultiTowerDIN": f"final_dnn {_EXPERT} towers {{ input: 'all' {_DNN} }}",
    "PLE": f"""
      extraction_networks {{ expert_num_per_task: 1 share_num: 2
        task_expert_net {_EXPERT} share_expert_net {_EXPERT} }}
      extraction_networks {{ expert_num_per_task: 2 share_num: 1
        task_expert_net {_EXPERT} share_expert_net {_EXPERT} }}""",
    "SimpleMultiTask": "",
    "WideAndDeep": f"wide_output_dim: 5 dnn {_EXPERT} final_dnn {_EXPERT}",
}
BACKBONES: Dict[str, str] = {
    "MultiTaskModel": """backbone {
      blocks { name: "own" inputs { feature_group_name: "all" }
        keras_layer { class_name: "MLP" mlp { hidden_units: [4, 5] use_final_bias: true } } }
      blocks { name: "masked" inputs { feature_group_name: "all" } keras_layer {
        class_name: "MaskNet" masknet {
          mask_blocks { aggregation_size: 4 output_size: 3 projection_dim: 2 }
          mlp { hidden_units: 3 } } } }
      blocks { name: "crossed" inputs { feature_group_name: "all" }
        layers { recurrent { num_steps: 2 keras_layer { class_name: "Cross" } } }
        layers { keras_layer { class_name: "MLP" mlp { hidden_units: 5 } } } }
      blocks { name: "transferred" merge_inputs_into_list: true
        inputs { block_name: "masked" }
        inputs { block_name: "own" }
        inputs { block_name: "crossed" }
        keras_layer { class_name: "AITMTower" aitm { transfer_mlp { hidden_units: 3 } } } }
      output_blocks: ["own", "transferred", "crossed"]
    }""",
}
"""What stands beside the parameters."""


ATTENDED = dict.fromkeys(["DeepFM", "WideAndDeep"], "deep")
"""Name of the group that has an attention; of other models `all`."""
SINGLE_TASK = ("DeepFM", "MultiTower", "MultiTowerDIN", "WideAndDeep")


def config(name: str) -> ModelConfig:
    """A small model over one feature group, with batch normalisation everywhere."""
    towers = f"""
      ctr_tower {{ tower_name: "ctr" label_name: "click" {_DNN} }}
      cvr_tower {{ tower_name: "cvr" label_name: "buy" {_DNN} }}"""
    if name in SINGLE_TASK:
        towers = ""
    elif not hasattr(getattr(ModelConfig(), MODELS[name]), "ctr_tower"):
        towers = "".join(
            f'task_towers {{ tower_name: "{label}" label_name: "{label}" {_DNN} }}\n'
            for label in ("click", "buy", "pay")
        )
    text = f"""
      model_class: "{name}"
      task {{ label_name: "click" }}
      feature_groups {{ group_name: "{ATTENDED.get(name, "all")}"
        sequence_features {{ group_name: "past"
          seq_att_map {{ key: "k" hist_seq: "h" }} seq_dnn {{ hidden_units: [3, 1] }} }} }}
      {'feature_groups { group_name: "fm" }' if name == "DeepFM" else ""}
      {BACKBONES.get(name, "")}
      {MODELS[name]} {{ {towers} {PARAMETERS[name]} l2_regularization: {L2} }}
    """
    return text_format.Parse(text, ModelConfig())


def labels_of(tasks: Tasks) -> Labels:
    random = np.random.default_rng(3)
    ones = tf.ones([ROWS])
    click = tf.constant(random.random(ROWS) < 0.6, tf.float32)
    found = {}
    for task in tasks:
        value = tf.constant(random.random(ROWS) < 0.5, tf.float32) * (
            click if task.condition else 1.0
        )
        if not task.condition and tasks.entire_space:
            value = click
        weight = click if task.is_masked else ones
        found[task.name] = TaskLabels(value, weight, ones, tf.zeros([ROWS], tf.bool), 0 * ones)
    return Labels(found, ones)


def group_of(features: Any) -> Group:
    """Plain features beside a key and a history, of one, two or no elements."""
    random = np.random.default_rng(2)
    history, key = random.normal(size=[ROWS, 2, 2]), random.normal(size=[ROWS, 2])
    mask = np.arange(2) < (np.arange(ROWS) % 3)[:, None]
    return Group(
        tf.constant(features),
        sequences={"h": Sequence(tf.constant(history, tf.float32), tf.constant(mask))},
        keys={"k": tf.constant(key, tf.float32)},
    )


class Graph:
    """The model's training graph on random features."""

    def __init__(self, name: str) -> None:
        model_config = config(name)
        tasks = task_specs(model_config)
        features = np.random.default_rng(1).normal(size=[ROWS, WIDTH]).astype(np.float32)
        self.graph = tf.Graph()
        with self.graph.as_default():
            v1.train.create_global_step()
            self.model = models.build(model_config, tasks, tf.float32)
            plain = Group(tf.constant(features), {"x": WIDTH})
            given = {ATTENDED.get(name, "all"): group_of(features), "wide": plain, "fm": plain}
            groups = self.model.attended(given, training=True)
            outputs = self.model.outputs(groups, training=True)
            terms = self.model.loss_terms(outputs, labels_of(tasks))
            self.loss = tf.add_n([term.weight * term.value for term in terms])
            self.regularization = self.model.regularization()
            self.updates = self.model.updates
            self.variables: List[Any] = v1.trainable_variables()


@pytest.fixture(scope="module", params=sorted(models.registered()))
def built(request: pytest.FixtureRequest) -> Graph:
    return Graph(request.param)


def test_every_registered_model_is_tested_here() -> None:
    assert set(PARAMETERS) == set(models.registered())


def test_each_kernel_is_regularised_exactly_once_and_nothing_else_is(built: Graph) -> None:
    with built.graph.as_default(), v1.Session() as session:
        gradients = tf.gradients(
            built.regularization,
            built.variables,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        session.run(v1.global_variables_initializer())
        slopes, values = session.run([gradients, built.variables])
    matrices = [variable for variable in built.variables if variable.shape.rank == 2]
    assert len(matrices) >= 3
    for variable, slope, value in zip(built.variables, slopes, values):
        # The derivative of L2 x |kernel|^2 / 2 is L2 x kernel: twice that if it counted twice.
        expected = L2 * value if variable.shape.rank == 2 else np.zeros_like(value)
        np.testing.assert_allclose(slope, expected, rtol=1e-6, err_msg=variable.name)


def test_each_batch_norm_is_updated_exactly_once_a_step(built: Graph) -> None:
    with built.graph.as_default():
        moving = [v for v in v1.global_variables() if "/moving_" in v.name]
    assert len(moving) >= 4  # mean and variance of two layers or more
    handles = {v.handle.name: v.name for v in moving}
    is_initializer = {v.initializer.name for v in moving}
    assignments = [
        operation
        for operation in built.graph.get_operations()
        if operation.type.startswith("Assign")
        and operation.inputs[0].name in handles
        and operation.name not in is_initializer
    ]
    times = Counter(handles[operation.inputs[0].name] for operation in assignments)
    assert times == {variable.name: 1 for variable in moving}
    run = {update.name.split(":")[0] for update in built.updates}
    assert all(run & _with_consumers(operation) for operation in assignments)
    assert len(built.updates) == len(moving)


def _with_consumers(operation: Any) -> Any:
    """Names of the operation and of those that wait for it or read it."""
    found, waiting = set(), [operation]
    while waiting:
        one = waiting.pop()
        if one.name not in found:
            found.add(one.name)
            waiting += [consumer for output in one.outputs for consumer in output.consumers()]
            waiting += one._control_outputs
    return found


def test_no_trainable_variable_is_without_a_gradient(built: Graph) -> None:
    with built.graph.as_default():
        gradients = tf.gradients(built.loss, built.variables)
    lacking = [v.name for v, slope in zip(built.variables, gradients) if slope is None]
    assert lacking == []


def test_the_models_own_name_is_no_scope_of_its_variables(built: Graph) -> None:
    towers = {"ctr_tower", "cvr_tower"}
    if built.model.name in SINGLE_TASK:
        towers = {"final"}
    elif not is_entire_space(config(built.model.name)):
        towers = {"click_tower", "buy_tower", "pay_tower"}
    assert towers <= {variable.name.split("/")[0] for variable in built.variables}
