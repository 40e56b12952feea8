"""Shows that the package works once installed: `make check-install`.

Builds a source distribution of the clone and a wheel of that, installs the wheel in an empty
virtual environment outside the clone, and there, with nothing of the clone in sight, simulates
impressions, drafts a config for them, checks the quickstart's config and trains 20 steps on it.
Exit status 1, with the output of the command that failed, where one does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import List

CLONE = Path(__file__).resolve().parents[1]
SAMPLE = "samples/esmm_quickstart.config"


def check_install(folder: Path) -> None:
    """Does it all in `folder`, an empty folder outside the clone.

    Raises:
      SystemExit: with what went wrong.
    """
    print(f"building a source distribution of {CLONE.name}, and a wheel of it", flush=True)
    sdist = build_sdist(folder / "dist")
    wheel = build_wheel(sdist)
    print(f"installing {wheel.name} and its requirements in an empty environment", flush=True)
    python = _environment(folder / "venv")
    _run([python, "-m", "pip", "install", "-qq", wheel], folder)
    where = _run([python, "-c", "import easy_esmm; print(easy_esmm.__file__)"], folder).strip()
    if not Path(where).is_relative_to(folder / "venv"):
        raise SystemExit(f"easy_esmm was imported from {where}, not from the environment")
    print("simulating, drafting, checking and training with it", flush=True)
    with tarfile.open(sdist) as archive:
        sample = archive.extractfile(f"{sdist.name[: -len('.tar.gz')]}/{SAMPLE}")
        if sample is None:
            raise SystemExit(f"{sdist.name} does not hold {SAMPLE}")
        (folder / "quickstart.config").write_bytes(sample.read())
    _train(python, folder)


def build_sdist(folder: Path) -> Path:
    """The source distribution of the clone, newly built in `folder`, and how to build it there."""
    python = _environment(folder / "builder")
    _run([python, "-m", "pip", "install", "-qq", *_build_requirements()], CLONE)
    shutil.rmtree(CLONE / "build", ignore_errors=True)  # setuptools would pack what it finds there
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    _run([python, "-c", code], CLONE)
    (sdist,) = folder.glob("easy_esmm-*.tar.gz")
    return sdist


def build_wheel(sdist: Path) -> Path:
    """A wheel of what `build_sdist` has made, beside it."""
    pip = [sdist.parent / "builder" / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    options = ["-qq", "--no-deps", "--no-build-isolation", "--wheel-dir", sdist.parent]
    _run([*pip, "wheel", *options, sdist], sdist.parent)
    (wheel,) = sdist.parent.glob("easy_esmm-*.whl")
    return wheel


def _environment(folder: Path) -> Path:
    """The Python of a new virtual environment."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def _build_requirements() -> List[str]:
    text = (CLONE / "pyproject.toml").read_text(encoding="utf-8")
    (line,) = re.findall(r"^requires = \[(.*?)\]", text, flags=re.M)
    return [*re.findall(r'"(.+?)"', line), "wheel"]


def _train(python: Path, folder: Path) -> None:
    simulate = [python, "-m", "easy_esmm.aliccp.simulate", "--output=data", "--rows=4000"]
    _run([*simulate, "--click_rate=0.2", "--conv_rate=0.2"], folder)
    config = "--pipeline_config=quickstart.config"
    text = (folder / "quickstart.config").read_text(encoding="utf-8")
    suffix = "parquet" if "ParquetInput" in text else "csv"
    train, evaluation = f"data/train/*.{suffix}", f"data/test/*.{suffix}"
    draft = [python, "-m", "easy_esmm.init", f"--data={train}", "--output=first.config"]
    _run(draft, folder)
    for drafted in ("--pipeline_config=first.config", config):
        _run([python, "-m", "easy_esmm.check", drafted], folder)
    paths = [f"--train_input_path={train}", f"--eval_input_path={evaluation}", "--model_dir=model"]
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
