r"""CSV text: what ends a line, what a character is, and whose fault it is if it is none."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from easy_esmm.data import input_fn, lines
from easy_esmm.data.lines import Line, LineFile, first_lines
from easy_esmm.data.settings import BLOCK_ROWS
from easy_esmm.errors import UserError
from tests.data.messages import message_of

ADVICE = "; fix the row or set data_config.ignore_error"


@pytest.fixture(params=["a.csv", "a.csv.gz"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Writes bytes to a file, plain or compressed; returns its path."""
    path = tmp_path / str(request.param)

    def run(content: bytes) -> str:
        is_plain = path.suffix == ".csv"
        path.write_bytes(content if is_plain else gzip.compress(content))
        return str(path)

    return run


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (b'"a\rb"', b"a\rb"),
        (b"a\rb", b"a\rb"),
        (b"\rb", b"\rb"),
        (b'"\r"', b"\r"),
        (b"a\r\rb", b"a\r\rb"),
        (b'"a""\r"', b'a"\r'),
        (b"a\0b", b"a\0b"),
        ("\u2028\x0b\x0c\x1c\x85".encode(), "\u2028\x0b\x0c\x1c\x85".encode()),
        ("\ufeffa".encode(), "\ufeffa".encode()),
    ],
)
def test_every_character_but_the_end_of_the_line_is_one_of_its_cell(
    make_config: Any, read: Any, write: Any, cell: bytes, text: bytes
) -> None:
    path = write(b"0,1,7," + cell + b"\r\n\n0,0,8," + cell + b"\n0,0,9,c")
    for split in ("eval", "train"):
        rows = read(input_fn(make_config(data="num_epochs: 1 shuffle: false"), split, path)())
        assert rows.columns == {"id": [7, 8, 9], "text": [text, text, b"c"]}


def test_a_number_behind_a_carriage_return_is_that_number(
    make_config: Any, read: Any, write: Any
) -> None:
    path = write(b"0,1,\r7,a\n0,1,8\r,a\r\n")
    assert read(input_fn(make_config(), "eval", path)()).columns["id"] == [7, 8]


def test_a_mark_at_the_start_is_dropped_with_a_header_and_without(
    make_config: Any, read: Any, write: Any
) -> None:
    path = write("\ufeffbuy,click,id,text\n0,0,x,a\n".encode())
    expected = f"{path}:2: column 'id' (INT64): must be a whole number, got 'x'{ADVICE}"
    assert message_of(input_fn(make_config(data="with_header: true"), "eval", path)) == expected
    path = write("\ufeff0,0,1,\ufeff\n\ufeff0,0,2,a\n".encode())
    config = make_config(data="ignore_error: true", columns={"buy": "INT32", "click": "INT32",
                         "id": "INT64", "text": "STRING"})  # fmt: skip
    assert read(input_fn(config, "eval", path)()).columns["text"] == ["\ufeff".encode()]


@pytest.mark.parametrize("split", ["eval", "train"])
def test_lines_that_end_with_a_carriage_return_alone_are_told(
    make_config: Any, write: Any, split: str
) -> None:
    path = write(b"0,1,7,a\r0,1,8,b\r")
    rule = r"its lines end with a carriage return ('\r') alone; save it with line ends '\n' or"
    assert message_of(input_fn(make_config(), split, path)).startswith(f"{path}: {rule}")


def test_too_long_a_line_is_named_and_not_read(
    make_config: Any, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 1 << 19)
    monkeypatch.setattr(lines, "_BLOCK_BYTES", 1 << 19)
    text = b"0,1,7," + b"a" * 200_000
    path = write(b"\n".join([text] * 9 + [text * 3, text]))
    rule = f"{path}:10: the line is longer than 524288 bytes"
    assert message_of(input_fn(make_config(), "eval", path)).startswith(rule)
    with pytest.raises(UserError, match=r"a.csv.*:10: the line is longer than"):
        first_lines(path, 100)
    assert [line.number for line in first_lines(path, 9)] == list(range(1, 10))
    path = write(text * 30)
    with pytest.raises(UserError, match=r"a.csv.*:1: the line is longer than"):
        first_lines(path, 1)


def test_a_block_depends_on_its_place_alone(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr(lines, "_READ_BYTES", 1000)
    random = np.random.default_rng(1)
    sizes = random.integers(0, 30, 4000) ** (1 + 2 * (random.random(4000) < 0.1))
    path = write(b"\n".join(b"x" * size for size in sizes))
    file = LineFile(path, "utf-8")
    found: List[int] = []
    while True:
        again = LineFile(path, "utf-8", file.offset, file.number)
        rows = file.read(BLOCK_ROWS)
        assert again.read(BLOCK_ROWS) == rows
        assert (again.offset, again.number) == (file.offset, file.number)
        again.close()
        if not rows:
            break
        found += map(len, rows)
    assert found == sizes.tolist()


def test_first_lines_are_those_of_the_reader(write: Any) -> None:
    path = write("\ufeffa,b\r\n\r\n1,é\n\n\n2,\r\n3,".encode() + b"\xff\n4,x")
    assert first_lines(path, 4) == [
        Line(1, "a,b"),
        Line(3, "1,é"),
        Line(6, "2,"),
        Line(7, "3,\ufffd", b"3,\xff"),
    ]
    assert [line.number for line in first_lines(path, 9)] == [1, 3, 6, 7, 8]
    assert first_lines(write(b""), 3) == []
    assert first_lines(write(b"\n\n"), 3) == [Line(1, "")]
