"""What is said of checkpoints that are damaged, of NaN, gone or of another config."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import train as command
from easy_esmm import training
from easy_esmm.checkpoints.finite import last_good, not_finite
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from tests.conformance import table

TABLE = "embedding/all/101"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A training of four steps with checkpoints of the steps 0, 2 and 4."""
    folder = tmp_path_factory.mktemp("run")
    pipeline = table.small("esmm", folder, num_steps=4, save_checkpoints_steps=2)
    config = pipeline.config
    config.eval_input_path, kept = "", config.eval_input_path
    config.export_config.Clear()
    config.export_config.exporter_type = "none"
    training.train(pipeline)
    config.eval_input_path = kept
    config.train_config.num_steps = 6
    return pipeline


@pytest.fixture
def copy(trained: Pipeline, tmp_path: Path) -> Pipeline:
    """The same in a folder of the test's own."""
    shutil.copytree(trained.config.model_dir, tmp_path / "model")
    config = PipelineConfig()
    config.CopyFrom(trained.config)
    config.model_dir = str(tmp_path / "model")
    return dataclasses.replace(trained, config=config, written=config)


def change_data(change: Callable[[bytearray], None]) -> Callable[[Path], None]:
    def changing(file: Path) -> None:
        content = bytearray(file.read_bytes())
        change(content)
        file.write_bytes(content)

    return changing


def flip(content: bytearray) -> None:
    """One bit of the first variable, the kernel of a layer."""
    content[100] ^= 4


def cut(content: bytearray) -> None:
    del content[1000:]


@pytest.mark.parametrize("change", [flip, cut])
def test_a_damaged_checkpoint_is_named_and_training_goes_on_from_the_one_before(
    change: Callable[[bytearray], None], copy: Pipeline
) -> None:
    folder = copy.config.model_dir
    (file,) = Path(folder).glob("model.ckpt-4.data*")
    change_data(change)(file)
    before = f"{folder}/model.ckpt-2"
    expected = (
        rf"^{folder}/model.ckpt-4 is damaged: .+\n"
        rf"Take the one before, by --checkpoint_path {before} \(train: with --continue_train\)"
    )
    with pytest.raises(UserError, match=expected):
        training.evaluate(copy)
    copy.config.eval_input_path = ""
    with pytest.raises(UserError, match=expected):
        training.train(copy, continue_train=True)
    going_on = training.train(copy, continue_train=True, checkpoint_path=before)
    assert (going_on.step, going_on.examples) == (6, 4 * table.BATCH)


def broken(checkpoint: str, name: str) -> None:
    """Writes the checkpoint anew with a NaN in the variable."""
    reader = v1.train.load_checkpoint(checkpoint)
    values: Dict[str, Any] = {n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()}
    values[name] = np.array(values[name])
    values[name][-1, -1] = np.nan
    with tf.Graph().as_default(), v1.Session() as session:
        for n, value in values.items():
            v1.get_variable(n, initializer=value, use_resource=True)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, checkpoint, write_meta_graph=False, write_state=False)


def test_weights_that_are_nan_are_refused_everywhere_and_the_last_good_ones_named(
    copy: Pipeline, tmp_path: Path
) -> None:
    folder = copy.config.model_dir
    newest = f"{folder}/model.ckpt-4"
    assert last_good(folder) == f"{newest} is good: --continue_train goes on from there"
    broken(newest, TABLE)
    assert not_finite(newest) == TABLE
    # A row that no evaluated row reads: the answers would be finite.
    refused = f"^the checkpoint holds NaN or infinite numbers in {TABLE}, as after a training that"
    with pytest.raises(UserError, match=refused):
        training.evaluate(copy)
    with pytest.raises(UserError, match=refused):
        next(iter(training.predict(copy, copy.config.eval_input_path)))
    copy.config.eval_input_path = ""
    good = f"model.ckpt-4 holds NaN in {TABLE}; {folder}/model.ckpt-2 is good: --continue_train "
    with pytest.raises(UserError, match=f"became NaN or infinite.*\n{good}--checkpoint_path"):
        training.train(copy, continue_train=True)


def test_a_checkpoint_that_a_training_has_replaced_is_read_anew(
    copy: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(copy.config.model_dir)
    expected = training.evaluate(copy)
    evaluate, asked = estimator.Estimator.evaluate, []

    def rotating(self: Any, *arguments: Any, checkpoint_path: str, **options: Any) -> Any:
        """The training has saved another, and removed this one."""
        if not asked:
            for file in list(folder.glob("model.ckpt-4.*")):
                file.rename(folder / file.name.replace("-4.", "-5."))
            v1.train.update_checkpoint_state(str(folder), "model.ckpt-5")
        asked.append(Path(checkpoint_path).name)
        return evaluate(self, *arguments, checkpoint_path=checkpoint_path, **options)

    monkeypatch.setattr(estimator.Estimator, "evaluate", rotating)
    assert training.evaluate(copy) == expected
    assert asked == ["model.ckpt-4", "model.ckpt-5"]


def test_another_meaning_of_the_weights_is_refused_unless_accepted(copy: Pipeline) -> None:
    config = copy.config
    config.eval_input_path = ""
    towers = config.model_config.esmm
    click, buy = towers.ctr_tower.label_name, towers.cvr_tower.label_name
    towers.ctr_tower.label_name, towers.cvr_tower.label_name = buy, click
    before = (Path(config.model_dir) / "pipeline.config").read_text(encoding="utf-8")
    change = rf"model_config\.esmm\.ctr_tower\.label_name: {click} -> {buy}; "
    with pytest.raises(UserError, match=rf"its weights mean something else: {change}.*\nUse the "):
        training.train(copy, continue_train=True)
    assert (Path(config.model_dir) / "pipeline.config").read_text(encoding="utf-8") == before
    assert training.train(copy, continue_train=True, accept_changes=True).step == 6
    kept = Path(config.model_dir) / "pipeline.config.before-step-4"
    assert kept.read_text(encoding="utf-8") == before


def test_export_folder_that_cannot_be_made_is_refused(trained: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"^export_dir: .* cannot be made: .*file"):
        training.export(trained, str(tmp_path / "file" / "models"))


def test_a_checkpoint_to_go_on_from_needs_a_training_that_goes_on() -> None:
    command.FLAGS(["train", "--checkpoint_path", "model.ckpt-2"])
    with pytest.raises(UserError, match=r"^--checkpoint_path: is where --continue_train goes on"):
        command.main(command.flags.Arguments())
