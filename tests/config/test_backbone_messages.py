"""What is said about graphs of blocks that cannot be built."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from google.protobuf import json_format, text_format

from easy_esmm import config
from easy_esmm.config.backbone import graph
from easy_esmm.config.backbone.input_slice import BadSlice, parse_slice
from easy_esmm.config.backbone.keras_layers import NAMES, refusal
from easy_esmm.protos.backbone_pb2 import BackboneTower
from tests.config.conftest import BASE

# See conftest.py.
Problems = Any
Load = Any

MODEL = BASE[BASE.index('  model_class: "ESMM"') :]
TOWERS = """
  model_params {
    task_towers { tower_name: "ctr" label_name: "click" dnn { hidden_units: 4 } }
    task_towers { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 4 } }
  }
}
"""
GROUP = 'feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] } feature_groups { group_name: "same" feature_names: ["user", "item"] }'
ALL = 'inputs { feature_group_name: "all" }'
SAME = ALL.replace("all", "same")
MLP = 'keras_layer { class_name: "MLP" mlp { hidden_units: 8 } }'
BLOCK = f'blocks {{ name: "a" {ALL} {MLP} }}'
MIXED = 'keras_layer { class_name: "MMoE" mmoe { num_task: 3 num_expert: 2 expert_mlp { hidden_units: 4 } } }'


def model(backbone: str, towers: str = TOWERS, name: str = "MultiTaskModel") -> Tuple[str, str]:
    """(old, new) for `load` and `problems_of`; `backbone` stands in line 26."""
    return MODEL, f'  model_class: "{name}" {GROUP}\n  backbone {{ {backbone} }}{towers}'


def keras(text: str) -> str:
    return f'blocks {{ name: "a" {ALL} keras_layer {{ {text} }} }}'


# What is wrong: (backbone, all lines of the message, without file and column: field and rule).
CASES: Dict[str, Tuple[str, List[str]]] = {
    "no_blocks": ("", ["blocks: must have at least one block"]),
    "unknown_names": (
        'blocks { name: "a" inputs { feature_group_name: "al" } inputs { block_name: "bb" } } blocks { name: "b" inputs { block_name: "a" } } concat_blocks: "c"',
        [
            'blocks[0].inputs[0].feature_group_name: must be a feature group, got "al"; did you mean all?',
            'blocks[0].inputs[1].block_name: must be a block, got "bb"; did you mean b?',
            'concat_blocks[0]: must be a block, got "c"',
        ],
    ),
    "no_inputs": (
        f'blocks {{ name: "a" {MLP} }} blocks {{ name: "b" inputs {{ block_name: "a" ignore_input: true }} }} blocks {{ {ALL} inputs {{ }} }}',
        [
            "blocks[0].inputs: must name what the block reads; write inputs { feature_group_name: ... } or inputs { block_name: ... }",
            "blocks[1].inputs: must name what the block reads; write inputs { feature_group_name: ... } or inputs { block_name: ... }",
            "blocks[2].name: must be set: other blocks read it, and variables bear it",
            "blocks[2].inputs[1]: must have feature_group_name or block_name",
        ],
    ),
    "one_name_twice": (
        f'{BLOCK} blocks {{ name: "A" {ALL} }}',
        ['blocks[1].name: must be unique: another block has this name at line 26, got "a"'],
    ),
    "a_cycle": (
        'blocks { name: "a" inputs { block_name: "c" } } blocks { name: "b" inputs { block_name: "a" } } blocks { name: "c" inputs { block_name: "b" } }',
        ["blocks[0]: must not wait for itself: a <- c <- b <- a"],
    ),
    "its_own_input": (
        'blocks { name: "a" inputs { block_name: "a" } }',
        ["blocks[0]: must not wait for itself: a <- a"],
    ),
    "a_misspelt_class": (
        keras('class_name: "SENNet"'),
        [
            'blocks[0].keras_layer.class_name: must be one of AITMTower, Cross, DIN, FM, MLP, MMoE, MaskBlock, MaskNet, SENet, got "SENNet"; did you mean SENet?'
        ],
    ),
    "no_class": (
        keras("mlp { hidden_units: 4 }"),
        ['blocks[0].keras_layer.class_name: must be set; write class_name: "MLP"'],
    ),
    "parameters_of_another_class": (
        keras('class_name: "MLP" fm { }'),
        ["blocks[0].keras_layer.fm: must be mlp { ... } for class_name MLP, got fm"],
    ),
    "missing_parameters": (
        " ".join(
            f'blocks {{ name: "{name}" {ALL} keras_layer {{ class_name: "{name}" {text} }} }}'
            for name, text in {
                "MLP": "",
                "MMoE": "mmoe { expert_mlp { } }",
                "MaskBlock": "mask_block { }",
                "MaskNet": "",
            }.items()
        ),
        [
            "blocks[0].keras_layer.mlp.hidden_units: must have at least one layer; write hidden_units: [64, 32]",
            "blocks[1].keras_layer.mmoe.num_expert: must be set",
            "blocks[1].keras_layer.mmoe.num_task: must be set",
            "blocks[1].keras_layer.mmoe.expert_mlp.hidden_units: must have at least one layer; write hidden_units: [64, 32]",
            "blocks[2].keras_layer.mask_block: must have reduction_factor or aggregation_size",
            "blocks[2].keras_layer.mask_block.output_size: must be set",
            "blocks[3].keras_layer.masknet.mask_blocks: must have at least one block; write mask_blocks { ... } for each",
        ],
    ),
    "values_out_of_range": (
        keras(
            'class_name: "MLP" mlp { hidden_units: [4, 0] dropout_ratio: [0.1, 1, 0] activation: "rleu" final_activation: "none" initializer: "he" }'
        ),
        [
            "blocks[0].keras_layer.mlp.hidden_units[1]: must be at least 1, got 0",
            "blocks[0].keras_layer.mlp.dropout_ratio: must have at most one value for each of the 2 layers, got 3",
            "blocks[0].keras_layer.mlp.dropout_ratio[1]: must be in [0, 1), got 1",
            'blocks[0].keras_layer.mlp.activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "rleu"; did you mean relu?',
            'blocks[0].keras_layer.mlp.final_activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "none"',
            'blocks[0].keras_layer.mlp.initializer: must be glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, random_uniform, random_normal, truncated_normal, orthogonal, variance_scaling, identity, zeros or ones, got "he"',
        ],
    ),
    "untyped_parameters": (
        keras(
            'class_name: "MLP" st_params { fields { key: "hidden_unit" value { number_value: 4 } } fields { key: "use_bn" value { number_value: 2 } } fields { key: "activation" value { string_value: "rleu" } } }'
        ),
        [
            "blocks[0].keras_layer.st_params.hidden_units: must have at least one layer; write hidden_units: [64, 32]",
            "blocks[0].keras_layer.st_params.hidden_unit: unknown field; did you mean hidden_units?",
            "blocks[0].keras_layer.st_params.use_bn: must be true or false, got 2",
            'blocks[0].keras_layer.st_params.activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "rleu"; did you mean relu?',
        ],
    ),
    "more_layers_than_a_graph_holds": (
        f'blocks {{ name: "a" {ALL} keras_layer {{ class_name: "MMoE" mmoe {{ num_task: 4000000000 num_expert: 0 expert_mlp {{ hidden_units: 4 }} }} }} }}',
        [
            "blocks[0].keras_layer.mmoe.num_task: must be in [1, 1000], got 4000000000",
            "blocks[0].keras_layer.mmoe.num_expert: must be in [1, 1000], got 0",
        ],
    ),
    "two_kinds_of_outputs": (
        f'{BLOCK} concat_blocks: "a" output_blocks: "a"',
        ["concat_blocks: must not stand beside output_blocks, which are one for each tower"],
    ),
    "a_layer_beside_layers": (
        f'blocks {{ name: "a" {ALL} layers {{ {MLP} }} layers {{ }} {MLP} }}',
        [
            "blocks[0].layers[1]: must hold keras_layer { ... }",
            "blocks[0].keras_layer: must not stand beside layers: a block has one layer, or a sequence of them",
        ],
    ),
    "incomplete_repetitions": (
        f'blocks {{ name: "a" {ALL} recurrent {{ }} }} blocks {{ name: "b" {ALL} layers {{ repeat {{ num_repeat: 0 }} }} }}',
        [
            "blocks[0].recurrent.keras_layer: must be set",
            "blocks[0].recurrent.num_steps: must be set",
            "blocks[1].layers[0].repeat.keras_layer: must be set",
            "blocks[1].layers[0].repeat.num_repeat: must be in [1, 1000], got 0",
        ],
    ),
    "too_few_outputs": (
        f'{BLOCK} blocks {{ name: "b" {ALL} }} blocks {{ name: "c" {ALL} }} output_blocks: ["a", "b", "c"]',
        ["output_blocks: must have one output, or one for each of the 2 towers, got 3"],
    ),
    "another_number_of_tasks": (
        f'blocks {{ name: "a" {ALL} {MIXED} }}',
        [": must have one output, or one for each of the 2 towers, got 3"],
    ),
    "a_top_over_several_outputs": (
        f'{BLOCK} blocks {{ name: "b" {ALL} }} output_blocks: ["a", "b"] top_mlp {{ hidden_units: 4 }}',
        [
            "top_mlp: must not be set where there is an output for each tower; write an MLP block below each output"
        ],
    ),
    "a_list_for_a_matrix": (
        f'blocks {{ name: "a" {ALL} {MIXED} }} blocks {{ name: "b" inputs {{ block_name: "a" }} {MLP} }}',
        [
            "blocks[1].keras_layer: MLP reads a matrix, got a list of 3; input_slice takes one of a list"
        ],
    ),
    "a_matrix_for_a_list": (
        f'{BLOCK} blocks {{ name: "b" inputs {{ block_name: "a" }} {ALL} keras_layer {{ class_name: "AITMTower" }} }}',
        [
            "blocks[1].keras_layer: AITMTower reads a list of matrices, the task's own and those of tasks before it, got a matrix of width 33; merge_inputs_into_list: true makes a list of the block's inputs"
        ],
    ),
    "a_matrix_for_features": (
        f'{BLOCK} blocks {{ name: "b" inputs {{ block_name: "a" }} keras_layer {{ class_name: "SENet" }} }}',
        [
            "blocks[1].keras_layer: SENet reads the features of a group, got a matrix of width 8; input_layer { only_output_feature_list: true } gives the list of a group's features"
        ],
    ),
    "an_index_beyond_the_list": (
        f'blocks {{ name: "a" {ALL} {MIXED} }} blocks {{ name: "b" inputs {{ block_name: "a" input_slice: "[3]" }} }}',
        ['blocks[1].inputs[0].input_slice: must be inside the input, a list of 3, got "[3]"'],
    ),
    "rows_of_a_matrix": (
        'blocks { name: "a" inputs { feature_group_name: "all" input_slice: "[0]" } }',
        [
            'blocks[0].inputs[0].input_slice: must begin with [:, to keep all rows of a matrix of width 25, got "[0]"'
        ],
    ),
    "one_column_as_a_vector": (
        'blocks { name: "a" inputs { feature_group_name: "all" input_slice: "[:, 0]" } }',
        [
            'blocks[0].inputs[0].input_slice: must leave a matrix: write [:, 3:4] for a single column, got "[:, 0]"'
        ],
    ),
    "code_as_a_slice": (
        'blocks { name: "a" inputs { feature_group_name: "all" input_slice: "[__import__(\'os\')]" } }',
        [
            "blocks[0].inputs[0].input_slice: must be numbers and slices of numbers, as [0], [1:] or [:, :16], got \"[__import__('os')]\""
        ],
    ),
    "an_axis_that_matrices_have_not": (
        f'blocks {{ name: "a" {ALL} {ALL} input_concat_axis: 2 }}',
        ["blocks[0].input_concat_axis: must be -1 or 1, got 2"],
    ),
    "the_form_of_a_block": (
        f'{BLOCK} blocks {{ name: "b" inputs {{ block_name: "a" }} input_layer {{ }} }}',
        ["blocks[1].input_layer: needs one feature group, whole, as the only input"],
    ),
    "the_form_of_a_list": (
        f'blocks {{ name: "a" {ALL} merge_inputs_into_list: true input_layer {{ }} }}',
        ["blocks[0].input_layer: must not stand beside merge_inputs_into_list: it reads no list"],
    ),
    "two_forms_at_once": (
        f'blocks {{ name: "a" {ALL} input_layer {{ only_output_feature_list: true only_output_3d_tensor: true }} }}',
        [
            "blocks[0].input_layer.only_output_3d_tensor: must not stand beside only_output_feature_list, got true"
        ],
    ),
    "a_fixed_input_of_one": (
        f'blocks {{ name: "a" {ALL} recurrent {{ num_steps: 2 fixed_input_index: 0 keras_layer {{ class_name: "Cross" }} }} }}',
        [
            "blocks[0].recurrent.fixed_input_index: needs a list of two inputs, got a matrix of width 25; merge_inputs_into_list: true makes a list of the block's inputs"
        ],
    ),
    "widths_that_differ": (
        f'{BLOCK} blocks {{ name: "b" {ALL} inputs {{ block_name: "a" }} merge_inputs_into_list: true keras_layer {{ class_name: "Cross" }} }}',
        ["blocks[1].keras_layer: needs inputs of one width, got 8, 25"],
    ),
    "features_of_different_widths": (
        f'blocks {{ name: "a" {ALL} keras_layer {{ class_name: "FM" }} }}',
        [
            "blocks[0].keras_layer: needs features of one width, got 1, 8; give the features the same embedding_dim"
        ],
    ),
    "features_of_different_widths_stacked": (
        f'blocks {{ name: "a" {ALL} input_layer {{ only_output_3d_tensor: true }} }}',
        [
            "blocks[0].input_layer.only_output_3d_tensor: needs features of one width, got 1, 8; give the features the same embedding_dim"
        ],
    ),
    "parts_that_do_not_divide_a_feature": (
        f'blocks {{ name: "a" {ALL} keras_layer {{ class_name: "SENet" senet {{ num_squeeze_group: 3 }} }} }}',
        [
            "blocks[0].keras_layer.senet.num_squeeze_group: must divide the width of every feature, and one has width 8, got 3"
        ],
    ),
    "default_parts_that_do_not_divide_a_number": (
        f'blocks {{ name: "a" {ALL} keras_layer {{ class_name: "SENet" }} }}',
        [
            "blocks[0].keras_layer.senet.num_squeeze_group: must divide the width of every feature, and one has width 1, got 2"
        ],
    ),
    "one_transfer_for_several_widths": (
        f'{BLOCK} blocks {{ name: "b" {ALL} {ALL} inputs {{ block_name: "a" }} merge_inputs_into_list: true keras_layer {{ class_name: "AITMTower" aitm {{ transfer_mlp {{ hidden_units: 8 }} }} }} }}',
        [
            "blocks[1].keras_layer.aitm.transfer_mlp: needs inputs behind the first of one width, got 8, 25"
        ],
    ),
    "columns_beyond_the_matrix": (
        'blocks { name: "a" inputs { feature_group_name: "all" input_slice: "[:, 25:]" } }',
        [
            'blocks[0].inputs[0].input_slice: must leave something of a matrix of width 25, got "[:, 25:]"'
        ],
    ),
    "a_matrix_beside_a_stack": (
        f'blocks {{ name: "a" {SAME} input_layer {{ only_output_3d_tensor: true }} }} blocks {{ name: "b" inputs {{ block_name: "a" }} {ALL} }}',
        [
            "blocks[1].input_concat_axis: cannot put 2 features of width 8 in 3 dimensions and a matrix of width 25 together"
        ],
    ),
    "a_feature_beyond_the_stack": (
        f'blocks {{ name: "a" {SAME} input_layer {{ only_output_3d_tensor: true }} }} blocks {{ name: "b" inputs {{ block_name: "a" input_slice: "[:, 2]" }} }}',
        [
            'blocks[1].inputs[0].input_slice: must be inside the input, 2 features of width 8 in 3 dimensions, got "[:, 2]"'
        ],
    ),
    "a_stack_for_a_tower": (
        f'blocks {{ name: "a" {SAME} input_layer {{ only_output_3d_tensor: true }} }}',
        [": a tower reads a matrix, got 2 features of width 8 in 3 dimensions"],
    ),
    "repeated_lists_side_by_side": (
        f'blocks {{ name: "a" {ALL} repeat {{ num_repeat: 2 output_concat_axis: 1 {MIXED} }} }}',
        ["blocks[0].repeat.output_concat_axis: must not be set: MMoE gives a list"],
    ),
    "python_code": (
        f'blocks {{ name: "a" inputs {{ feature_group_name: "all" input_fn: "lambda x: x" }} }} blocks {{ name: "b" {ALL} lambda {{ expression: "lambda x: x" }} }}',
        [
            'blocks[0].inputs[0].input_fn: known to EasyRec, refused here: config text is never evaluated as code: input_slice takes a part of an input, merge_inputs_into_list makes a list of several, got "lambda x: x"',
            "blocks[1].lambda: known to EasyRec, refused here: Python code, and config text is never evaluated as code: use a keras_layer, or input_slice",
        ],
    ),
}


def rules(lines: List[str]) -> List[str]:
    """Lines without file, line and column, and without the path of the backbone."""
    assert all(line.startswith("x.config:26:") for line in lines), lines
    return [line.split(": model_config.backbone", 1)[1].removeprefix(".") for line in lines]


@pytest.mark.parametrize("case", CASES)
def test_a_backbone_that_cannot_be_built_is_named_with_its_place(
    case: str, problems_of: Problems
) -> None:
    backbone, expected = CASES[case]
    assert sorted(rules(problems_of(*model(backbone)))) == sorted(expected)


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_every_class_that_easyrec_documents_is_built_or_refused_with_what_to_write(
    name: str, problems_of: Problems
) -> None:
    lines = problems_of(*model(keras(f'class_name: "{name}"')))
    if refusal(name):
        (line,) = rules(lines)
        assert line == f'blocks[0].keras_layer.class_name: {refusal(name)}, got "{name}"'
        assert ": " in refusal(name).split("here: ", 1)[-1]  # what it is for, and what to write
    else:
        assert not any("class_name" in line for line in lines)


def test_towers_read_the_backbone_or_something_else_not_both(problems_of: Problems) -> None:
    esmm = """
  esmm {
    groups { input: "all" dnn { hidden_units: 4 } }
    ctr_tower { label_name: "click" input: "all" }
    cvr_tower { label_name: "buy" input: "all" }
  }
}
"""
    lines = problems_of(*model(BLOCK, esmm, "ESMM"))
    assert [line.split(": ", 1)[1] for line in lines if "backbone" in line] == [
        "model_config.backbone: must not stand beside groups: towers read one or the other; write a block for each of the groups",
        'model_config.esmm.ctr_tower.input: must not be set: towers read the backbone, which reads the feature groups, got "all"',
        'model_config.esmm.cvr_tower.input: must not be set: towers read the backbone, which reads the feature groups, got "all"',
    ]


SEQUENCES = """  features { input_names: "item" hash_bucket_size: 100 embedding_dim: 8 }
  features { feature_name: "past" input_names: "tags" feature_type: SequenceFeature separator: "|" hash_bucket_size: 9 embedding_dim: 8 }
