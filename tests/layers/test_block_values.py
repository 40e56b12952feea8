"""What the config's rules say about random graphs of blocks is what their layers give."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, List

import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import v1
from easy_esmm.config.backbone import graph
from easy_esmm.contract import Group
from easy_esmm.layers.backbone import Backbone
from easy_esmm.layers.blocks.values import flattened
from tests.config.conftest import BASE

GROUPS = {"all": {"user": 8, "item": 8, "tags": 8, "price": 1}, "same": {"user": 8, "item": 8}}
TOWERS = ("click", "buy")
LAYERS = {
    "MLP": ["mlp { hidden_units: [4, 3] }", "mlp { hidden_units: 8 }"],
    "MMoE": ["mmoe { num_task: 2 num_expert: 2 expert_mlp { hidden_units: 8 } }"],
    "SENet": ["senet { num_squeeze_group: 1 }", ""],
    "AITMTower": ["", "aitm { project_dim: 5 }", "aitm { transfer_mlp { hidden_units: 6 } }"],
    "MaskBlock": ["mask_block { aggregation_size: 3 output_size: 8 }"],
    "MaskNet": [
        "masknet { mask_blocks { aggregation_size: 3 output_size: 4 } mlp { hidden_units: 3 } }",
        "masknet { mask_blocks { reduction_factor: 0.01 output_size: 4 } use_parallel: false }",
    ],
    "FM": ["", "fm { use_variant: true }"],
    "Cross": ["", "cross { projection_dim: 2 }"],
}
SLICES = ("[0]", "[-1]", "[1:]", "[:]", "[:, 1:]", "[:, :4]", "[:, 0:1]", "[:, :, :4]", "[:, 1]")
FORMS = ("only_output_feature_list", "only_output_3d_tensor", "output_2d_tensor_and_feature_list")


def random_layer(draw: random.Random) -> str:
    name = draw.choice(sorted(LAYERS))
    keras = f'keras_layer {{ class_name: "{name}" {draw.choice(LAYERS[name])} }}'
    fixed = draw.choice(["", "fixed_input_index: 0", "fixed_input_index: 1"])
    axis = draw.choice(["", "output_concat_axis: -1"])
    recurrent = f"recurrent {{ num_steps: 2 {fixed} {keras} }}"
    repeat = f"repeat {{ num_repeat: 2 {axis} {keras} }}"
    return draw.choices([keras, recurrent, repeat], [6, 1, 1])[0]


def random_block(draw: random.Random, number: int) -> str:
    inputs = ""
    for _ in range(draw.choice([1, 1, 2, 3])):
        source = f'feature_group_name: "{draw.choice(sorted(GROUPS))}"'
        if number and draw.random() < 0.7:
            source = f'block_name: "b{draw.randrange(number)}"'
        part = f'input_slice: "{draw.choice(SLICES)}"' if draw.random() < 0.25 else ""
        inputs += f"inputs {{ {source} {part} }} "
    if draw.random() < 0.25:
        inputs += "merge_inputs_into_list: true "
    two = " ".join(f"layers {{ {random_layer(draw)} }}" for _ in range(2))
    form = f"input_layer {{ {draw.choice(FORMS)}: true }}"
    body = draw.choices(["", random_layer(draw), two, form], [3, 5, 1, 2])[0]
    return f'blocks {{ name: "b{number}" {inputs} {body} }}\n'


def random_config(draw: random.Random, path: Path) -> Any:
    """A pipeline with a random backbone that the rules take."""
    head = BASE[: BASE.index('  model_class: "ESMM"')]
    groups = "".join(
        f'feature_groups {{ group_name: "{name}" feature_names: [{", ".join(map(repr, widths))}] }}'
        for name, widths in GROUPS.items()
    )
    towers = "".join(f'task_towers {{ tower_name: "{t}" label_name: "{t}" }}' for t in TOWERS)
    while True:
        blocks = "".join(random_block(draw, i) for i in range(draw.choice([1, 2, 3, 4])))
        model = f'model_class: "MultiTaskModel" {groups} model_params {{ {towers} }}'
        path.write_text(f"{head} {model} backbone {{ {blocks} }} }}")
        try:
            return configs.load(str(path))
        except configs.ConfigError:
            continue


def shapes(value: Any) -> List[Any]:
    return [tensor.shape.as_list() for tensor in flattened([value])]


@pytest.mark.parametrize("seed", range(25))
def test_what_the_rules_take_can_be_built(seed: int, tmp_path: Path) -> None:
    config = random_config(random.Random(seed), tmp_path / "x.config").config
    backbone = config.model_config.backbone
    with tf.Graph().as_default():
        groups = {
            name: Group(v1.placeholder(tf.float32, [None, sum(widths.values())]), widths)
            for name, widths in GROUPS.items()
        }
        output = Backbone(backbone, tf.float32)(groups, training=True)
    found = shapes(output)
    assert len(found) in (1, len(TOWERS)), graph.outputs(backbone)
    assert all(len(shape) == 2 and shape[1] > 0 for shape in found), backbone
