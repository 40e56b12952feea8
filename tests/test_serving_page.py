"""What docs/serving.md tells to run here is run; its config is one of the server's messages."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest
from google.protobuf import text_format

CLONE = Path(__file__).resolve().parents[1]
PAGE = (CLONE / "docs" / "serving.md").read_text(encoding="utf-8")
HERE = PAGE[: PAGE.index("\n## TensorFlow Serving\n")]
"""What needs no other server than ours."""


def blocks(language: str, text: str) -> List[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.S | re.M)
    return [block for kind, block in fenced if kind == language]


def test_the_config_with_labels_is_one_of_tensorflow_serving() -> None:
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    (text,) = [block for block in blocks("", PAGE) if "model_config_list" in block]
    (model,) = text_format.Parse(text, config.ModelServerConfig()).model_config_list.config
    versions = list(model.model_version_policy.specific.versions)
    assert sorted(model.version_labels.values()) == sorted(versions)
    assert (model.name, model.base_path) == ("model", "/models/model")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `make quickstart` has been run, with fewer rows."""
    path = tmp_path_factory.mktemp("page")
    output = path / "runs" / "quickstart"
    command = ["easy_esmm.quickstart", f"--output_dir={output}", "--rows=8000"]
    subprocess.run([sys.executable, "-m", *command], cwd=CLONE, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with socket.create_server(("localhost", 0)) as free:
        number: int = free.getsockname()[1]
    (command,) = re.findall(r"^    python -m (easy_esmm\.serve .+)$", HERE, flags=re.M)
    with subprocess.Popen(
        [sys.executable, "-m", *command.split(), f"--port={number}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CLONE)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() in HERE
            assert process.stdout.readline().replace(str(number), "8501") in HERE
            yield number
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60)[0] == "ended\n"
        finally:
            process.kill()


def shape(answer: str) -> str:
    """An answer without its figures, which differ between machines."""
    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "0", re.sub(r"[ \t]+", " ", answer)).strip()


@pytest.mark.slow
def test_what_the_page_asks_is_answered_as_it_shows(folder: Path, port: int) -> None:
    scripts = blocks("python", HERE)
    shown = blocks("", HERE)[1:]  # the first is what the server says
    script = "\nprint('----')\n".join(scripts).replace("8501", str(port))
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CLONE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [text.strip() for text in done.stdout.split("----\n") if text.strip()]
    assert [shape(text.replace(str(port), "8501")) for text in said] == [*map(shape, shown)]
    commands, answers = re.findall(r"^    (curl .+)$", HERE, flags=re.M), blocks("json", HERE)
    assert len(commands) == len(answers) == 3
    for command, answer in zip(commands, answers):
        found = subprocess.run(
            f"{command} --silent".replace("8501", str(port)),
            shell=True,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert shape(found.stdout) == shape(answer)
