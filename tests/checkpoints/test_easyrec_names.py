"""Checkpoints with EasyRec's names of variables: found, evaluated, scored, exported, trained on."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Dict, NamedTuple

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import training
from easy_esmm.checkpoints.easyrec_names import Sources
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.config.walk import settings
from easy_esmm.errors import UserError
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.conformance import table
from tests.first_values import FirstValues

TABLES = {"user": "input_layer", "item": "input_layer_1", "combo": "input_layer_2"}
"""Group -> EasyRec's scope of its tables, in the order of the networks of `esmm_three_groups`."""
OTHERS = (
    (r"^group_(\w+)/", r"\1/"),
    (r"^(\w+)_tower/dnn/", r"\1/"),
    (r"^(\w+)_tower/output/", r"\1/dnn_output/"),
    (r"/dense_(\d)/", r"/dnn_\1/"),
    (r"/norm_(\d)/", r"/dnn_\1/bn/"),
    (r"^variational_dropout_(\w+)/drop_logit", r"logit_p_\1"),
)


def theirs(name: str) -> str:
    """EasyRec's name of a variable, written from its checkpoints."""
    match = re.match(r"embedding/(\w+)/(\w+)(.*)", name)
    if match:
        group, feature, slot = match.groups()
        return f"{TABLES[group]}/{feature}_embedding/embedding_weights{slot}"
    for ours, their in OTHERS:
        name = re.sub(ours, their, name)
    return name


class Taken(NamedTuple):
    pipeline: Pipeline
    own: str
    """A checkpoint of ours."""
    foreign: str
    """The same numbers under EasyRec's names."""


def write(path: str, values: Dict[str, Any]) -> str:
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.get_variable(name, initializer=tf.constant(value), use_resource=True)
        session.run(v1.global_variables_initializer())
        return str(v1.train.Saver().save(session, path, write_meta_graph=False))


def values_of(checkpoint: str) -> Dict[str, Any]:
    reader = v1.train.load_checkpoint(checkpoint)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """ESMM of three groups with batch normalisation and variational dropout, trained a little."""
    folder = tmp_path_factory.mktemp("easyrec")
    pipeline = table.small("esmm_three_groups", folder, num_steps=4)
    config = pipeline.config
    for setting in settings(config):
        if isinstance(setting.value, DNN):
            setting.value.use_bn = True
    config.model_config.variational_dropout.SetInParent()
    config.export_config.exporter_type = "none"
    training.train(pipeline)
    own = f"{config.model_dir}/model.ckpt-4"
    values = values_of(own)
    renamed = {theirs(name): value for name, value in values.items()}
    assert len(renamed) == len(values)
    assert {"input_layer_1", "logit_p_user", "ctr"} <= {name.split("/")[0] for name in renamed}
    return Taken(pipeline, own, write(str(folder / "theirs" / "model.ckpt-4"), renamed))


def without(taken: Taken, folder: Path, pattern: str) -> str:
    kept = {n: v for n, v in values_of(taken.foreign).items() if not re.search(pattern, n)}
    return write(str(folder / "model.ckpt-4"), kept)


def test_evaluation_and_scores_are_those_of_the_same_weights_under_our_names(taken: Taken) -> None:
    pipeline = taken.pipeline
    expected = training.evaluate(pipeline, checkpoint_path=taken.own)
    assert expected["auc_ctr"] > 0
    assert training.evaluate(pipeline, checkpoint_path=taken.foreign) == expected
    rows = pipeline.config.eval_input_path
    (own,), (foreign,) = (
        [
            np.concatenate([batch["probs_ctcvr"] for batch in batches])
            for batches in [training.predict(pipeline, rows, checkpoint_path=path)]
        ]
        for path in (taken.own, taken.foreign)
    )
    assert len(own) == table.EVAL_ROWS
    np.testing.assert_array_equal(foreign, own)


def test_the_export_has_our_names_and_the_same_scores(taken: Taken, tmp_path: Path) -> None:
    exported = training.export(taken.pipeline, str(tmp_path), checkpoint_path=taken.foreign)
    names = [name for name, _ in tf.train.list_variables(f"{exported}/variables/variables")]
    assert any(name.startswith("embedding/user/") for name in names)
    assert not any(name.startswith("input_layer") for name in names)
    rows = taken.pipeline.config.eval_input_path
    out = tmp_path / "scores.parquet"
    training.score(taken.pipeline, rows, str(out), saved_model=exported)
    batches = training.predict(taken.pipeline, rows, checkpoint_path=taken.own)
    own = np.concatenate([batch["probs_ctcvr"] for batch in batches])
    np.testing.assert_allclose(pd.read_parquet(out)["probs_ctcvr"], own, rtol=1e-6)


