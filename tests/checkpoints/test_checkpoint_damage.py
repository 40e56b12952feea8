"""What is said of checkpoints that cannot be read, and of folders that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from easy_esmm import training
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from tests.conformance import table


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A training of two steps whose last checkpoint has lost the end of its data."""
    pipeline = table.small("esmm_fine_tune", tmp_path_factory.mktemp("run"), num_steps=2)
    pipeline.config.eval_input_path, kept = "", pipeline.config.eval_input_path
    pipeline.config.export_config.exporter_type = "none"
    training.train(pipeline)
    pipeline.config.eval_input_path = kept
    (file,) = Path(pipeline.config.model_dir).glob("model.ckpt-2.data*")
    file.write_bytes(file.read_bytes()[:1000])
    return pipeline


def test_damaged_checkpoint_is_said_in_one_line(damaged: Pipeline) -> None:
    expected = (
        r"^a checkpoint cannot be read: .+; its files are damaged: use another one, by --ch.+$"
    )
    with pytest.raises(UserError, match=expected):
        training.evaluate(damaged)
    damaged.config.train_config.num_steps = 4
    with pytest.raises(UserError, match=expected):
        training.train(damaged, continue_train=True)


def test_export_folder_that_cannot_be_made_is_refused(damaged: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"^export_dir: .* cannot be made: .*file"):
        training.export(damaged, str(tmp_path / "file" / "models"))
