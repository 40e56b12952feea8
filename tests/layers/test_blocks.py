"""Every layer of a backbone's blocks against float64 numpy, from its own random variables."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple
from typing import Sequence as SequenceOf

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.config.backbone.keras_layers import LAYERS
from easy_esmm.contract import Group, Sequence
from easy_esmm.layers import blocks
from easy_esmm.layers.blocks.registry import BlockLayer
from easy_esmm.protos.backbone_pb2 import KerasLayer
from tests.layers import in_numpy

ROWS = 11
RANDOM = np.random.default_rng(7)
X, Y, SMALL = (RANDOM.normal(size=[ROWS, w]).astype(np.float32) for w in (6, 6, 4))
WIDTHS = {"a": 2, "b": 4}
EPSILON = 1e-3
"""Of batch and layer normalisation."""


def layer(text: str, dtype: tf.DType = tf.float32) -> BlockLayer:
    return blocks.build(text_format.Parse(text, KerasLayer()), "it", dtype)


def as_tensors(value: Any) -> Any:
    """A matrix, a list of them, or a group (by its matrix and widths) as a block reads it."""
    if isinstance(value, tuple):
        return Group(tf.constant(value[0]), value[1])
    return [tf.constant(one) for one in value] if isinstance(value, list) else tf.constant(value)


def run(
    text: str, value: Any, training: bool = False, dtype: tf.DType = tf.float32
) -> Tuple[Any, Dict[str, Any]]:
    """Output of a layer, and all its variables, which are random: biases too."""
    with tf.Graph().as_default(), v1.Session() as session:
        output = layer(text, dtype).apply_to(as_tensors(value), training)
        in_numpy.randomize(session)
        return session.run([output, {v.name: v for v in v1.global_variables()}])


def gradients(text: str, values: SequenceOf[np.ndarray]) -> List[np.ndarray]:
    """Of a weighted sum of the output by each input."""
    with tf.Graph().as_default(), v1.Session() as session:
        tensors = as_tensors(list(values))
        output = layer(text).apply_to(tensors, False)
        weight = np.random.default_rng(3).normal(size=output.shape.as_list())
        unconnected = tf.UnconnectedGradients.ZERO
        slopes = tf.gradients(output * weight, tensors, unconnected_gradients=unconnected)
        in_numpy.randomize(session)
        return session.run(slopes)


def relu(x: Any) -> Any:
    return np.maximum(0.0, x)


def dense(x: Any, v: Dict[str, Any], name: str) -> Any:
    return in_numpy.dense(x, v, f"it/{name}")


def layer_norm(x: Any, v: Dict[str, Any], name: str) -> Any:
    x = np.asarray(x, np.float64)
    normed = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + EPSILON)
    return normed * v[f"it/{name}/gamma:0"] + v[f"it/{name}/beta:0"]


def batch_norm(x: Any, v: Dict[str, Any], name: str) -> Any:
    """With the statistics of the batch."""
    normed = (x - x.mean(0)) / np.sqrt(x.var(0) + EPSILON)
    return normed * v[f"it/{name}/gamma:0"] + v[f"it/{name}/beta:0"]


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def test_the_config_and_the_layers_know_the_same_classes() -> None:
    assert set(blocks.registered()) == set(LAYERS)


def test_an_mlp_has_no_bias_and_normalises_and_cuts_off_in_every_layer() -> None:
    output, v = run("class_name: 'MLP' mlp { hidden_units: [5, 3] }", X, training=True)
    hidden = X
    for i in range(2):
        hidden = relu(batch_norm(dense(hidden, v, f"dense_{i}"), v, f"norm_{i}"))
    close(output, hidden)
    assert not any("/dense_" in name and "bias" in name for name in v)


def test_the_last_layer_of_an_mlp_has_settings_of_its_own() -> None:
    text = """class_name: 'MLP' mlp {
      hidden_units: [5, 4, 3] activation: 'tanh' use_bn: false use_bias: true
      use_final_bn: true final_activation: 'linear' }"""
    output, v = run(text, X, training=True)
    hidden = np.tanh(dense(np.tanh(dense(X, v, "dense_0")), v, "dense_1"))
    close(output, batch_norm(dense(hidden, v, "dense_2"), v, "norm_2"))
    biases = {name for name in v if "/dense_" in name and name.endswith("bias:0")}
    assert biases == {"it/dense_0/bias:0", "it/dense_1/bias:0"}
    assert "it/norm_0/gamma:0" not in v
    output, v = run(
        text.replace("use_final_bn: true", "use_final_bn: false use_final_bias: true"), X
    )
    hidden = np.tanh(dense(np.tanh(dense(X, v, "dense_0")), v, "dense_1"))
    close(output, dense(hidden, v, "dense_2"))
    assert "it/dense_2/bias:0" in v


def test_batch_norm_comes_behind_the_activation_where_it_is_told_to() -> None:
    text = "class_name: 'MLP' mlp { hidden_units: [5, 3] use_bn_after_activation: true }"
    output, v = run(text, X, training=True)
    hidden = X
    for i in range(2):
        hidden = batch_norm(relu(dense(hidden, v, f"dense_{i}")), v, f"norm_{i}")
    close(output, hidden)


def test_dropout_is_for_the_layers_that_have_a_rate() -> None:
    text = """class_name: 'MLP' mlp { hidden_units: [400, 300] dropout_ratio: 0.5
      use_bn: false use_final_bn: false activation: 'linear' final_activation: 'linear' }"""
    with tf.Graph().as_default(), v1.Session() as session:
        mlp = layer(text)
        output = mlp.apply_to(tf.constant(X), True)
        in_numpy.randomize(session)
        (first,) = (v for v in v1.global_variables() if v.name == "it/dense_0/kernel:0")
        (second,) = (v for v in v1.global_variables() if v.name == "it/dense_1/kernel:0")
        value, one, two = session.run([output, first, second])
    assert (value != 0).all()  # none of the last layer's units is dropped
    assert not np.allclose(value, X @ one @ two, rtol=1e-2)  # some of the first layer's are


def test_kernels_start_as_the_initializer_says() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        mlp = layer("class_name: 'MLP' mlp { hidden_units: 2000 }")
        mlp.apply_to(tf.constant(X), False)
        (kernel,) = (v for v in v1.global_variables() if v.name.endswith("/kernel:0"))
        session.run(v1.global_variables_initializer())
        value = session.run(kernel)
    # Uniform within sqrt(6 / width), He et al., ICCV 2015.
    assert np.abs(value).max() == pytest.approx(np.sqrt(6 / X.shape[1]), rel=1e-2)
    assert value.std() == pytest.approx(np.sqrt(2 / X.shape[1]), rel=3e-2)


def test_mmoe_gives_a_gated_mean_of_the_experts_for_each_task() -> None:
    text = """class_name: 'MMoE' mmoe { num_task: 2 num_expert: 3
      expert_mlp { hidden_units: [5, 4] use_bn: false use_final_bn: false } }"""
    outputs, v = run(text, X)
    experts = [
        relu(dense(relu(dense(X, v, f"expert_{i}/dense_0")), v, f"expert_{i}/dense_1"))
        for i in range(3)
    ]
    assert len(outputs) == 2
    for k, output in enumerate(outputs):
        weights = in_numpy.softmax(dense(X, v, f"gate_{k}/scores"))
        close(output, sum(weights[:, [i]] * expert for i, expert in enumerate(experts)))
    assert "it/gate_0/scores/bias:0" in v


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("as_list", [True, False])
def test_senet_weighs_columns_by_maxima_and_means_of_parts_of_fields(
    skip: bool, norm: bool, as_list: bool
) -> None:
    text = f"""class_name: 'SENet' senet {{ reduction_ratio: 3 num_squeeze_group: 2
      use_skip_connection: {str(skip).lower()} use_output_layer_norm: {str(norm).lower()} }}"""
    fields = [X[:, :2], X[:, 2:]]
    output, v = run(text, fields if as_list else (X, WIDTHS))
    squeezed = []
    for field in fields:
        parts = field.astype(np.float64).reshape(ROWS, 2, -1)
        squeezed += [parts.max(2), parts.mean(2)]
    hidden = relu(dense(np.concatenate(squeezed, 1), v, "reduce"))
    assert hidden.shape[1] == 2 * 2 * 2 // 3  # two fields of two parts, each with two numbers
    expected = X * dense(hidden, v, "excite") + (X if skip else 0)
    close(output, layer_norm(expected, v, "output_norm") if norm else expected)


def transferred(values: SequenceOf[Any], v: Dict[str, Any], width: int) -> Any:
    """Xi et al., KDD 2021, with matrices for each input, row by row."""
    rows = []
    for row in zip(*values):
        queries, keys, heard = (
            [dense(u, v, f"{part}_{i}") for i, u in enumerate(row)]
            for part in ("query", "key", "value")
        )
        scores = [q @ k / np.sqrt(width) for q, k in zip(queries, keys)]
        weights = in_numpy.softmax(np.array(scores))
        rows.append(sum(w * value for w, value in zip(weights, heard)))
    return np.array(rows)


@pytest.mark.parametrize("inputs", [[X, SMALL], [X, SMALL, Y]])
def test_aitm_attends_to_its_own_features_and_those_handed_over(inputs: List[Any]) -> None:
    output, v = run("class_name: 'AITMTower'", inputs)
    close(output, transferred(inputs, v, X.shape[1]))
    output, v = run("class_name: 'AITMTower' aitm { project_dim: 3 }", inputs)
    assert output.shape == (ROWS, 3)
    close(output, transferred(inputs, v, 3))


def test_what_aitm_hands_over_goes_through_the_transfer() -> None:
    text = """class_name: 'AITMTower' aitm {
      transfer_mlp { hidden_units: 5 use_final_bn: false use_final_bias: true } }"""
    for earlier in ([SMALL], [SMALL, -SMALL]):
        output, v = run(text, [X, *earlier])
        handed = [relu(dense(one, v, "transfer/dense_0")) for one in earlier]
        close(output, transferred([X, *handed], v, X.shape[1]))


@pytest.mark.parametrize("stop", [True, False])
def test_earlier_tasks_are_taught_only_without_stop_gradient(stop: bool) -> None:
    text = f"class_name: 'AITMTower' aitm {{ stop_gradient: {str(stop).lower()} }}"
    own, earlier = gradients(text, [X, SMALL])
    assert np.abs(own).min() > 0
    assert (np.abs(earlier).max() == 0) if stop else (np.abs(earlier).min() > 0)


def masked(x: Any, y: Any, v: Dict[str, Any], at: str = "") -> Any:
    mask = dense(relu(dense(y, v, f"{at}aggregate")), v, f"{at}mask")
    return relu(layer_norm(dense(x * mask, v, f"{at}output"), v, f"{at}output_norm"))


def test_a_mask_block_masks_what_it_reads() -> None:
    text = "class_name: 'MaskBlock' mask_block { aggregation_size: 5 output_size: 3 }"
    output, v = run(text, X)
    close(output, masked(X, X, v))
    assert "it/output/bias:0" not in v
    output, v = run(text, [X, SMALL])
    close(output, masked(X, SMALL, v))


def test_a_mask_block_may_normalise_its_input_and_project_the_masks() -> None:
    text = """class_name: 'MaskBlock' mask_block {
      reduction_factor: 0.75 output_size: 3 input_layer_norm: true projection_dim: 2 }"""
    output, v = run(text, [X, SMALL])
    projected = dense(SMALL, v, "project")
    assert v["it/aggregate/kernel:0"].shape == (2, 3)  # .75 x the width of what it reads, 4
    close(output, masked(layer_norm(X, v, "input_norm"), projected, v))


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("norm", [True, False])
def test_mask_net_has_blocks_side_by_side_or_one_on_the_other(parallel: bool, norm: bool) -> None:
    text = f"""class_name: 'MaskNet' masknet {{
      mask_blocks {{ aggregation_size: 5 output_size: 3 }}
      mask_blocks {{ aggregation_size: 4 output_size: 2 }}
      use_parallel: {str(parallel).lower()} input_layer_norm: {str(norm).lower()}
      mlp {{ hidden_units: 4 use_final_bn: false }} }}"""
    output, v = run(text, X)
    x = layer_norm(X, v, "input_norm") if norm else X
    first = masked(x, x, v, "block_0/")
    if parallel:
        hidden = np.concatenate([first, masked(x, x, v, "block_1/")], axis=1)
    else:
        hidden = masked(first, x, v, "block_1/")
    close(output, relu(dense(hidden, v, "mlp/dense_0")))


@pytest.mark.parametrize("variant", [True, False])
def test_fm_sums_the_products_of_all_pairs(variant: bool) -> None:
    fields = [X, Y, X + Y]
    pairs = sum(fields[i].astype(np.float64) * fields[j] for i in range(3) for j in range(i))
    text = f"class_name: 'FM' fm {{ use_variant: {str(variant).lower()} }}"
    for value in (fields, np.stack(fields, axis=1)):
        output, variables = run(text, value)
        assert not variables
        close(output, pairs if variant else pairs.sum(1, keepdims=True))


@pytest.mark.parametrize("bias", [True, False])
def test_cross_multiplies_the_start_with_a_product(bias: bool) -> None:
    settings = f"use_bias: {str(bias).lower()}"
    output, v = run(f"class_name: 'Cross' cross {{ {settings} }}", X)
    close(output, X * dense(X, v, "product") + X)
    assert ("it/product/bias:0" in v) == bias
    output, v = run(f"class_name: 'Cross' cross {{ {settings} projection_dim: 2 }}", [X, Y])
    close(output, X * dense(dense(Y, v, "project"), v, "product") + Y)
    output, v = run(f"class_name: 'Cross' cross {{ {settings} diag_scale: 0.5 }}", [X, Y])
    close(output, X * (dense(Y, v, "product") + 0.5 * Y) + Y)


TARGET = RANDOM.normal(size=[ROWS, 3]).astype(np.float32)
HISTORIES = {
    "items": RANDOM.normal(size=[ROWS, 4, 3]).astype(np.float32),
    "prices": RANDOM.normal(size=[ROWS, 4, 1]).astype(np.float32),
}
LENGTHS = np.array([0, 1, 2, 3, 4, 4, 3, 0, 1, 2, 4])


def group_with_histories(lengths: Any = LENGTHS) -> Group:
    """Sequences of 0 to 4 elements, the places behind them zero, beside a target."""
    mask = np.arange(4) < lengths[:, None]
    return Group(
        tf.constant(TARGET),
        {"item": 3},
        {
            name: Sequence(tf.constant(values * mask[:, :, None]), tf.constant(mask))
            for name, values in HISTORIES.items()
        },
    )


def run_din(text: str, training: bool = False, dtype: tf.DType = tf.float32) -> Tuple[Any, Any]:
    with tf.Graph().as_default(), v1.Session() as session:
        output = layer(text, dtype).apply_to(group_with_histories(), training)
        in_numpy.randomize(session)
        return session.run([output, {v.name: v for v in v1.global_variables()}])


def heard(v: Dict[str, Any], normalizer: str, bias: bool) -> Any:
    """Zhou et al., KDD 2018, row by row, over the elements that there are."""
    rows = []
    for row, length in enumerate(LENGTHS):
        elements = np.concatenate([h[row, :length] for h in HISTORIES.values()], axis=1)
        query = np.concatenate([TARGET[row], [0.0]])
        pairs = [np.concatenate([query, e, query - e, query * e]) for e in elements]
        scores = [
            float(dense(np.tanh(dense(pair, v, "attention/dense_0")), v, "attention/dense_1")[0])
            for pair in pairs
        ]
        assert ("it/attention/dense_0/bias:0" in v) == bias
        if normalizer == "softmax":
            weights = in_numpy.softmax(np.array(scores)) if scores else []
        else:
            weights = 1 / (1 + np.exp(-np.array(scores) / np.sqrt(elements.shape[1])))
        rows.append(sum((w * e for w, e in zip(weights, elements)), np.zeros(4)))
    return np.array(rows)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("normalizer", ["softmax", "sigmoid"])
def test_din_weighs_the_elements_by_the_target(normalizer: str, bias: bool) -> None:
    text = f"""class_name: 'DIN' din {{ attention_normalizer: '{normalizer}' attention_dnn {{
      hidden_units: [5, 1] use_bn: false activation: 'tanh' use_bias: {str(bias).lower()} }} }}"""
    output, v = run_din(text)
    expected = heard(v, normalizer, bias)
    close(output, np.concatenate([expected, TARGET], axis=1))
    assert "it/attention/dense_1/bias:0" in v  # the last layer has one, whatever `use_bias` says
    assert (output[LENGTHS == 0, :4] == 0).all()
    alone, _ = run_din(text.replace("din {", "din { need_target_feature: false"))
    close(alone, expected)


def test_the_statistics_of_an_attention_are_over_all_places() -> None:
    text = """class_name: 'DIN' din { need_target_feature: false
      attention_dnn { hidden_units: [2, 1] activation: 'linear' } }"""
    output, v = run_din(text, training=True)
    mask = np.arange(4) < LENGTHS[:, None]
    history = np.concatenate(list(HISTORIES.values()), axis=2) * mask[:, :, None]
    query = np.pad(TARGET, [(0, 0), (0, 1)])[:, None] * np.ones([1, 4, 1])
    pairs = np.concatenate([query, history, query - history, query * history], axis=2)
    hidden = dense(pairs.reshape(-1, 16), v, "attention/dense_0")
    hidden = batch_norm(hidden, v, "attention/norm_0")
    scores = dense(hidden, v, "attention/dense_1").reshape(ROWS, 4)
    weights = in_numpy.softmax(np.where(mask, scores, -1e9)) * mask
    close(output, (weights[:, :, None] * history).sum(1))
    assert "it/attention/norm_1/gamma:0" not in v


def test_sequences_of_one_group_must_be_equally_long() -> None:
    text = "class_name: 'DIN' din { attention_dnn { hidden_units: 1 } }"
    with tf.Graph().as_default(), v1.Session() as session:
        group = group_with_histories()
        shorter = group_with_histories(np.maximum(LENGTHS - 1, 0)).sequences["prices"]
        mixed = Group(group.matrix, group.widths, {**group.sequences, "prices": shorter})
        output = layer(text).apply_to(mixed, False)
        session.run(v1.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="items, prices must be equally"):
            session.run(output)


BFLOAT16 = {
    "MLP": ("mlp { hidden_units: [5, 3] use_bn: false use_final_bn: false }", X),
    "MMoE": (
        "mmoe { num_task: 2 num_expert: 2 expert_mlp { hidden_units: 3 use_final_bn: false } }",
        X,
    ),
    "SENet": ("", (X, WIDTHS)),
    "AITMTower": ("aitm { transfer_mlp { hidden_units: 5 use_final_bn: false } }", [X, SMALL]),
    "MaskNet": ("masknet { mask_blocks { aggregation_size: 5 output_size: 3 } }", X),
    "Cross": ("cross { projection_dim: 3 }", X),
}


@pytest.mark.parametrize("name", sorted(BFLOAT16))
def test_products_in_bfloat16_are_near_those_in_float32_and_not_equal(name: str) -> None:
    parameters, value = BFLOAT16[name]
    text = f"class_name: '{name}' {parameters}"
    exact, _ = run(text, value)
    rounded, _ = run(text, value, dtype=tf.bfloat16)
    exact, rounded = np.ravel(exact), np.ravel(rounded)
    assert rounded.dtype == np.float32
    scale = np.abs(exact).max()
    assert 0 < np.abs(exact - rounded).max() < 0.08 * scale


@pytest.mark.parametrize("name", sorted(BFLOAT16))
def test_one_row_gives_what_it_gives_among_others(name: str) -> None:
    parameters, value = BFLOAT16[name]
    text = f"class_name: '{name}' {parameters}"
    whole, _ = run(text, value)
    alone, _ = run(text, head(value))
    for many, one in zip(
        *((found if isinstance(found, list) else [found]) for found in (whole, alone))
    ):
        close(one, many[:1])


def head(value: Any) -> Any:
    """The first row."""
    if isinstance(value, tuple):
        return value[0][:1], value[1]
    return [one[:1] for one in value] if isinstance(value, list) else value[:1]