def test_a_training_starts_from_all_weights_and_moments(taken: Taken, tmp_path: Path) -> None:
    config = type(taken.pipeline.config)()
    config.CopyFrom(taken.pipeline.config)
    config.model_dir = str(tmp_path / "model")
    config.train_config.num_steps = 1
    config.train_config.random_seed += 1
    config.train_config.fine_tune_checkpoint = taken.foreign
    start = FirstValues()
    training.train(
        dataclasses.replace(taken.pipeline, config=config, written=config), hooks=[start]
    )
    first, earlier = start.values, values_of(taken.own)
    assert set(first) == set(earlier)
    for name in set(first) - {"global_step"}:
        np.testing.assert_array_equal(first[name], earlier[name], err_msg=name)
    assert first["global_step"] == 0


def test_what_the_checkpoint_lacks_is_named_with_advice_that_helps(
    taken: Taken, tmp_path: Path
) -> None:
    lacking = without(taken, tmp_path, r"^cvr/dnn_output/")
    with pytest.raises(UserError) as caught:
        training.evaluate(taken.pipeline, checkpoint_path=lacking)
    assert str(caught.value) == (
        f"the config does not fit {lacking}: cvr_tower/output/bias [1] is not in the checkpoint; "
        "cvr_tower/output/kernel [16, 1] is not in the checkpoint.\n"
        "It has EasyRec's names of variables. What it lacks must be trained first: start from it "
        "by train_config.fine_tune_checkpoint"
    )


def test_a_checkpoint_of_another_program_is_said_to_be_one(taken: Taken, tmp_path: Path) -> None:
    path = write(str(tmp_path / "model.ckpt"), {"w": np.float32(1), "global_step": np.int64(3)})
    with pytest.raises(
        UserError, match=r"holds no variable of this model, but w, \.\.\.: it is of"
    ):
        training.evaluate(taken.pipeline, checkpoint_path=path)


def test_a_weight_of_another_shape_is_refused_by_both_names(taken: Taken, tmp_path: Path) -> None:
    values = values_of(taken.foreign)
    values["ctr/dnn_output/kernel"] = np.zeros([3, 1], np.float32)
    path = write(str(tmp_path / "model.ckpt"), values)
    with pytest.raises(UserError) as caught:
        training.evaluate(taken.pipeline, checkpoint_path=path)
    assert (
        "ctr_tower/output/kernel is [16, 1] in the config, [3, 1] in the checkpoint, as "
        "ctr/dnn_output/kernel" in str(caught.value)
    )


MODEL = """
  feature_groups { group_name: "a" feature_names: ["x", "both"] }
  feature_groups { group_name: "b" feature_names: ["y", "both"] }
  simple_multi_task { task_towers { tower_name: "t" } task_towers { tower_name: "u" } }
"""


def source(variable: str, *found: str) -> Any:
    return Sources(text_format.Parse(MODEL, ModelConfig()), found).of(variable)


def test_a_feature_of_one_group_is_found_whatever_the_number_of_its_input_layer() -> None:
    there = "input_layer_7/x_embedding/embedding_weights"
    assert source("embedding/a/x", there) == there
    assert source("embedding/a/x/Adam", there, f"{there}/Adam") == f"{there}/Adam"
    assert source("embedding/a/x", there, there.replace("7", "8")) is None  # which of the two?
    assert source("embedding/a/x", there.replace("x_", "xx_")) is None


def test_a_feature_of_two_groups_is_found_by_the_number_of_its_input_layer_alone() -> None:
    first = "input_layer/both_embedding/embedding_weights"
    second = "input_layer_1/both_embedding/embedding_weights"
    assert source("embedding/a/both", first, second) == first
    assert source("embedding/b/both", first, second) == second
    assert source("embedding/b/both", first) is None


