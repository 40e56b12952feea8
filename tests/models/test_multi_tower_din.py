"""MultiTowerDIN from a config: what `seq_att_groups` become, and the answer in float64 numpy."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm import models
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Group, Sequence
from tests.conformance.table import SAMPLES
from tests.layers import in_numpy

SAMPLE = (SAMPLES / "multi_tower_din.config").read_text()
ROWS, TIME = 6, 3
RANDOM = np.random.default_rng(5)


def loaded(text: str, folder: Path) -> Any:
    path = folder / "x.config"
    path.write_text(text)
    return configs.load(str(path))


def test_an_attention_is_a_feature_group_that_its_tower_scores(tmp_path: Path) -> None:
    groups = loaded(SAMPLE, tmp_path).config.model_config.feature_groups
    assert [group.group_name for group in groups] == ["user", "item", "clicks"]
    (attention,) = groups[2].sequence_features
    assert not groups[2].feature_names
    assert [list(one.hist_seq) for one in attention.seq_att_map] == [
        ["clicked_items"],
        ["clicked_categories"],
    ]
    assert list(attention.seq_dnn.hidden_units) == [64, 32, 1]


def test_the_answer_is_that_of_the_towers_and_the_attended_history_with_its_key(
    tmp_path: Path,
) -> None:
    config = loaded(SAMPLE, tmp_path).config.model_config
    config.multi_tower.use_input_bn = False
    for dnn in (
        config.multi_tower.final_dnn,
        config.feature_groups[2].sequence_features[0].seq_dnn,
    ):
        dnn.use_bn = False
    for tower in config.multi_tower.towers:
        tower.dnn.use_bn = False
    user, item = (RANDOM.normal(size=[ROWS, width]) for width in (4, 5))
    key, mask = (
        RANDOM.normal(size=[ROWS, 6]),
        np.arange(TIME) < np.array([3, 0, 1, 2, 3, 1])[:, None],
    )
    history = RANDOM.normal(size=[ROWS, TIME, 6]) * mask[..., None]

    def group(matrix: Any) -> Group:
        return Group(tf.constant(matrix, tf.float32))

    def sequence(values: Any) -> Sequence:
        return Sequence(tf.constant(values, tf.float32), tf.constant(mask))

    with tf.Graph().as_default(), v1.Session() as session:
        model = models.build(config, task_specs(config), tf.float32)
        clicks = Group(
            tf.zeros([ROWS, 0]),
            sequences={
                "clicked_items": sequence(history[..., :4]),
                "clicked_categories": sequence(history[..., 4:]),
            },
            keys={
                "item": tf.constant(key[:, :4], tf.float32),
                "category": tf.constant(key[:, 4:], tf.float32),
            },
        )
        groups = {"user": group(user), "item": group(item), "clicks": clicks}
        outputs = model.outputs(model.attended(groups, False), False)
        in_numpy.randomize(session)
        served, v = session.run([dict(outputs.served), {x.name: x for x in v1.global_variables()}])

    tiled = np.repeat(key[:, None], TIME, axis=1)
    pairs = np.concatenate([tiled, history, tiled - history, tiled * history], axis=-1)
    hidden = pairs
    for number in range(3):
        hidden = in_numpy.dense(hidden, v, f"attention/clicks/clicks/dense_{number}")
        hidden = np.maximum(hidden, 0) if number < 2 else hidden
    powers = np.where(mask, np.exp(hidden[..., 0]), 0)
    weights = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-300)
    towers = [in_numpy.network(x, v, f"group_{n}/dnn") for n, x in (("user", user), ("item", item))]
    together = np.concatenate([*towers, np.einsum("bt,btd->bd", weights, history), key], axis=1)
    logit = in_numpy.dense(in_numpy.network(together, v, "final/dnn"), v, "final/output")[:, 0]
    assert np.abs(logit).max() > 0.1
    np.testing.assert_allclose(served["logits"], logit, rtol=1e-4, atol=1e-5)


CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "another model": (
        'model_class: "MultiTowerDIN"',
        'model_class: "MultiTower"',
        [
            "model_config.seq_att_groups[0]: must be set for model_class MultiTowerDIN alone, whose din_towers read it; write it as sequence_features of a feature group",
            "model_config.multi_tower.din_towers[0]: must be set for model_class MultiTowerDIN alone; set it, or write sequence_features in a feature group of towers",
        ],
    ),
    "a tower over no attention": (
        'din_towers { input: "clicks"',
        'din_towers { input: "item"',
        [
            'model_config.multi_tower.din_towers[0].input: must be one of model_config.seq_att_groups, got "item"'
        ],
    ),
    "layers over an attention": (
        'towers { input: "item"',
        'towers { input: "clicks"',
        [
            'model_config.multi_tower.towers[1].input: must be a feature group, got "clicks"; din_towers read seq_att_groups'
        ],
    ),
    "scores of two units": (
        "[64, 32, 1]",
        "[64, 2]",
        [
            "model_config.multi_tower.din_towers[0].dnn.hidden_units[1]: must be 1 in the last layer, which gives an element its score, got 2; write [64, 2, 1]"
        ],
    ),
    "an unknown history": (
        'hist_seq: "clicked_items"',
        'hist_seq: "clicked_item"',
        [
            'model_config.seq_att_groups[0].seq_att_map[0].hist_seq[0]: must be a feature, got "clicked_item"; did you mean clicked_items?'
        ],
    ),
    "no dropout for a layer": (
        "hidden_units: [64, 32, 1] }",
        "hidden_units: [64, 32, 1] dropout_ratio: 0.1 }",
        [
            "model_config.multi_tower.din_towers[0].dnn.dropout_ratio: must have one value per hidden layer (3 layers), or none, got 1; write [0.1, 0.1, 0.1]"
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_reported_where_it_was_written(name: str, tmp_path: Path) -> None:
    old, new, lines = CASES[name]
    assert SAMPLE.count(old) == 1
    with pytest.raises(configs.ConfigError) as error:
        loaded(SAMPLE.replace(old, new), tmp_path)
    found = [line.partition(": ")[2] for line in str(error.value).split("\n")]
    assert found == lines


def test_network_of_an_attention_whose_tower_has_one_is_noted(tmp_path: Path) -> None:

    text = SAMPLE.replace(
        'group_name: "clicks"', 'group_name: "clicks" seq_dnn { hidden_units: [7, 1] }'
    )
    notes = loaded(text, tmp_path).notes
    assert any(
        "seq_att_groups[0].seq_dnn: has no effect here: the dnn of the din_towers" in n
        for n in notes
    )
