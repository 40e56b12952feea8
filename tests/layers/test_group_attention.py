"""The attention of a candidate over histories: values, gradients, masks, options."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group, Sequence
from easy_esmm.layers.group_attention import GroupAttention
from easy_esmm.layers.target_attention import masked_softmax
from easy_esmm.protos.feature_pb2 import SeqAttGroupConfig

ROWS, TIME, WIDTH = 5, 4, 3
LENGTHS = (4, 0, 1, 2, 3)  # whole, empty, one long, ...
_RANDOM = np.random.default_rng(7)
KEY = _RANDOM.normal(size=[ROWS, WIDTH])
MASK = np.arange(TIME) < np.array(LENGTHS)[:, None]
HISTORY = _RANDOM.normal(size=[ROWS, TIME, WIDTH]) * MASK[..., None]
AUX = _RANDOM.normal(size=[ROWS, TIME, 2]) * MASK[..., None]
PLAIN = _RANDOM.normal(size=[ROWS, 2])
FACTORS = _RANDOM.normal(size=[1, 20])  # of a loss that tells all columns apart
DNN = "seq_dnn { hidden_units: [6, 4, 1] use_bn: false activation: 'tanh' }"
BASE = f"group_name: 'a' seq_att_map {{ key: 'k' hist_seq: 'h' }} {DNN}"


def group_of(keys: Dict[str, Any], sequences: Dict[str, Tuple[Any, Any]]) -> Group:
    return Group(
        tf.constant(PLAIN[: len(next(iter(keys.values())))], tf.float32),
        {"plain": 2},
        {
            n: Sequence(tf.constant(v, tf.float32), tf.constant(m))
            for n, (v, m) in sequences.items()
        },
        {n: tf.constant(v, tf.float32) for n, v in keys.items()},
    )


class Ran:
    """The attention of a config on one batch, its weights, and gradients of sum(factors x out)."""

    def __init__(
        self,
        text: str,
        keys: Dict[str, Any],
        sequences: Dict[str, Tuple[Any, Any]],
        values: Any = None,
        training: bool = False,
    ) -> None:
        with tf.Graph().as_default(), v1.Session() as session:
            config = text_format.Parse(text, SeqAttGroupConfig())
            attention = GroupAttention(config, "all", tf.float32)
            group = group_of(keys, sequences)
            result = attention.append_to(group, training)
            out = result.matrix[:, 2:]
            loss = tf.reduce_sum(out * tf.constant(FACTORS[:, : out.shape[1]], tf.float32))
            variables = v1.trainable_variables()
            wanted = [
                *variables,
                *group.keys.values(),
                *(s.values for s in group.sequences.values()),
            ]
            gradients = tf.gradients(
                loss, wanted, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            session.run(v1.global_variables_initializer())
            random = np.random.default_rng(3)
            self.values = {}
            for number, variable in enumerate(variables):
                value = (
                    random.normal(size=variable.shape) if values is None else values[number]
                ).astype(np.float32)
                variable.load(value, session)
                self.values[variable.op.name] = value
            self.plain, self.out, self.gradients = session.run(
                [result.matrix[:, :2], out, gradients]
            )
            self.weights = session.run(dict(result.attention_weights))
            self.widths = dict(result.widths)
            self.names = [variable.op.name for variable in variables]


def scored(key: Any, history: Any, layers: List[Tuple[Any, Any]]) -> Any:
    """The formula as the paper has it, in float64: tile the key, concatenate, dense layers."""
    tiled = np.repeat(key[:, None], history.shape[1], axis=1)
    hidden = np.concatenate([tiled, history, tiled - history, tiled * history], axis=-1)
    for number, (kernel, bias) in enumerate(layers):
        hidden = hidden @ kernel + bias
        hidden = np.tanh(hidden) if number < len(layers) - 1 else hidden
    return hidden[..., 0]


def softmax(scores: Any, mask: Any) -> Any:
    powers = np.where(mask, np.exp(scores - scores.max(axis=1, keepdims=True)), 0)
    return powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-300)


def layers_of(values: Dict[str, Any]) -> List[Tuple[Any, Any]]:
    flat = [value.astype(float) for value in values.values()]
    return list(zip(flat[::2], flat[1::2]))


def weights_of(values: Dict[str, Any], key: Any, history: Any, mask: Any) -> Any:
    return softmax(scored(key, history, layers_of(values)), mask)


def attended(weights: Any, history: Any) -> Any:
    return np.einsum("bt,btd->bd", weights, history)


def run(text: str = BASE, **options: Any) -> Ran:
    return Ran(text, {"k": KEY}, {"h": (HISTORY, MASK)}, **options)


def test_output_is_the_attended_history_and_the_key() -> None:
    ran = run()
    weights = weights_of(ran.values, KEY, HISTORY, MASK)
    expected = np.concatenate([attended(weights, HISTORY), KEY], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(ran.plain, PLAIN, rtol=1e-6)  # before it, as it was
    assert ran.widths == {"plain": 2, "sequence_features/a": 2 * WIDTH}
    assert ran.names == [
        f"attention/all/a/dense_{i}/{part}" for i in range(3) for part in ("kernel", "bias")
    ]


def test_gradients_are_those_of_the_formula_by_differences() -> None:
    ran = run()
    flat = [*ran.values.values(), KEY, HISTORY]

    def loss(parts: List[Any]) -> Any:
        *values, key, history = parts
        named = dict(zip(ran.values, values))
        weights = weights_of(named, key, history, MASK)
        out = np.concatenate([attended(weights, history), key], axis=1)
        return float((out * FACTORS[:, : out.shape[1]]).sum())

    step = 1e-5
    for number, gradient in enumerate(ran.gradients):
        for place in list(np.ndindex(gradient.shape))[:: max(1, gradient.size // 25)]:
            ends = []
            for sign in (1, -1):
                parts = [np.array(part, float) for part in flat]
                parts[number][place] += sign * step
                if number == len(flat) - 1:
                    parts[number] *= MASK[..., None]
                ends.append(loss(parts))
            by_difference = (ends[0] - ends[1]) / (2 * step)
            assert gradient[place] == pytest.approx(by_difference, rel=2e-4, abs=2e-5)


def test_row_without_a_history_has_zeros_and_finite_gradients() -> None:
    for training in (True, False):
        ran = run(BASE.replace("use_bn: false", "use_bn: true"), training=training)
        np.testing.assert_array_equal(ran.out[1, :WIDTH], np.zeros(WIDTH))
        for gradient in ran.gradients:
            assert np.isfinite(gradient).all()
    lone = Ran(BASE, {"k": KEY[1:2]}, {"h": (HISTORY[1:2, :1], MASK[1:2, :1])})
    np.testing.assert_array_equal(lone.out[0, :WIDTH], np.zeros(WIDTH))
    assert all(np.isfinite(gradient).all() for gradient in lone.gradients)


def test_single_element_has_the_whole_weight() -> None:
    np.testing.assert_allclose(run().out[2, :WIDTH], HISTORY[2, 0], rtol=1e-6)


def test_longer_neighbour_in_the_batch_changes_nothing() -> None:
    ran = run()
    values = list(ran.values.values())
    short = Ran(BASE, {"k": KEY[2:4]}, {"h": (HISTORY[2:4, :2], MASK[2:4, :2])}, values=values)
    np.testing.assert_allclose(short.out, ran.out[2:4], rtol=1e-5, atol=1e-7)
    wide = [np.concatenate([part, np.zeros_like(part)], axis=1) for part in (HISTORY, MASK)]
    padded = Ran(BASE, {"k": KEY}, {"h": (wide[0], wide[1])}, values=values)
    np.testing.assert_allclose(padded.out, ran.out, rtol=1e-5, atol=1e-7)
    for one, other in zip(padded.gradients[:-1], ran.gradients[:-1]):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_order_of_the_elements_does_not_matter() -> None:
    ran = run()
    order = [2, 0, 3, 1]
    turned = Ran(
        BASE, {"k": KEY[:1]}, {"h": (HISTORY[:1, order], MASK[:1])}, list(ran.values.values())
    )
    np.testing.assert_allclose(turned.out, ran.out[:1], rtol=1e-5)


def test_softmax_holds_for_scores_of_any_size() -> None:
    scores = np.array([[3e38, -3e38, 3e38], [-3e38, -3e38, 9], [5, 6, 7]], np.float32)
    mask = np.array([[True, True, False], [True, True, False], [False] * 3])
    with tf.Graph().as_default(), v1.Session() as session:
        weights = session.run(masked_softmax(tf.constant(scores), tf.constant(mask)))
    np.testing.assert_array_equal(weights, [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]])


def test_further_histories_have_the_same_weights_and_keys_come_last() -> None:
    text = f"group_name: 'a' seq_att_map {{ key: 'k' hist_seq: 'h' aux_hist_seq: 'x' }} {DNN}"
    sequences = {"h": (HISTORY, MASK), "x": (AUX, MASK)}
    ran = Ran(text, {"k": KEY}, sequences)
    weights = weights_of(ran.values, KEY, HISTORY, MASK)
    expected = np.concatenate([attended(weights, HISTORY), attended(weights, AUX), KEY], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)
    bare = Ran(f"{text} need_key_feature: false", {"k": KEY}, sequences)
    np.testing.assert_allclose(bare.out, expected[:, : WIDTH + 2], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "maps",
    [
        "seq_att_map { key: ['k', 'x'] hist_seq: ['h', 'y'] }",
        "seq_att_map { key: 'k' hist_seq: 'h' } seq_att_map { key: 'x' hist_seq: 'y' }",
    ],
    ids=["one map", "two maps"],
)
def test_several_keys_and_histories_stand_side_by_side(maps: str) -> None:
    other = KEY[:, :2] * 0.5
    ran = Ran(
        f"group_name: 'a' {maps} {DNN}",
        {"k": KEY, "x": other},
        {"h": (HISTORY, MASK), "y": (AUX, MASK)},
    )
    key, history = np.concatenate([KEY, other], 1), np.concatenate([HISTORY, AUX], 2)
    weights = weights_of(ran.values, key, history, MASK)
    expected = np.concatenate([attended(weights, history), key], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)


def test_a_key_may_be_compared_with_several_histories() -> None:
    maps = "seq_att_map { key: 'k' hist_seq: 'h' } seq_att_map { key: 'k' hist_seq: 'y' }"
    second = HISTORY[..., ::-1]
    sequences = {"h": (HISTORY, MASK), "y": (second, MASK)}
    ran = Ran(f"group_name: 'a' {maps} {DNN}", {"k": KEY}, sequences)
    key, history = np.concatenate([KEY, KEY], 1), np.concatenate([HISTORY, second], 2)
    weights = weights_of(ran.values, key, history, MASK)
    expected = np.concatenate([attended(weights, history), key], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)


def test_narrower_key_is_padded_with_zeros_and_given_back_as_it_was() -> None:
    ran = Ran(f"{BASE} allow_key_transform: true", {"k": KEY[:, :2]}, {"h": (HISTORY, MASK)})
    padded = np.concatenate([KEY[:, :2], np.zeros([ROWS, 1])], axis=1)
    weights = weights_of(ran.values, padded, HISTORY, MASK)
    expected = np.concatenate([attended(weights, HISTORY), KEY[:, :2]], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("key", "options"),
    [(KEY[:, :2], "allow_key_transform: true transform_dnn: true"),
     (np.tile(KEY, 2), "allow_key_transform: true")],
    ids=["transform_dnn", "wider key"],
)  # fmt: skip
def test_key_and_history_of_unlike_width_go_through_dense_layers(key: Any, options: str) -> None:
    ran = Ran(f"{BASE} {options}", {"k": key}, {"h": (HISTORY, MASK)})
    part = {
        name.rpartition("attention/all/a/")[2]: value.astype(float)
        for name, value in ran.values.items()
    }
    new_key = np.maximum(key @ part["key_transform/kernel"] + part["key_transform/bias"], 0)
    history = np.maximum(
        HISTORY @ part["history_transform/kernel"] + part["history_transform/bias"], 0
    )
    scoring = {name: value for name, value in ran.values.items() if "transform" not in name}
    weights = weights_of(scoring, new_key, history, MASK)
    expected = np.concatenate([attended(weights, history), key], axis=1)
    np.testing.assert_allclose(ran.out, expected, rtol=2e-5, atol=1e-6)
    np.testing.assert_array_equal(ran.out[1, :WIDTH], np.zeros(WIDTH))  # an empty history


def test_empty_text_beside_a_single_element_is_an_empty_element() -> None:
    text = f"group_name: 'a' seq_att_map {{ key: 'k' hist_seq: ['h', 'x'] }} {DNN}"
    text = text.replace("key: 'k'", "key: ['k', 'l']")
    empty = np.zeros([1, 1], bool)
    ran = Ran(
        text,
        {"k": KEY[:1], "l": KEY[:1, :2]},
        {"h": (HISTORY[:1, :1], ~empty), "x": (0 * AUX[:1, :1], empty)},
    )
    np.testing.assert_allclose(ran.out[0, :WIDTH], HISTORY[0, 0], rtol=1e-6)
    np.testing.assert_array_equal(ran.out[0, WIDTH : WIDTH + 2], [0, 0])


def test_tf_summary_shows_the_weights_of_elements_alone() -> None:
    ran = run(f"{BASE} tf_summary: true")
    weights = weights_of(ran.values, KEY, HISTORY, MASK)
    np.testing.assert_allclose(ran.weights["a"], weights[MASK], rtol=2e-5)
    assert run().weights == {}


def test_products_of_bfloat16_factors_are_near() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        config = text_format.Parse(BASE, SeqAttGroupConfig())
        group = group_of({"k": KEY}, {"h": (HISTORY, MASK)})
        results = [
            GroupAttention(config, name, dtype).append_to(group, training=False).matrix
            for name, dtype in (("a", tf.float32), ("b", tf.bfloat16))
        ]
        session.run(v1.global_variables_initializer())
        variables = v1.trainable_variables()
        half = len(variables) // 2
        for one, other in zip(variables[:half], variables[half:]):
            value = np.random.default_rng(2).normal(size=one.shape).astype(np.float32)
            one.load(value, session)
            other.load(value, session)
        exact, rounded = session.run(results)
    assert exact.dtype == rounded.dtype == np.float32
    assert 0 < np.abs(exact - rounded).max() < 0.05