def test_the_key_of_an_attention_does_not_take_the_table_of_another_group() -> None:
    keys = "sequence_features { seq_att_map { key: 'x' hist_seq: 'z' } %s }"
    there = "input_layer/x_embedding/embedding_weights"
    moved = there.replace("layer", "layer_7")
    for searched in (False, True):
        option = "allow_key_search: true" if searched else ""
        text = MODEL.replace('"y", "both"]', f'"y", "both"] {keys % option}')
        model = text_format.Parse(text, ModelConfig())
        assert Sources(model, [there]).of("embedding/a/x") == there
        if not searched:
            assert Sources(model, [there]).of("embedding/b/x") is None
        # Searched for, the key is that of the other group: there is one table.
        assert Sources(model, [moved]).of("embedding/a/x") == (moved if searched else None)


def test_our_own_name_comes_first() -> None:
    there = "input_layer/x_embedding/embedding_weights"
    assert source("embedding/a/x", there, "embedding/a/x") == "embedding/a/x"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("group_a/input_norm/gamma", "a_fea_bn/gamma"),
        ("group_a/dnn/dense_0/kernel/Adam_1", "a_dnn/dnn_0/kernel/Adam_1"),
        ("group_a/dense_1/bias", "a/dnn_1/bias"),
        ("final/dnn/norm_0/moving_mean", "final_dnn/dnn_0/bn/moving_mean"),
        ("final/output/bias", "output/bias"),
        ("bottom/dense_0/kernel", "bottom_dnn/dnn_0/kernel"),
        ("mixture/experts/expert_3/dense_1/kernel", "mmoe/expert_3/dnn_1/kernel"),
        ("mixture/gate_u/scores/bias", "mmoe/gate_1/dnn/bias"),
        ("u_tower/relation_dnn/dense_0/kernel", "u/relation_dnn/dnn_0/kernel"),
        ("u_tower/dnn/dense_0/kernel", "u/dnn/dnn_0/kernel"),
    ],
)
def test_scopes_of_other_models(ours: str, theirs: str) -> None:
    assert source(ours, theirs) == theirs
    assert source(ours, f"{theirs}_") is None


def test_towers_without_a_product_have_numbered_outputs() -> None:
    assert source("u_tower/output/kernel", "dnn_output_0/kernel", "dnn_output_1/kernel") == (
        "dnn_output_1/kernel"
    )
    assert source("u_tower/dnn/norm_1/gamma", "u/dnn_1/bn/gamma") == "u/dnn_1/bn/gamma"


@pytest.mark.parametrize(
    ("ours", "easyrecs"),
    [
        ("embedding/item/f", "input_layer_1/f_embedding/embedding_weights"),
        ("group_user/input_norm/gamma", "user_fea_bn/gamma"),
        ("group_user/dnn/dense_1/kernel", "user_dnn/dnn_1/kernel"),
        ("group_user/dnn/norm_0/moving_mean", "user_dnn/dnn_0/bn/moving_mean"),
        ("final/dnn/dense_0/bias/Adam_1", "final_dnn/dnn_0/bias/Adam_1"),
        ("final/output/kernel", "output/kernel"),
    ],
)
def test_layers_of_multi_tower_are_found(ours: str, easyrecs: str) -> None:
    model = text_format.Parse(
        """feature_groups { group_name: "item" feature_names: "f" }
        feature_groups { group_name: "user" feature_names: "f" }
        multi_tower { towers { input: "user" } towers { input: "item" } }""",
        ModelConfig(),
    )
    found = (easyrecs, "input_layer/f_embedding/embedding_weights", "user/dnn_1/kernel")
    assert Sources(model, found).of(ours) == easyrecs


@pytest.mark.parametrize(
    ("ours", "easyrecs"),
    [
        ("embedding/wide/f", "input_layer/f_embedding/embedding_weights"),
        ("embedding/deep/f", "input_layer_1/f_embedding/embedding_weights"),
        ("deep/dense_0/kernel", "deep_feature/dnn_0/kernel"),
        ("deep/dnn/dense_0/kernel", "deep_feature/dnn_0/kernel"),
        ("deep/output/bias", "deep_logits/bias"),
        ("fm_logits/kernel", "fm_logits/kernel"),
    ],
)
def test_layers_of_deepfm_are_found(ours: str, easyrecs: str) -> None:
    model = text_format.Parse(
        """feature_groups { group_name: "deep" feature_names: "f" }
        feature_groups { group_name: "wide" feature_names: "f" wide_deep: WIDE } deepfm {}""",
        ModelConfig(),
    )
    other = "input_layer_1" if "wide" in ours else "input_layer"
    found = (easyrecs, f"{other}/f_embedding/embedding_weights")
    assert Sources(model, found).of(ours) == easyrecs
