"""The command `launch`: its arguments, and what it refuses before anything is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest

from easy_esmm import flags, launch
from easy_esmm.errors import UserError
from easy_esmm.folder_lock import locked

CLONE = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("given", "forwarded"),
    [
        (["--workers=2", "--pipeline_config=x"], ["--pipeline_config=x"]),
        (
            ["--workers", "2", "--model_dir", "m", "--evaluator", "--train_config.num_steps", "5"],
            ["--model_dir", "m", "--train_config.num_steps", "5"],
        ),
        (["--noevaluator", "--continue_train", "--ps=1"], ["--continue_train"]),
    ],
)
def test_trainings_get_the_flags_that_are_theirs(given: List[str], forwarded: List[str]) -> None:
    assert list(launch.train_arguments(["launch", *given])) == forwarded


def test_a_model_dir_in_use_is_refused_unless_training_goes_on(tmp_path: Path) -> None:
    launch.require_free(str(tmp_path), continue_train=False)
    launch.require_free(str(tmp_path / "absent"), continue_train=False)
    (tmp_path / "model.ckpt-6.index").touch()
    launch.require_free(str(tmp_path), continue_train=True)
    with pytest.raises(UserError, match=f"^model_dir: {tmp_path} is not empty; give another"):
        launch.require_free(str(tmp_path), continue_train=False)


def test_two_launches_in_one_folder_are_refused_before_the_second_starts_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["launch", "--continue_train"])
    monkeypatch.setattr(launch, "_require_good_input", lambda forwarded: None)
    flags.parse(launch.FLAGS, sys.argv)
    config = SimpleNamespace(model_dir=str(tmp_path))
    given: Any = SimpleNamespace(load=lambda purpose: SimpleNamespace(config=config))
    folder = tmp_path / "cluster"
    match = f"{folder} is being trained in by another"
    with locked(str(folder)), pytest.raises(UserError, match=match):
        launch.main(given)
    assert list(folder.iterdir()) == []


def test_the_newest_checkpoint_is_read_without_tensorflow(tmp_path: Path) -> None:
    assert launch.newest_checkpoint(str(tmp_path)) == "none yet"
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "model.ckpt-20"\nall_model_checkpoint_paths: "model.ckpt-10"\n'
    )
    assert launch.newest_checkpoint(str(tmp_path)) == "model.ckpt-20"
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/a/b/model.ckpt-30"\n')
    assert launch.newest_checkpoint(str(tmp_path)) == "model.ckpt-30"


def test_too_few_processes_are_refused() -> None:
    with pytest.raises(flags.absl_flags.Error, match="ps"):
        flags.parse(launch.FLAGS, ["launch", "--ps=0"])


def test_a_missing_input_is_one_message_and_nothing_is_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "easy_esmm.launch", f"--model_dir={tmp_path}/model"]
    command += ["--pipeline_config=samples/esmm_quickstart.config", "--workers=3", "--ps=2"]
    absent = [f"--train_input_path={tmp_path}/a.csv", f"--eval_input_path={tmp_path}/b.csv"]
    done = subprocess.run([*command, *absent], cwd=CLONE, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count(f"{tmp_path}/a.csv") == 1
    assert "| " not in done.stdout
    assert not (tmp_path / "model").exists()
