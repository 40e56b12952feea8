"""The command itself, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def run(name, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", f"easy_esmm.aliccp.{name}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / "data"
    result = run(
        "simulate", "--output", folder, "--rows", 4000, "--format", "raw", "--quirks", "unknown"
    )
    assert (result.returncode, result.stderr) == (0, "")
    return folder / "raw"


def files(raw, part):
    return (
        "--skeleton",
        raw / f"sample_skeleton_{part}.csv",
        "--common",
        raw / f"common_features_{part}.csv",
    )


def test_train_then_test_and_what_is_printed(raw, tmp_path):
    train = run("convert", *files(raw, "train"), "--output", tmp_path / "train",
                "--max_bad_rows", 3)  # fmt: skip
    assert train.returncode == 0
    assert "2,997 impressions, " in train.stdout
    assert "3 impressions with a key that is not in the common file" in train.stdout
    assert "writing shards" in train.stderr
    test = run("convert", *files(raw, "test"), "--output", tmp_path / "test",
               "--vocabulary", tmp_path / "train", "--max_bad_rows", 3)  # fmt: skip
    assert test.returncode == 0
    result = json.loads((tmp_path / "test" / "conversion.json").read_text())
    assert result["counts"]["impressions"] == 997


def test_too_many_bad_rows_end_with_status_2_and_their_lines(raw, tmp_path):
    result = run("convert", *files(raw, "train"), "--output", tmp_path / "out")
    assert result.returncode == 2
    message = result.stderr[result.stderr.index("--max_bad_rows") :].splitlines()
    assert message[0] == "--max_bad_rows: must not be exceeded, is 0, 3 bad rows so far"
    assert message[1].startswith(f"{raw}/sample_skeleton_train.csv: unknown key: 3 (first in line ")
    assert len(message) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--skeleton: must be given"),
        (["--format", "csv"], "--format csv: must be parquet, unless --layout is flat"),
        (["--min_count", "0"], "flag --min_count=0"),
        (["--skeleton", "/no/where.csv"], "--skeleton /no/where.csv: no such file"),
    ],
)
def test_an_impossible_flag_is_one_readable_message_with_status_2(
    raw, tmp_path, arguments, message
):
    given = [*files(raw, "train"), "--output", tmp_path / "out"] if arguments else []
    result = run("convert", *given, *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith(message)
    assert len(result.stderr.splitlines()) <= 3


def test_a_killed_command_is_continued_by_the_same_command(raw, tmp_path):
    arguments = [*files(raw, "train"), "--max_bad_rows", 3, "--shards", 60, "--workers", 1]
    assert run("convert", *arguments, "--output", tmp_path / "whole").returncode == 0
    command = [sys.executable, "-m", "easy_esmm.aliccp.convert", *arguments]
    output = tmp_path / "out"
    with subprocess.Popen(
        [*map(str, command), "--output", str(output)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        done = output / ".unfinished" / "done"
        until = time.monotonic() + 60
        while len(list(done.glob("*.json"))) < 5 and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    assert 5 <= len(list(done.glob("*.json"))) < 60
    assert not (output / "conversion.json").exists()
    times = {
        path.name: path.stat().st_mtime_ns
        for path in (output / ".unfinished" / "shards").glob("*.parquet")
    }
    assert run("convert", *arguments, "--output", output).returncode == 0
    for path in sorted((tmp_path / "whole").rglob("*.parquet")):
        again = output / path.relative_to(tmp_path / "whole")
        assert again.read_bytes() == path.read_bytes()
        if path.name in times:
            assert again.stat().st_mtime_ns >= times[path.name]
    kept = [name for name, at in times.items() if (output / name).stat().st_mtime_ns == at]
    assert len(kept) >= 5


def test_converting_loads_neither_tensorflow_nor_pandas(raw, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from easy_esmm.aliccp.conversion.job import Job, convert\n"
        "from easy_esmm.aliccp.conversion.sources import find\n"
        "skeleton, common = find('', sys.argv[1], ''), find('', sys.argv[2], '')\n"
        "convert(Job(skeleton, common, Path(sys.argv[3]), max_bad_rows=3))\n"
        "print([name for name in ('tensorflow', 'pandas') if name in sys.modules])"
    )
    arguments = [*files(raw, "train")[1::2], tmp_path / "out"]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "[]\n", result.stderr
