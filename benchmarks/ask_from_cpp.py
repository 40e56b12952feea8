"""Asks exported models from C++: compiles the program of `tools/serve_check`, and runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

import tensorflow as tf

from easy_esmm.reporting.text_table import aligned
from easy_esmm.serving.allowed_ops import require_allowed

_SOURCES = Path(__file__).resolve().parents[1] / "tools" / "serve_check"


def compiled() -> Union[Path, str]:
    """The path of the program, beside this Python; or why there is none, as text."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or ""
    library = Path(tf.sysconfig.get_lib())
    if not compiler:
        return "there is no C++ compiler (g++, or the one in CXX)"
    names = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
    for name in names:
        if not (library / name).exists():
            return f"the installed TensorFlow brings no {name}"
    program = Path(sys.prefix) / "serve_check"
    newest = max(path.stat().st_mtime for path in _SOURCES.iterdir())
    if not program.exists() or program.stat().st_mtime < newest:
        print(f"compiling {program} against the installed TensorFlow (half a minute)", flush=True)
        command = [compiler, "-O2", "-std=c++17", "-w", *tf.sysconfig.get_compile_flags()]
        command += [str(_SOURCES / "serve_check.cc"), "-o", str(program), f"-L{library}"]
        command += [*(f"-l:{name}" for name in names), f"-Wl,-rpath,{library}"]
        subprocess.run(command, check=True)
    return program


def answers_of(
    program: Path, folder: str, flags: Sequence[str], *, may_fail: bool = False
) -> List[Dict[str, Any]]:
    """What the program prints of each request; the first line is about loading."""
    command = [str(program), folder, *flags]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    if done.returncode not in ((0, 1) if may_fail else (0,)):
        raise SystemExit(f"{done.stdout}{done.stderr}status {done.returncode}: {' '.join(command)}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def replay(program: Path, folder: str, flags: Sequence[str]) -> List[Dict[str, Any]]:
    """Replays the warm-up file and prints a table.

    Raises UserError for a model whose graph may do more than answer; it is not loaded.
    """
    require_allowed(folder)
    lines = answers_of(program, folder, flags)
    print(f"\n{folder}: loaded in {lines[0]['load_ms']:.0f} ms, all answers those of the file")
    heads = ["signature", "rows", "largest difference", "first ms", "p50 ms", "p99 ms", "cpu ms"]
    rows = [[*heads, "products alone, cpu ms", "ratio"]]
    for line in lines[1:]:
        products = line.get("products_cpu_ms")
        rows.append(
            [
                line["signature"],
                f"{line['rows']}",
                f"{line['largest_difference']:.1e}",
                *(
                    f"{line[key]:.2f}"
                    for key in ("first_ms", "call_p50_ms", "call_p99_ms", "call_cpu_ms")
                ),
                "-" if products is None else f"{products:.2f}",
                "-" if products is None else f"{line['call_cpu_ms'] / products:.1f}",
            ]
        )
    print("\n".join(aligned(rows)), flush=True)
    return lines
