"""The command itself, in processes of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "easy_esmm.aliccp.simulate", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_writes_the_files_it_lists_and_prints_the_priors(tmp_path):
    result = _run("--output", str(tmp_path / "data"), "--rows", "2000", "--format", "csv")
    assert (result.returncode, result.stderr) == (0, "")
    for name in ("train/part-0000.csv", "test/part-0000.csv", "truth/test.truth.parquet"):
        assert f"{tmp_path}/data/{name}" in result.stdout
        assert (tmp_path / "data" / name).is_file()
    assert not list(tmp_path.rglob("part-*.parquet"))
    assert "label_prior" in result.stdout
    assert "Bayes optima" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "DIR", "--rows", "5", "--rho", "2"], "--rows: must be in [100, 50000000]"),
        (["--output", "DIR", "--rows", "many"], "--rows: must be a whole number, got 'many'"),
        (["--output", "DIR", "--row", "5", "--nonsense", "1"], "Unknown command line flag"),
        (["--output", "DIR", "stray"], "stray: not a flag"),
        ([], "--output: must name a folder"),
    ],
)
def test_an_impossible_flag_is_one_readable_message_with_status_2(tmp_path, arguments, message):
    result = _run(*(str(tmp_path / "data") if word == "DIR" else word for word in arguments))
    assert result.returncode == 2
    assert result.stderr.startswith(message)
    assert len(result.stderr.splitlines()) <= 3
    assert list(tmp_path.iterdir()) == []


def test_simulating_does_not_load_tensorflow():
    program = "import sys, easy_esmm.aliccp.simulate; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