"""
ITEM = '  features { input_names: "item" hash_bucket_size: 100 embedding_dim: 8 }\n'
DIN = 'keras_layer { class_name: "DIN" din { attention_dnn { hidden_units: [4, 1] } } }'
# What is wrong with features of a group beside a history: (features, blocks, line without place).
HISTORIES: Dict[str, Tuple[str, str, str]] = {
    "read_as_a_matrix": (
        '"item", "past"',
        MLP,
        "blocks[0].keras_layer: MLP reads a matrix, got a feature group with SequenceFeatures; DIN makes a matrix of it; or name the sequences in sequence_features of the group",
    ),
    "read_by_the_towers": (
        '"item", "past"',
        "",
        ": a tower reads a matrix, got a feature group with SequenceFeatures; DIN makes a matrix of it; or name the sequences in sequence_features of the group",
    ),
    "no_target": (
        '"past"',
        DIN,
        "blocks[0].keras_layer: DIN needs a feature beside the SequenceFeatures, as the target",
    ),
    "too_wide_a_target": (
        '"user", "item", "past"',
        DIN,
        "blocks[0].keras_layer: DIN needs a target that is no wider than the history, got 16 against 8",
    ),
    "no_history": (
        '"item"',
        DIN,
        "blocks[0].keras_layer: DIN reads a feature group that lists a SequenceFeature, got a matrix of width 8",
    ),
    "no_history_to_hand_on": (
        '"item"',
        "input_layer { output_seq_and_normal_feature: true }",
        "blocks[0].input_layer.output_seq_and_normal_feature: needs a feature group that lists a SequenceFeature, got true",
    ),
    "normalised": (
        '"item", "past"',
        "input_layer { output_seq_and_normal_feature: true do_batch_norm: true }",
        "blocks[0].input_layer.do_batch_norm: must not stand beside output_seq_and_normal_feature",
    ),
    "as_a_list": (
        '"item", "past"',
        "input_layer { only_output_feature_list: true }",
        "blocks[0].input_layer: input_layer reads a matrix, got a feature group with SequenceFeatures; DIN makes a matrix of it; or name the sequences in sequence_features of the group",
    ),
    "no_attention": (
        '"item", "past"',
        'keras_layer { class_name: "DIN" }',
        "blocks[0].keras_layer.din.attention_dnn: must be set",
    ),
    "several_scores": (
        '"item", "past"',
        DIN.replace("[4, 1]", "[4, 2]"),
        "blocks[0].keras_layer.din.attention_dnn.hidden_units[1]: must be 1 in the last layer, which gives an element its score, got 2; write [4, 2, 1]",
    ),
    "an_unknown_normalizer": (
        '"item", "past"',
        DIN.replace("din {", 'din { attention_normalizer: "tanh"'),
        'blocks[0].keras_layer.din.attention_normalizer: must be softmax or sigmoid, got "tanh"',
    ),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_history_is_read_by_din_or_refused(case: str, tmp_path: Path) -> None:
    features, inside, expected = HISTORIES[case]
    old, new = model(f'blocks {{ name: "a" {ALL} {inside} }}')
    group = f'feature_groups {{ group_name: "all" feature_names: [{features}] }}'
    text = BASE.replace(old, new.replace(GROUP, group)).replace(ITEM, SEQUENCES)
    path = tmp_path / "x.config"
    path.write_text(text)
    with pytest.raises(config.ConfigError) as error:
        config.load(str(path))
    lines = [str(problem) for problem in error.value.problems]
    assert [line.split(": model_config.backbone", 1)[1].removeprefix(".") for line in lines] == [
        expected
    ]


def test_only_a_multi_task_model_has_an_output_for_each_tower(problems_of: Problems) -> None:
    esmm = '\n  esmm { ctr_tower { label_name: "click" } cvr_tower { label_name: "buy" } }\n}\n'
    backbone = f'{BLOCK} blocks {{ name: "b" {ALL} }} output_blocks: ["a", "b"]'
    assert rules(problems_of(*model(backbone, esmm, "ESMM"))) == [
        "output_blocks: must have one output for ESMM, which all towers read, got 2"
    ]
    assert problems_of(*model(BLOCK, esmm, "ESMM")) == []


def test_a_multi_task_model_needs_a_backbone(problems_of: Problems) -> None:
    one = GROUP.partition(' feature_groups { group_name: "same"')[0]
    new = f'  model_class: "MultiTaskModel" {one}\n{TOWERS}'
    assert problems_of(MODEL, new) == [
        "x.config:24:1: model_config: must hold backbone for MultiTaskModel; write backbone { blocks { ... } }, or use SimpleMultiTask"
    ]


def test_a_group_that_no_block_reads_is_noted_and_left_out(load: Load) -> None:
    two = GROUP + ' feature_groups { group_name: "other" feature_names: "user" }'
    old, new = model(BLOCK)
    pipeline = load(old, new.replace(GROUP, two))
    assert [group.group_name for group in pipeline.config.model_config.feature_groups] == ["all"]
    assert any('feature group "other" feeds no network' in note for note in pipeline.notes)


def test_untyped_parameters_mean_what_typed_ones_do(load: Load) -> None:
    typed = load(*model(keras('class_name: "MLP" mlp { hidden_units: [8, 4] use_bn: false }')))
    untyped = load(
        *model(
            keras(
                'class_name: "MLP" st_params { fields { key: "hidden_units" value { list_value { values { number_value: 8 } values { number_value: 4.0 } } } } fields { key: "use_bn" value { bool_value: false } } fields { key: "activation" value { null_value: NULL_VALUE } } }'
            )
        )
    )
    assert untyped.config.model_config == typed.config.model_config


def test_the_last_of_several_untyped_parameters_of_one_name_counts(load: Load) -> None:
    typed = load(*model(keras('class_name: "MLP" mlp { hidden_units: [4] }')))
    twice = " ".join(
        f'fields {{ key: "hidden_units" value {{ number_value: {units} }} }}' for units in (8, 4)
    )
    untyped = load(*model(keras(f'class_name: "MLP" st_params {{ {twice} }}')))
    assert untyped.config.model_config == typed.config.model_config


def test_a_chain_of_blocks_may_be_of_any_length() -> None:
    backbone = BackboneTower()
    for number in range(5000):
        block = backbone.blocks.add(name=f"b{number}")
        block.inputs.add(block_name=f"b{number + 1}")
    names = [block.name for block in graph.blocks_in_order(backbone)]
    assert names == [f"b{number}" for number in reversed(range(5000))]


def test_a_json_config_has_untyped_parameters_as_an_object(load: Load, tmp_path: Path) -> None:
    typed = load(
        *model(
            keras(
                'class_name: "MMoE" mmoe { num_task: 2 num_expert: 3 expert_mlp { hidden_units: [8, 4] use_bn: false activation: "tanh" } }'
            )
        )
    )
    document = json.loads(
        json_format.MessageToJson(typed.written, preserving_proto_field_name=True)
    )
    (block,) = document["model_config"]["backbone"]["blocks"]
    block["keras_layer"]["st_params"] = block["keras_layer"].pop("mmoe")
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    assert config.load(str(path)).config.model_config == typed.config.model_config
    block["keras_layer"]["st_params"]["num_expret"] = 3
    path.write_text(json.dumps(document, indent=1))
    with pytest.raises(
        config.ConfigError, match=r"st_params\.num_expret: unknown field; did you mean"
    ):
        config.load(str(path))


def test_blocks_come_behind_those_that_they_read_and_else_as_written() -> None:
    backbone = text_format.Parse(
        """blocks { name: "d" inputs { block_name: "b" } inputs { block_name: "c" } }
           blocks { name: "a" } blocks { name: "b" inputs { block_name: "a" } }
           blocks { name: "c" inputs { block_name: "a" ignore_input: true } }
           blocks { name: "e" }""",
        BackboneTower(),
    )
    assert [block.name for block in graph.blocks_in_order(backbone)] == ["a", "b", "c", "d", "e"]
    assert graph.outputs(backbone) == ("d", "e")
    backbone.concat_blocks.append("b")
    assert graph.outputs(backbone) == ("b",)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("[0]", (0,)),
        (" [ -1 ] ", (-1,)),
        ("[1:3]", (slice(1, 3),)),
        ("[:]", (slice(None),)),
        ("[::-1]", (slice(None, None, -1),)),
        ("[:, 2:]", (slice(None), slice(2, None))),
        ("[:, 0, :4]", (slice(None), 0, slice(None, 4))),
    ],
)
def test_a_slice_is_read_as_python_writes_it(text: str, index: Any) -> None:
    assert parse_slice(text) == index


@pytest.mark.parametrize(
    "text",
    ["", "0", "[]", "[a]", "[1+1]", "[0", "[::0]", "[...]", "[0][1]", "[:,]", "[1.5]", "[\uff10]"],
)
def test_what_is_no_slice_is_refused(text: str) -> None:
    with pytest.raises(BadSlice):
        parse_slice(text)
