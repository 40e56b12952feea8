"""Checkpoints and SavedModels of one TensorFlow on another: `make test-other`.

This Python is one of the two; EASY_ESMM_OTHER_PYTHON is the python of an environment with the
other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.golden import runs

pytestmark = pytest.mark.slow
CLONE = Path(__file__).resolve().parents[2]
HERE = sys.executable
OTHER = os.environ.get("EASY_ESMM_OTHER_PYTHON", "")
SCORES = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows, and `here` and `there`: 20 steps of training on either TensorFlow."""
    if not OTHER:
        pytest.skip("needs a second TensorFlow: make test-other")
    code = "from importlib.metadata import version; print(version('tensorflow'))"
    other = subprocess.run([OTHER, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() != tf.__version__, "both Pythons have the same TensorFlow"
    path = tmp_path_factory.mktemp("across")
    runs.write_rows(path)
    shutil.copy(runs.FOLDER / "esmm_csv.config", path / "x.config")
    call(path, HERE, "train", "here", "--train_config.num_steps=20")
    call(path, OTHER, "train", "there", "--train_config.num_steps=20")
    return path


def call(folder: Path, python: str, program: str, model_dir: str, *arguments: str) -> None:
    """Runs a program of the package on one of the two."""
    names = [f"--pipeline_config=x.config --model_dir={model_dir}", *arguments]
    command: List[str] = [python, "-m", f"easy_esmm.{program}", *" ".join(names).split()]
    variables = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**variables, "PYTHONPATH": str(CLONE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def scores(folder: Path, python: str, model_dir: str, *arguments: str) -> pd.DataFrame:
    """What `predict` says to the test rows."""
    paths = "--input_path=data/test/*.csv", "--output_path=scores.parquet"
    call(folder, python, "predict", model_dir, *paths, *arguments)
    return pd.read_parquet(folder / "scores.parquet")[SCORES]


def variables(folder: Path, model_dir: str, step: int) -> Dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(folder / model_dir / f"model.ckpt-{step}"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def assert_same_variables(ours: Dict[str, np.ndarray], theirs: Dict[str, np.ndarray]) -> None:
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        assert values.dtype == theirs[name].dtype, name
        np.testing.assert_allclose(theirs[name], values, rtol=1e-4, atol=1e-6, err_msg=name)


def test_either_trains_the_same_variables(folder: Path) -> None:
    assert_same_variables(variables(folder, "here", 20), variables(folder, "there", 20))


@pytest.mark.parametrize(("first", "second"), [("here", "there"), ("there", "here")])
def test_training_goes_on_with_the_other(folder: Path, first: str, second: str) -> None:
    pythons = {"here": HERE, "there": OTHER}
    continued = {}
    for name in (first, second):
        model_dir = f"{first}_then_{name}"
        shutil.copytree(folder / first, folder / model_dir)
        further = "--continue_train", "--train_config.num_steps=40"
        call(folder, pythons[name], "train", model_dir, *further)
        continued[name] = variables(folder, model_dir, 40)
    assert_same_variables(continued[first], continued[second])


@pytest.mark.parametrize("exporter", ["here", "there"])
def test_saved_model_of_either_is_served_by_the_other(folder: Path, exporter: str) -> None:
    ours, theirs = (HERE, OTHER) if exporter == "here" else (OTHER, HERE)
    exported = f"{exporter}_exported"
    call(folder, ours, "export", exporter, f"--export_dir={exported}")
    expected = scores(folder, ours, exporter)
    served = scores(folder, theirs, exporter, f"--saved_model_dir={exported}")
    from_checkpoint = scores(folder, theirs, exporter)
    assert len(expected) == runs.ROWS.rows * runs.ROWS.test_share
    np.testing.assert_allclose(served, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(from_checkpoint, expected, rtol=1e-5, atol=1e-6)
