"""Starting from another training's checkpoint: what is restored, what is not, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from absl import logging
from google.protobuf import text_format

from easy_esmm import training
from easy_esmm.checkpoints import fine_tune
from easy_esmm.compat import v1
from easy_esmm.contract import TableRows
from easy_esmm.errors import UserError
from easy_esmm.estimator import first_checks, model_dir
from easy_esmm.optimizers import averages
from easy_esmm.optimizers import step as optimizers
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.train_pb2 import TrainConfig
from tests.conformance import table
from tests.first_values import FirstValues

ADAM = "optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } }"


def build(rows: int, dense: str = "dense") -> Tuple[TableRows, Any]:
    weights = v1.get_variable("table", [rows, 2], initializer=v1.constant_initializer(7.0))
    ids = tf.constant([1, 2], tf.int64)
    return TableRows(weights, ids, tf.gather(weights, ids)), v1.get_variable(dense, [3])


def train_op(config: TrainConfig, read: TableRows, dense: Any) -> Any:
    loss = tf.reduce_sum(read.rows**2) + tf.reduce_sum(dense**2)
    step = v1.train.get_or_create_global_step()
    return optimizers.train_op(config, loss, [read], [dense], step).op


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint of a table [5, 2] and a vector, after three steps of Adam with averages."""
    path = str(tmp_path_factory.mktemp("source") / "model.ckpt")
    config = text_format.Parse(f"{ADAM} use_moving_average: true }}", TrainConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        op = train_op(config, *build(5))
        session.run(v1.global_variables_initializer())
        for _ in range(3):
            session.run(op)
        return str(v1.train.Saver().save(session, path, 3))


def started(path: str, rows: int, names: str = "", dense: str = "dense") -> Dict[str, Any]:
    """First values of a training graph that starts from the checkpoint, by variable."""
    config = text_format.Parse(f"{ADAM} use_moving_average: true }}", TrainConfig())
    config.fine_tune_checkpoint = path
    config.fine_tune_ckpt_var_map = names
    start = fine_tune.FineTune(config, ModelConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        read, vector = build(rows, dense)
        start.restore()
        train_op(config, read, vector)
        start.restore()
        session.run(v1.global_variables_initializer())
        return {v.op.name: session.run(v) for v in v1.global_variables()}


def test_variables_of_the_same_name_and_shape_are_restored_with_their_moments(source: str) -> None:
    reader = v1.train.load_checkpoint(source)
    found = started(source, 5)
    for name in ("table", "table/Adam", "table/Adam_1", "dense", "dense/Adam", "beta1_power"):
        np.testing.assert_array_equal(found[name], reader.get_tensor(name), err_msg=name)
    assert np.abs(found["table/Adam"]).max() > 0
    assert found["global_step"] == 0


def test_averages_begin_at_the_restored_weights(source: str) -> None:
    found = started(source, 5)
    for name in ("table", "dense"):
        np.testing.assert_array_equal(found[f"{name}/{averages.AVERAGE}"], found[name])
    np.testing.assert_array_equal(found[f"table/{averages.STEP}"], np.zeros(5))


@pytest.mark.parametrize("rows", [4, 6])
def test_a_table_of_another_size_starts_anew_whole(source: str, rows: int) -> None:
    found = started(source, rows)
    np.testing.assert_array_equal(found["table"], np.full([rows, 2], 7.0))
    np.testing.assert_array_equal(found["table/Adam"], np.zeros([rows, 2]))
    reader = v1.train.load_checkpoint(source)
    np.testing.assert_array_equal(found["dense"], reader.get_tensor("dense"))


def test_the_report_lists_what_was_and_was_not_restored(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: List[str] = []
    for level in ("info", "warning"):
        monkeypatch.setattr(
            logging, level, lambda text, *args, level=level: said.append(f"{level}: {text % args}")
        )
    start = fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=source), ModelConfig())
    here = {"table": [4, 2], "dense": [3], "new": [2], "global_step": []}
    fine_tune.log(start.plan(here), source, here)
    head = "fine_tune_checkpoint: "
    unread = "beta1_power, beta2_power, dense/Adam, dense/Adam_1, table, table/Adam, table/Adam_1"
    assert said == [
        f"info: {head}1 of 3 variables (3 numbers) start from {source}",
        # 3 of 8 + 3 + 2 numbers
        f"warning: {head}only 23.1% of the model's weights start from {source}, the others anew",
        f"warning: {head}of another shape, or of unknown ids, so that they start anew: "
        "table is [4, 2] here, [5, 2] there",
        f"info: {head}not restored, so that they start anew: new",
        f"info: {head}in the checkpoint and not read: {unread}",
    ]


def test_a_map_restores_what_it_names_and_nothing_else(source: str, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("vector\tdense\n\n")
    found = started(source, 5, str(names), dense="vector")
    reader = v1.train.load_checkpoint(source)
    np.testing.assert_array_equal(found["vector"], reader.get_tensor("dense"))
    np.testing.assert_array_equal(found["table"], np.full([5, 2], 7.0))
    start = fine_tune.FineTune(
        TrainConfig(fine_tune_checkpoint=source, fine_tune_ckpt_var_map=str(names)),
        ModelConfig(),
    )
    plan = start.plan({"vector": [3], "table": [5, 2]})
    assert plan.restored == {"vector": "dense"}
    assert plan.missing == ("table",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("dens dense", "must name variables of the model, got dens; did you mean dense?"),
        ("dense dens", "must name variables of PATH, got dens; did you mean dense?"),
        ("global_step global_step", "must name variables of the model, got global_step"),
        ("table table", "must pair variables of one shape, got table [4, 2] and table [5, 2]"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(
    text: str, complaint: str, source: str, tmp_path: Path
) -> None:
    names = tmp_path / "names"
    names.write_text(text)
    start = fine_tune.FineTune(
        TrainConfig(fine_tune_checkpoint=source, fine_tune_ckpt_var_map=str(names)),
        ModelConfig(),
    )
    with pytest.raises(UserError) as caught:
        start.plan({"table": [4, 2], "dense": [3], "global_step": []})
    expected = f"train_config.fine_tune_ckpt_var_map: {complaint}".replace("PATH", source)
    assert str(caught.value).startswith(expected)


def test_a_map_that_cannot_be_read_is_refused(source: str, tmp_path: Path) -> None:
    names = tmp_path / "names"

    def complaint() -> str:
        with pytest.raises(UserError) as caught:
            fine_tune.FineTune(
                TrainConfig(fine_tune_checkpoint=source, fine_tune_ckpt_var_map=str(names)),
                ModelConfig(),
            )
        return str(caught.value)

    field = "train_config.fine_tune_ckpt_var_map"
    assert complaint() == f"{field}: must be an existing file, got {names}"
    names.write_text("\n")
    assert complaint() == f"{field}: must hold names of variables, got the empty file {names}"
    rule = "must hold two names, of a variable here and one there, each first name once"
    names.write_text("a b\na c\n")
    assert complaint() == f"{names}:2: {rule}, got a c"
    names.write_text("a\n")
    assert complaint() == f"{names}:1: {rule}, got a"


def test_a_missing_checkpoint_is_refused_with_the_likely_path(source: str, tmp_path: Path) -> None:
    field = "train_config.fine_tune_checkpoint"
    known = "must be a checkpoint or a folder of them"
    for path, complaint in (
        ("/no/model.ckpt", f"{known}, got /no/model.ckpt; give .../model.ckpt-STEP"),
        (f"{source}.index", f"{known}, got {source}.index; did you mean {source}?"),
        (str(tmp_path), f"must hold a checkpoint, got the folder {tmp_path}"),
    ):
        with pytest.raises(UserError) as caught:
            fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=path), ModelConfig())
        assert str(caught.value) == f"{field}: {complaint}"
    folder = str(Path(source).parent)
    assert (
        fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=folder), ModelConfig()).path == source
    )


