"""How blocks are put together, in numpy: order, inputs and their parts, sequences, outputs."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.layers.backbone import Backbone
from easy_esmm.protos.backbone_pb2 import BackboneTower
from tests.layers import in_numpy

ROWS = 9
RANDOM = np.random.default_rng(11)
A, B = (RANDOM.normal(size=[ROWS, 4]).astype(np.float32) for _ in range(2))
OF_A = 'inputs { feature_group_name: "a" }'
OF_B = 'inputs { feature_group_name: "b" }'
NO_BN = "use_bn: false use_final_bn: false"


def run(text: str, training: bool = False) -> Tuple[Any, Dict[str, Any]]:
    """Output of a backbone over groups `a`, of two features, and `b`; its random variables."""
    with tf.Graph().as_default(), v1.Session() as session:
        backbone = Backbone(text_format.Parse(text, BackboneTower()), tf.float32)
        groups = {
            "a": Group(tf.constant(A), {"x": 2, "y": 2}),
            "b": Group(tf.constant(B), {"z": 4}),
        }
        output = backbone(groups, training=training)
        in_numpy.randomize(session)
        return session.run([output, {v.name: v for v in v1.global_variables()}])


def mlp(units: int, settings: str = NO_BN) -> str:
    return f"class_name: 'MLP' mlp {{ hidden_units: {units} {settings} }}"


def relu_of(x: Any, v: Dict[str, Any], name: str) -> Any:
    return np.maximum(0.0, in_numpy.dense(x, v, f"backbone/{name}/dense_0"))


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_blocks_are_built_in_the_order_in_which_they_feed_each_other() -> None:
    output, v = run(f"""
      blocks {{ name: "top" inputs {{ block_name: "left" }} inputs {{ block_name: "right" }}
        keras_layer {{ {mlp(3)} }} }}
      blocks {{ name: "left" {OF_A} keras_layer {{ {mlp(2)} }} }}
      blocks {{ name: "right" inputs {{ block_name: "both" }} keras_layer {{ {mlp(5)} }} }}
      blocks {{ name: "both" {OF_A} {OF_B} }}
    """)
    left = relu_of(A, v, "left/mlp")
    right = relu_of(np.concatenate([A, B], axis=1), v, "right/mlp")
    close(output, relu_of(np.concatenate([left, right], axis=1), v, "top/mlp"))


def test_without_outputs_the_blocks_that_no_other_reads_stand_side_by_side() -> None:
    blocks = f"""
      blocks {{ name: "first" {OF_A} }}
      blocks {{ name: "read" {OF_B} keras_layer {{ {mlp(2)} }} }}
      blocks {{ name: "last" inputs {{ block_name: "read" }} keras_layer {{ {mlp(3)} }} }}
    """
    output, v = run(blocks)
    read = relu_of(B, v, "read/mlp")
    close(output, np.concatenate([A, relu_of(read, v, "last/mlp")], axis=1))
    output, v = run(blocks + 'concat_blocks: ["read", "first"]')
    close(output, np.concatenate([relu_of(B, v, "read/mlp"), A], axis=1))


def test_output_blocks_are_one_for_each_tower_in_their_order() -> None:
    output, _ = run(f"""
      blocks {{ name: "one" {OF_A} }} blocks {{ name: "two" {OF_B} }}
      output_blocks: ["two", "one"]
    """)
    assert len(output) == 2
    close(output[0], B)
    close(output[1], A)


def test_the_top_mlp_is_on_what_the_blocks_give() -> None:
    output, v = run(f'blocks {{ name: "one" {OF_A} }} top_mlp {{ hidden_units: 3 {NO_BN} }}')
    close(output, relu_of(A, v, "top_mlp"))
    output, v = run(f"""
      blocks {{ name: "one" {OF_A} }} output_blocks: "one" top_mlp {{ hidden_units: 3 {NO_BN} }}
    """)
    close(output, relu_of(A, v, "top_mlp"))


def test_the_top_mlp_is_on_the_only_output_of_a_list_too() -> None:
    mixture = f"mmoe {{ num_task: 1 num_expert: 1 expert_mlp {{ hidden_units: 2 {NO_BN} }} }}"
    output, v = run(f"""
      blocks {{ name: "mixed" {OF_A} keras_layer {{ class_name: 'MMoE' {mixture} }} }}
      top_mlp {{ hidden_units: 3 {NO_BN} }}
    """)
    close(output, relu_of(relu_of(A, v, "mixed/mmoe/expert_0"), v, "top_mlp"))


def test_a_list_of_outputs_comes_from_a_block_that_gives_one() -> None:
    mixture = f"mmoe {{ num_task: 3 num_expert: 2 expert_mlp {{ hidden_units: 2 {NO_BN} }} }}"
    blocks = f"""blocks {{ name: "mixed" {OF_A}
      keras_layer {{ class_name: 'MMoE' {mixture} }} }}"""
    output, _ = run(blocks)
    assert [one.shape for one in output] == [(ROWS, 2)] * 3
    listed, _ = run(blocks + 'output_blocks: "mixed"')
    close(listed, output)


@pytest.mark.parametrize(
    ("of_list", "text"), [(0, "[0]"), (-1, "[-1]"), (slice(1, None), "[1:]"), (slice(0, 2), "[:2]")]
)
def test_a_slice_of_a_list_is_one_of_it_or_a_shorter_list(of_list: Any, text: str) -> None:
    output, _ = run(f"""
      blocks {{ name: "three" {OF_A} {OF_B} {OF_A} merge_inputs_into_list: true }}
      blocks {{ name: "some" inputs {{ block_name: "three" input_slice: "{text}" }} }}
    """)
    expected = [A, B, A][of_list]
    expected = expected[0] if isinstance(expected, list) and len(expected) == 1 else expected
    close(output, expected)


@pytest.mark.parametrize("text", ["[:, 1:3]", "[:, ::2]", "[:, -1:]", "[:]", "[:, :2]"])
def test_a_slice_of_a_matrix_is_some_of_its_columns(text: str) -> None:
    output, _ = run(f"""blocks {{ name: "part"
      inputs {{ feature_group_name: "a" input_slice: "{text}" }} }}""")
    columns = {"[:, 1:3]": [1, 2], "[:, ::2]": [0, 2], "[:, -1:]": [3], "[:, :2]": [0, 1]}
    close(output, A[:, columns.get(text, [0, 1, 2, 3])])


def test_an_ignored_input_is_not_read() -> None:
    output, _ = run(f"""
      blocks {{ name: "one" {OF_A} inputs {{ block_name: "two" ignore_input: true }} }}
      blocks {{ name: "two" {OF_B} }} concat_blocks: "one" """)
    close(output, A)


def test_a_feature_group_enters_in_the_form_that_its_block_says() -> None:
    def form(written: str, rest: str = "") -> Any:
        output, _ = run(f'blocks {{ name: "in" {OF_A} input_layer {{ {written} }} }} {rest}')
        return output

    close(form(""), A)
    close(form("only_output_feature_list: true"), [A[:, :2], A[:, 2:]])
    matrix = 'blocks { name: "part" inputs { block_name: "in" input_slice: "[0]" } }'
    close(form("output_2d_tensor_and_feature_list: true", matrix), A)
    fields = matrix.replace("[0]", "[1]")
    close(form("output_2d_tensor_and_feature_list: true", fields), [A[:, :2], A[:, 2:]])
    second = matrix.replace("[0]", "[:, 1]")
    close(form("only_output_3d_tensor: true", second), A[:, 2:])


def test_a_feature_group_may_be_normalised_and_dropped_out() -> None:
    text = f'blocks {{ name: "in" {OF_A} input_layer {{ do_batch_norm: true }} }}'
    output, v = run(text, training=True)
    normed = (A - A.mean(0)) / np.sqrt(A.var(0) + 1e-3)
    scale, shift = (v[f"backbone/in/input/norm/{name}:0"] for name in ("gamma", "beta"))
    close(output, normed * scale + shift)
    text = f'blocks {{ name: "in" {OF_A} input_layer {{ dropout_rate: 0.5 }} }}'
    output, _ = run(text, training=True)
    assert 0 < (output == 0).sum() < output.size
    close(output[output != 0], 2 * A[output != 0])
    close(run(text)[0], A)


def test_layers_follow_each_other() -> None:
    output, v = run(f"""blocks {{ name: "deep" {OF_A}
      layers {{ keras_layer {{ {mlp(3)} }} }} layers {{ keras_layer {{ {mlp(2)} }} }} }}""")
    close(output, relu_of(relu_of(A, v, "deep/mlp_0"), v, "deep/mlp_1"))


def test_a_recurrent_layer_reads_its_own_output_with_new_weights() -> None:
    output, v = run(f"""blocks {{ name: "deep" {OF_A}
      recurrent {{ num_steps: 3 keras_layer {{ {mlp(4)} }} }} }}""")
    hidden = A
    for step in range(3):
        hidden = relu_of(hidden, v, f"deep/recurrent/mlp_{step}")
    close(output, hidden)


@pytest.mark.parametrize("fixed", [0, 1])
def test_a_fixed_input_is_the_same_in_all_steps(fixed: int) -> None:
    output, v = run(f"""blocks {{ name: "deep" {OF_A} {OF_B} merge_inputs_into_list: true
      recurrent {{ num_steps: 2 fixed_input_index: {fixed}
        keras_layer {{ class_name: 'Cross' }} }} }}""")
    pair: List[Any] = [A, B]
    for step in range(2):
        x0, x = pair
        product = in_numpy.dense(x, v, f"backbone/deep/recurrent/cross_{step}/product")
        pair[1 - fixed] = x0 * product + x
    close(output, pair[1 - fixed])


def test_a_repeated_layer_gives_a_list_or_a_matrix() -> None:
    text = f"""blocks {{ name: "wide" {OF_A}
      repeat {{ num_repeat: 2 keras_layer {{ {mlp(3)} }} %s }} }}"""
    output, v = run(text % "")
    copies = [relu_of(A, v, f"wide/repeat/mlp_{i}") for i in range(2)]
    close(output, copies)
    assert not np.allclose(*copies)
    output, v = run(text % "output_concat_axis: -1")
    copies = [relu_of(A, v, f"wide/repeat/mlp_{i}") for i in range(2)]
    close(output, np.concatenate(copies, axis=1))


def test_stacks_are_put_together_along_the_features() -> None:
    output, _ = run(f"""
      blocks {{ name: "in" {OF_A} input_layer {{ only_output_3d_tensor: true }} }}
      blocks {{ name: "pairs" inputs {{ block_name: "in" }} inputs {{ block_name: "in" }}
        input_concat_axis: 1 keras_layer {{ class_name: "FM" fm {{ use_variant: true }} }} }}
    """)
    fields = [A[:, :2], A[:, 2:], A[:, :2], A[:, 2:]]
    close(output, sum(fields[i] * fields[j] for i in range(4) for j in range(i)))
