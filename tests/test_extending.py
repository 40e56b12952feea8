"""The examples of docs/extending.md work, each in a copy of the clone with its test."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple

import pytest

CLONE = Path(__file__).resolve().parents[1]
COPIED = ("easy_esmm", "protos", "samples", "tests", "tools", "pyproject.toml")
PAGE = (CLONE / "docs" / "extending.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """A block of code."""

    language: str
    path: str
    """The file that it makes or changes."""
    lines: List[str]


def sections() -> Dict[str, List[Block]]:
    """By heading, the blocks that make or change files."""
    found = {}
    for section in re.split(r"^## ", PAGE, flags=re.M)[1:]:
        heading, _, text = section.partition("\n")
        blocks = re.findall(r"^```(\w+)\n(?:#|\+\+\+) (\S+)\n(.*?)^```$", text, re.S | re.M)
        found[heading] = [Block(lang, path, body.splitlines()) for lang, path, body in blocks]
    return found


def apply(block: Block, clone: Path) -> None:
    """Writes a new file, or adds the lines with a plus behind those before them."""
    path = clone / block.path
    if block.language != "diff":
        path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
        return
    old = "\n".join(line[1:] for line in block.lines if line[:1] in (" ", "-"))
    new = "\n".join(line[1:] for line in block.lines if line[:1] in (" ", "+"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{block.path} holds {text.count(old)} times:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(clone: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("heading", sections())
def test_example_works(heading: str, tmp_path: Path) -> None:
    blocks = sections()[heading]
    for name in COPIED:
        if (CLONE / name).is_dir():
            shutil.copytree(
                CLONE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(CLONE / name, tmp_path / name)
    for block in blocks:
        apply(block, tmp_path)
    if any(block.path.startswith("protos/") for block in blocks):
        pytest.importorskip("grpc_tools", reason="generates the modules of the schema")
        run(tmp_path, "tools/make_protos.py")
    tests = [block.path for block in blocks if block.path.startswith("tests/")]
    assert tests, "the example shows no test"
    run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


@pytest.mark.parametrize(
    ("heading", "files"),
    [
        ("A feature type", 3),
        ("A model", 2),
        ("A layer of a block", 4),
        ("A loss", 3),
        ("A metric", 2),
        ("An input format", 2),
    ],
)
def test_an_example_takes_few_files_of_code(heading: str, files: int) -> None:
    code = {block.path for block in sections()[heading] if block.path.startswith("easy_esmm/")}
    assert len(code) == files