def test_a_checkpoint_of_another_model_is_refused(source: str) -> None:
    start = fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=source), ModelConfig())
    with pytest.raises(UserError, match=r"holds no variable of this model$"):
        start.plan({"table": [4, 2], "other": [3]})


def test_a_checkpoint_that_shares_only_the_optimizers_powers_is_refused(source: str) -> None:
    start = fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=source), ModelConfig())
    variables = {"other": [3], "other/Adam": [3], "beta1_power": [], "beta2_power": []}
    with pytest.raises(UserError) as caught:
        start.plan(variables, weights=["other", "global_step"])
    assert str(caught.value) == (
        f"train_config.fine_tune_checkpoint: {source} holds no weight of this model, only "
        "beta1_power, beta2_power; is it of another model, or of another program? "
        "fine_tune_ckpt_var_map pairs variables of different names"
    )


def test_the_share_counts_numbers_of_the_models_own_weights(source: str) -> None:
    start = fine_tune.FineTune(TrainConfig(fine_tune_checkpoint=source), ModelConfig())
    variables = {"table": [5, 2], "table/Adam": [5, 2], "new": [10], "beta1_power": []}
    assert start.plan(variables, weights=["table", "new", "global_step"]).share == 0.5


def test_training_starts_from_the_checkpoint_and_a_bad_one_leaves_no_trace(tmp_path: Path) -> None:
    pipeline = table.small("esmm_fine_tune", tmp_path, num_steps=1)
    config = pipeline.config
    config.eval_input_path = ""
    config.export_config.exporter_type = "none"
    earlier = config.train_config.fine_tune_checkpoint
    config.train_config.fine_tune_checkpoint = str(tmp_path / "nowhere")
    with pytest.raises(UserError, match="fine_tune_checkpoint: must be a checkpoint"):
        training.train(pipeline)
    assert not Path(config.model_dir).exists()
    config.train_config.fine_tune_checkpoint = earlier
    config.train_config.random_seed += 1  # so that other values would differ
    start = FirstValues()
    training.train(pipeline, hooks=[start])
    before = v1.train.load_checkpoint(earlier)
    first = start.values
    last = v1.train.load_checkpoint(f"{config.model_dir}/model.ckpt-1")
    for name in ("embedding/all/user", "embedding/all/item"):
        np.testing.assert_array_equal(first[name], before.get_tensor(name))
        np.testing.assert_array_equal(last.get_tensor(name), before.get_tensor(name))
    kernel = "ctr_tower/dnn/dense_0/kernel"
    assert np.abs(first[kernel] - before.get_tensor(kernel)).max() > 0
    assert np.abs(last.get_tensor(kernel) - first[kernel]).max() > 0


def test_a_training_that_was_killed_after_its_first_checkpoint_goes_on_from_that(
    tmp_path: Path,
) -> None:
    pipeline = table.small("esmm_fine_tune", tmp_path, num_steps=1)
    config = pipeline.config
    config.train_config.fine_tune_checkpoint = str(tmp_path / "gone since")
    config.train_config.ClearField("freeze_gradient")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("global_step", [], tf.int64, v1.zeros_initializer())
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, f"{config.model_dir}/model.ckpt", 0)
    # Not read again, and not said to be.
    assert first_checks.first_values(config) is None
    with pytest.raises(UserError, match=r"the config does not fit .*model\.ckpt-0: "):
        model_dir.prepare(pipeline, continue_train=True)
