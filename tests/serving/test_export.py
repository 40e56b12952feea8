"""An export is of the checkpoint that was asked for, and holds what a server and a reader want."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator.choose_checkpoint import choose_checkpoint
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving import warmup
from easy_esmm.serving.graph import ServingGraph
from easy_esmm.serving.model_card import model_card
from easy_esmm.serving.saved_model import SavedModel
from tests.conformance import table


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    pipeline = table.small("esmm", tmp_path_factory.mktemp("trained"))
    training.train(pipeline)
    return pipeline


def changed(pipeline: Pipeline, **values: Any) -> Pipeline:
    """With other values of top-level fields."""
    config = PipelineConfig()
    config.CopyFrom(pipeline.config)
    for name, value in values.items():
        setattr(config, name, value)
    return replace(pipeline, config=config)


def card(folder: str) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(Path(folder, "assets", "model_card.json").read_text())
    return found


def test_the_warm_up_file_holds_real_rows_and_the_answers_to_them(
    trained: Pipeline, tmp_path: Path
) -> None:
    folder = training.export(trained, str(tmp_path))
    requests = warmup.read(folder)
    sizes = {(r.signature, len(next(iter(r.answers.values())))) for r in requests}
    assert sizes >= {(s, n) for s in ("serving_default", "examples") for n in (1, 100, 500)}
    batches = training.predict(trained, trained.config.eval_input_path)
    scores = {"probs_ctr": np.concatenate([batch["probs_ctr"] for batch in batches])}
    asked = next(
        r
        for r in requests
        if r.signature == "serving_default" and len(r.answers["probs_ctr"]) == 100
    )
    np.testing.assert_allclose(asked.answers["probs_ctr"], scores["probs_ctr"][:100], rtol=1e-6)
    with SavedModel(folder) as model:
        found = model.score(asked.inputs)
    np.testing.assert_allclose(found["probs_ctcvr"], asked.answers["probs_ctcvr"], rtol=1e-5)


@pytest.mark.parametrize("rows", ["", "no/such-*.csv"])
def test_without_rows_an_export_has_no_warm_up_file(
    trained: Pipeline, tmp_path: Path, rows: str
) -> None:
    elsewhere = changed(trained, eval_input_path=rows, train_input_path=rows)
    assert not warmup.read(training.export(elsewhere, str(tmp_path)))
    with pytest.raises(UserError, match="no/such"):
        training.export(trained, str(tmp_path), warmup_rows="no/such-*.csv")
    assert not warmup.read(training.export(trained, str(tmp_path), warmup_rows="none"))


def test_the_card_tells_checkpoint_metrics_counts_and_signatures(
    trained: Pipeline, tmp_path: Path
) -> None:
    newest = v1.train.latest_checkpoint(trained.config.model_dir)
    told = card(training.export(trained, str(tmp_path), data_revision="a1b2c3"))
    assert told["training"]["checkpoint"] == os.path.basename(newest)
    assert told["training"]["data_revision"] == "a1b2c3"
    evaluated = training.evaluate(trained)
    assert told["evaluation"]["counts"]["impressions"] == evaluated["count/impressions"]
    for metric in ("auc_ctr", "auc_ctcvr"):
        found = told["evaluation"]["metrics"][metric]
        assert found["value"] == pytest.approx(evaluated[metric], abs=1e-6)
        assert found["standard_error"] == pytest.approx(evaluated[f"{metric}_se"], abs=1e-6)
    assert "auc_ctr_se" not in told["evaluation"]["metrics"]
    assert told["model"]["model_class"] == "ESMM"
    inputs = told["model"]["signatures"]["serving_default"]["inputs"]
    assert inputs["205"] == {"dtype": "string", "shape": [None]}
    assert [task["name"] for task in told["model"]["tasks"]] == ["ctr", "ctcvr", "cvr"]
    assert told["export"]["versions"]["tensorflow"] == version("tensorflow")


def checkpoints(folder: Path, steps: Any, values: Dict[int, float]) -> Pipeline:
    """A model_dir with checkpoints of these steps, and with evaluations of these values."""
    pipeline = changed(table.small("esmm", folder), model_dir=str(folder / "model"))
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.create_global_step()
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(max_to_keep=100)
        (folder / "model").mkdir()
        for step in steps:
            saver.save(session, str(folder / "model" / "model.ckpt"), step)
        writer = v1.summary.FileWriter(str(folder / "model" / "eval_val"))
        for step, value in values.items():
            one = v1.Summary.Value(tag="auc_ctcvr", simple_value=value)
            writer.add_summary(v1.Summary(value=[one]), step)
        writer.close()
    return pipeline


def test_a_metric_without_a_value_is_null_in_the_card(tmp_path: Path) -> None:
    pipeline = checkpoints(tmp_path, [4], {4: float("nan")})
    checkpoint = choose_checkpoint(pipeline, "newest")
    told = json.loads(model_card(pipeline.config, checkpoint, {}))
    assert told["evaluation"]["metrics"] == {"auc_ctcvr": {"value": None}}


def test_the_best_checkpoint_is_the_first_of_the_best_value_that_is_still_there(
    tmp_path: Path,
) -> None:
    values = {0: float("nan"), 1: 0.5, 2: 0.9, 3: 0.7, 4: 0.7, 5: 0.6}
    pipeline = checkpoints(tmp_path, [0, 1, 3, 4, 5], values)
    assert choose_checkpoint(pipeline, "best").endswith("model.ckpt-3")
    assert choose_checkpoint(pipeline, "newest").endswith("model.ckpt-5")
    assert choose_checkpoint(pipeline, "").endswith("model.ckpt-5")
    named = str(tmp_path / "model" / "model.ckpt-1")
    assert choose_checkpoint(pipeline, named) == named
    pipeline.config.export_config.metric_bigger = False
    assert choose_checkpoint(pipeline, "best").endswith("model.ckpt-1")


def test_without_an_evaluation_no_checkpoint_is_the_best(tmp_path: Path) -> None:
    pipeline = checkpoints(tmp_path, [1], {2: 0.5})
    with pytest.raises(UserError, match="no checkpoint whose evaluation gave auc_ctcvr; train"):
        choose_checkpoint(pipeline, "best")


def test_asset_files_stand_beside_the_config_under_names_of_their_own(
    trained: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("a b")
    (tmp_path / "pipeline.config").write_text("another")
    with_asset = changed(trained)
    with_asset.config.export_config.asset_files.append(str(tmp_path / "words.txt"))
    folder = training.export(with_asset, str(tmp_path / "models"), warmup_rows="none")
    assert Path(folder, "assets", "words.txt").read_text() == "a b"
    with_asset.config.export_config.asset_files.append(str(tmp_path / "pipeline.config"))
    with pytest.raises(
        UserError, match=r"another asset is named pipeline\.config; rename the file"
    ):
        training.export(with_asset, str(tmp_path / "models"), warmup_rows="none")
    with_asset.config.export_config.asset_files[1] = str(tmp_path / "absent")
    with pytest.raises(UserError, match=r"asset_files: .*/absent cannot be copied: "):
        training.export(with_asset, str(tmp_path / "models"), warmup_rows="none")
    assert os.listdir(tmp_path / "models") == [os.path.basename(folder)]


def test_an_export_to_a_remote_folder_answers_as_one_to_a_local_folder(
    trained: Pipeline, tmp_path: Path
) -> None:
    folders = [
        training.export(trained, f"{system}{tmp_path}/{name}", keep=1)
        for system, name in (("", "local"), ("file://", "remote"))
    ]
    rows = warmup.read(folders[0])[0].inputs
    scores = []
    for folder in folders:
        with SavedModel(folder) as model:
            scores.append(model.score(rows))
    for name, values in scores[0].items():
        np.testing.assert_array_equal(values, scores[1][name])


def test_a_checkpoint_of_a_training_that_diverged_is_not_exported(
    trained: Pipeline, tmp_path: Path
) -> None:
    serving = ServingGraph(trained.config)
    with serving.graph.as_default(), v1.Session() as session:
        v1.train.create_global_step()
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        bias = next(v for v in v1.global_variables() if v.op.name == "ctr_tower/output/bias")
        bias.load(np.array([np.nan], np.float32), session)
        path = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), 7)
    with pytest.raises(UserError, match=r"the checkpoint itself answers .* = nan in row 1: its "):
        training.export(trained, str(tmp_path / "models"), checkpoint_path=path)
    assert os.listdir(tmp_path / "models") == []
