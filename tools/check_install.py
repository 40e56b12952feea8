"""Shows that the package works once installed: `make check-install`.

Builds a wheel, installs it in an empty virtual environment outside the clone, and there, with
nothing of the clone in sight, simulates impressions, checks the quickstart's config and trains 20
steps on it. Exit status 1, with the output of the command that failed, where one does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import List

CLONE = Path(__file__).resolve().parents[1]
SAMPLE = CLONE / "samples" / "esmm_quickstart.config"


def check_install(folder: Path) -> None:
    """Does it all in `folder`, an empty folder outside the clone.

    Raises:
      SystemExit: with what went wrong.
    """
    print(f"building a wheel of {CLONE.name}", flush=True)
    wheel = build_wheel(folder / "wheel")
    print(f"installing {wheel.name} and its requirements in an empty environment", flush=True)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    _run([python, "-m", "pip", "install", "-qq", wheel], folder)
    where = _run([python, "-c", "import easy_esmm; print(easy_esmm.__file__)"], folder).strip()
    if not Path(where).is_relative_to(folder / "venv"):
        raise SystemExit(f"easy_esmm was imported from {where}, not from the environment")
    print("simulating, checking and training with it", flush=True)
    _train(python, folder)


def build_wheel(folder: Path) -> Path:
    """The wheel of the clone, newly built in `folder`."""
    shutil.rmtree(CLONE / "build", ignore_errors=True)  # setuptools would pack what it finds there
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "wheel", "-qq", "--no-deps", "--wheel-dir", folder, CLONE], CLONE)
    (wheel,) = folder.glob("easy_esmm-*.whl")
    return wheel


def _train(python: Path, folder: Path) -> None:
    shutil.copy(SAMPLE, folder / "quickstart.config")
    simulate = [python, "-m", "easy_esmm.aliccp.simulate", "--output=data", "--rows=4000"]
    _run([*simulate, "--click_rate=0.2", "--conv_rate=0.2"], folder)
    config = "--pipeline_config=quickstart.config"
    _run([python, "-m", "easy_esmm.check", config], folder)
    suffix = "parquet" if "ParquetInput" in SAMPLE.read_text(encoding="utf-8") else "csv"
    paths = [
        f"--train_input_path=data/train/*.{suffix}",
        f"--eval_input_path=data/test/*.{suffix}",
        "--model_dir=model",
    ]
    steps = ["--train_config.num_steps=20", "--data_config.batch_size=100"]  # of 3,000 rows
    _run([python, "-m", "easy_esmm.train", config, *paths, *steps], folder)
    for pattern in ("model/model.ckpt-20.index", "model/export/*/*/saved_model.pb"):
        if not any(folder.glob(pattern)):
            raise SystemExit(f"after training 20 steps there is no {pattern}")


def _run(command: List[object], folder: Path) -> str:
    """What the command printed on stdout."""
    words = [str(word) for word in command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        shown = " ".join(words)
        raise SystemExit(f"{shown}\n{done.stdout}{done.stderr}exit status {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="easy_esmm_install_") as temporary:
        check_install(Path(temporary).resolve())
    print("the installed package trains")
