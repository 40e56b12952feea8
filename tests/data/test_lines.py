r"""CSV text: what ends a line, what a character is, and whose fault it is if it is none."""

from __future__ import annotations

import gc
import gzip
import os
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn, lines
from easy_esmm.data.csv_check import csv_faults
from easy_esmm.data.csv_head import file_layout
from easy_esmm.data.decode import decode_lines
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.line_blocks import START, LineBlocks
from easy_esmm.data.lines import Line, LineFile, first_lines
from easy_esmm.data.settings import BLOCK_ROWS
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
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


def test_a_row_whose_line_holds_others_is_told_so(make_config: Any, write: Any) -> None:
    path = write(b"0,1,7,a\n0,1,8,b\r0,1,9,c\n")
    rule = r"7 columns where 4 are expected (separator ','); a carriage return ('\r') alone ends"
    assert message_of(input_fn(make_config(), "eval", path)).startswith(f"{path}:2: {rule}")


@pytest.mark.parametrize("split", ["eval", "train"])
def test_lines_that_end_with_a_carriage_return_alone_are_told(
    make_config: Any, write: Any, split: str
) -> None:
    path = write(b"0,1,7,a\r0,1,8,b\r")
    rule = r"its lines end with a carriage return ('\r') alone; save it with line ends '\n' or"
    assert message_of(input_fn(make_config(), split, path)).startswith(f"{path}: {rule}")


def test_lines_that_all_end_with_two_carriage_returns_are_told(
    make_config: Any, read: Any, write: Any
) -> None:
    path = write(b"0,1,7,a\r\r\n0,1,8,b\r\r\n")
    rule = r"its lines end with '\r\r\n', as where line ends were converted twice; save it with"
    assert message_of(input_fn(make_config(), "eval", path)).startswith(f"{path}: {rule}")
    with pytest.raises(UserError, match="its lines end with"):
        first_lines(path, 9)
    path = write(b"0,1,7,a\r\r\n0,1,8,b\r\n")
    texts = read(input_fn(make_config(), "eval", path)()).columns["text"]
    assert texts == [b"a\r", b"b"]
    texts = read(input_fn(make_config(), "eval", write(b"0,1,7,a\r\r\n"))()).columns["text"]
    assert texts == [b"a\r"]


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


def test_files_are_closed_at_their_end_and_with_their_reader(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: List[Any] = []
    open_bytes = lines.open_bytes

    def recorded(path: str) -> Any:
        opened.append(open_bytes(path))
        return opened[-1]

    monkeypatch.setattr(lines, "open_bytes", recorded)
    path = write(b"0,1,7,a\n" * 3000).encode()
    blocks, place = LineBlocks(DatasetConfig()), np.array(START)
    for size in (1024, 1024, 952, 0):
        rows, _, place, is_over = blocks(path, place)
        assert (len(rows), bool(is_over)) == (size, size == 0)
    assert [file.closed for file in opened] == [True]
    blocks(path, np.array(START))
    assert [file.closed for file in opened] == [True, False]
    del blocks
    gc.collect()
    assert [file.closed for file in opened] == [True, True]


def test_no_more_files_stay_open_than_are_read_by_turns(tmp_path: Path) -> None:
    blocks, paths = LineBlocks(DatasetConfig()), []
    for number in range(100):
        path = tmp_path / str(number)
        path.write_bytes(b"0,1,%d,a\n" % number * 1500)
        paths.append(str(path).encode())
    places = [blocks(path, np.array(START))[2] for path in paths]
    folder = Path("/proc/self/fd")
    if folder.exists():
        held = [link for link in folder.iterdir() if str(tmp_path) in os.path.realpath(link)]
        assert len(held) <= 32
    for number, (path, place) in enumerate(zip(paths, places)):
        rows, numbers, _, _ = blocks(path, place)
        assert rows.tolist() == [b"0,1,%d,a" % number] * 476
        assert numbers[0] == 1025


def test_the_check_of_a_row_and_its_reader_agree(make_config: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    alphabet = [b'"', b'""', b"\r", b",", b" ", b"7", b"a", b".5", b"\xff", "é".encode(), b"\0"]
    rows = []
    for _ in range(200):
        cells = [b"1", b"", b"7", b"x"]
        cells[random.integers(4)] = b"".join(
            alphabet[i] for i in random.integers(0, len(alphabet), random.integers(1, 4))
        )
        rows.append(b",".join(cells))
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows))
    path = str(tmp_path / "a.csv")
    columns = {"b": "BOOL", "id": "INT64", "x": "FLOAT", "text": "STRING"}
    data = make_config(columns, labels=(), data="").data_config
    fields = needed_fields(make_config(columns, labels=()), with_labels=False)
    checked = [not list(csv_faults([line], data, fields)) for line in first_lines(path, 1000)]
    read = []
    for row in LineBlocks(data)(path.encode(), np.array(START))[0]:
        try:
            read.append(
                bool(decode_lines(tf.constant([row]), file_layout(path, data, fields), fields)[0])
            )
        except (tf.errors.InvalidArgumentError, UnicodeDecodeError):
            read.append(False)
    assert checked == read
    assert 20 < sum(read) < 180


def test_a_mark_and_a_return_are_dropped_at_the_start_and_in_front_of_a_line_end_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffa\r\n\ufeffb\nc\r".encode())
    for count in (1, 2, 9):
        file, lines = LineFile(str(path), "utf-8"), []
        while True:
            block = file.read(count)
            if not block:
                break
            lines += block
        assert lines == [b"a", "\ufeffb".encode(), b"c\r"]


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
