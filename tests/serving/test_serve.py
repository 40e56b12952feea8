"""The program `serve` as a user starts and ends it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import List

import pytest
import tensorflow as tf

from easy_esmm import flags, serve
from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from tests.serving.conftest import USER

CLONE = Path(__file__).resolve().parents[2]
ROW = {**USER, "item": "i1", "price": 2.5, "rate": 0.5, "tags": "t1;t2", "weights": "1;0.5"}


def call(*arguments: str) -> None:
    serve.main(flags.parse(serve.FLAGS, ["serve", *arguments], positional=True))


def test_it_says_where_it_listens_answers_and_ends_with_ctrl_c(exported: Path) -> None:
    command = [sys.executable, "-m", "easy_esmm.serve", str(exported.parent), "--port=0"]
    environment = {**os.environ, "PYTHONPATH": str(CLONE)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first == "for trying out, not for production (docs/serving.md)\n"
            url = process.stdout.readline().strip()
            body = json.dumps({"instances": [ROW]}).encode()
            with urllib.request.urlopen(url, body, timeout=30) as response:
                answer = json.loads(response.read())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert 0 < answer["predictions"][0]["probs_ctcvr"] < 1
    assert url.startswith("http://localhost:")
    assert url.endswith("/v1/models/model:predict")
    assert (process.returncode, out) == (0, "ended\n")
    assert "Traceback" not in err
    assert f"version {exported.name} is served: {exported}" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give the folder that export wrote, and only that"),
        (["a", "b"], "give the folder that export wrote, and only that"),
        (["nowhere"], "nowhere: no SavedModel, and no numbered folder with one"),
        (["nowhere", "--version_labels=x"], "--version_labels: must be LABEL=VERSION, got 'x'"),
        (["DIR", "--version_labels=old=3"], "--version_labels: old: no version 3 in "),
    ],
)
def test_what_cannot_be_served_is_told(exported: Path, arguments: List[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        call(*(str(exported) if word == "DIR" else word for word in arguments))
    assert message in str(caught.value)


def test_a_port_in_use_is_told(exported: Path) -> None:
    with socket.create_server(("localhost", 0)) as other:
        port = other.getsockname()[1]
        told = f"cannot listen on localhost:{port}: .*in use; give another --port"
        with pytest.raises(UserError, match=told):
            call(str(exported), f"--port={port}")


def test_a_damaged_model_is_told_and_not_served(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "1"
    shutil.copytree(exported, folder)
    (folder / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(UserError, match=str(folder)):
        call(str(tmp_path), "--port=0")


def test_a_model_that_writes_files_when_it_is_loaded_is_not_loaded(tmp_path: Path) -> None:
    written = tmp_path / "written"
    with v1.Session(graph=tf.Graph()) as session:
        builder = v1.saved_model.Builder(str(tmp_path / "1"))
        x = v1.placeholder(tf.float32, [None])
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": x + 1.0})
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={"serving_default": signature},
            main_op=tf.io.write_file(str(written), "by the graph"),
        )
        builder.save()
    with pytest.raises(UserError, match="is a WriteFile"):
        call(str(tmp_path), "--port=0")
    assert not written.exists()


def test_help_says_that_it_is_not_for_production(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        flags.parse(serve.FLAGS, ["serve", "--help"], serve.__doc__, positional=True)
    printed = capsys.readouterr().out
    assert "For trying out, not for production" in printed
    assert "--port" in printed
