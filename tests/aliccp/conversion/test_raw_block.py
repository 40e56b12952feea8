"""Blocks of raw lines, against the slow parser, also where lines are damaged."""

from __future__ import annotations

import random as python_random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.aliccp.conversion.raw_block import (
    COMMON,
    MALFORMED,
    OTHER,
    SKELETON,
    parse,
    why_malformed,
)
from easy_esmm.aliccp.fields import FIELDS
from tests.aliccp import slow_conversion as slow

GOOD = b"7,1,0,00000000deadbeef,3,205\x0212\x031.0\x01508\x023\x030.69315\x01210\x024\x031.0"


def as_rows(block, kind):
    """The rows of a block in the form of the slow parser."""
    names = slow.ROW_FIELDS if kind is SKELETON else slow.USER_FIELDS
    rows = []
    for k in range(len(block.key)):
        row = {"key": f"{int(block.key[k]):016x}", **{name: [] for name in names}}
        if kind is SKELETON:
            for name in ("sample_id", "click", "conversion"):
                row[name] = int(getattr(block, name)[k])
        rows.append(row)
    for code, row, identity, value in zip(block.code, block.row, block.id, block.value):
        if code != OTHER:
            rows[row][FIELDS[code].name].append((int(identity), float(value)))
    return rows


def slow_rows(data, kind):
    """(rows, numbers of the malformed lines)."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    rows, bad = [], []
    for number, line in enumerate(lines):
        line = line[:-1] if line.endswith(b"\r") else line
        if kind is SKELETON:
            row = slow.skeleton_row(line)
        else:
            parsed = slow.common_row(line)
            row = parsed and {"key": parsed[0], **parsed[1]}
        if row is None:
            bad.append(number)
        else:
            rows.append(row)
    return rows, bad


def some_lines(kind, random, count):
    names = [field.name for code, field in enumerate(FIELDS) if code in kind.codes]
    lines = []
    for _ in range(count):
        chosen = [random.choice([*names, "999", "11"]) for _ in range(random.randrange(6))]
        features = b"\x01".join(
            f"{name}\x02{random.randrange(10 ** random.randrange(1, 10))}\x03"
            f"{random.choice(['1.0', '0.69315', '12', '1.09861234567', '2e-3'])}".encode()
            for name in chosen
        )
        key = f"{random.getrandbits(64):016x}"
        head = f"{random.randrange(10**9)},{random.randrange(2)},{random.randrange(2)},"
        start = head if kind is SKELETON else ""
        lines.append(f"{start}{key},{len(chosen)},".encode() + features)
    return lines


@pytest.mark.parametrize("kind", [SKELETON, COMMON], ids=lambda kind: kind.name)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_block_is_what_the_slow_parser_makes_of_its_lines_damaged_or_not(kind, data):
    random = python_random.Random(data.draw(st.integers(0, 10**9)))
    lines = some_lines(kind, random, 8)
    for _ in range(data.draw(st.integers(0, 4))):
        number = random.randrange(len(lines))
        line = bytearray(lines[number] or b"?")
        place = random.randrange(len(line))
        change = random.randrange(3)
        if change == 0:
            del line[place]
        elif change == 1:
            line[place] = random.choice(b"\x01\x02\x03,\r09af.-_ \x00\xff+gx")
        else:
            line = line[:place]
        lines[number] = bytes(line)
    ending = random.choice([b"\n", b"\r\n"])
    text = ending.join(lines) + random.choice([b"", ending])
    block = parse(text, kind)
    rows, bad = slow_rows(text, kind)
    assert sorted(block.malformed) == bad
    assert as_rows(block, kind) == rows
    assert block.lines == len(rows) + len(bad)
    assert set(block.malformed.values()) <= set(MALFORMED)
    assert block.line.tolist() == [n for n in range(block.lines) if n not in bad]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ((b"7,1", b"1"), "columns"),
        ((b"\x024", b",4"), "columns"),
        ((b"\x024", b"\x034"), "features"),
        ((b"\x034", b""), "features"),
        ((b"205", b""), "features"),
        ((b"\x01508", b"508"), "features"),
        ((b"7,1,0", b"x,1,0"), "sample_id"),
        ((b"7,1,0", b"7,2,0"), "labels"),
        ((b"7,1,0", b"7,1,"), "columns"),
        ((b"7,1,0", b"7,,0"), "labels"),
        ((b"7,1,0", b"7,1,10"), "labels"),
        ((b"deadbeef", b"deadbee"), "key"),
        ((b"deadbeef", b"deadbeez"), "key"),
        ((b",3,", b",4,"), "feature_num"),
        ((b",3,", b",,"), "feature_num"),
        ((b"\x0212", b"\x022147483648"), "id"),
        ((b"\x0212", b"\x02-1"), "id"),
        ((b"\x0212", b"\x02"), "id"),
        ((b"0.69315", b"0.69.31"), "value"),
        ((b"0.69315", b"nan"), "value"),
        ((b"0.69315", b""), "value"),
        ((b"\x01508", b"\x015 8"), "bytes"),
    ],
)
def test_a_damaged_line_is_named_and_its_neighbours_are_kept(damage, reason):
    before, after = damage
    if before == b"\x034":
        before = b"\x024\x031.0"  # the last feature without its id
    assert before in GOOD
    bad = GOOD.replace(before, after)
    block = parse(b"\n".join([GOOD, bad, GOOD, b""]), SKELETON)
    if reason == "columns" and bad.count(b",") == 5:
        reason = why_malformed(bad, SKELETON)
    assert block.malformed == {1: reason}
    assert reason in MALFORMED
    assert block.line.tolist() == [0, 2]
    assert block.row.tolist() == [0, 1, 0, 1, 0, 1]
    assert block.sample_id.tolist() == [7, 7]


def test_a_row_may_have_no_features():
    block = parse(b"1,0,0,0123456789abcdef,0,\n2,1,1,0123456789ABCDEF,0,", SKELETON)
    assert block.malformed == {}
    assert block.key.tolist() == [0x0123456789ABCDEF] * 2
    assert (block.click.tolist(), block.conversion.tolist()) == ([0, 1], [0, 1])
    assert len(block.id) == 0


def test_a_user_field_in_the_skeleton_is_set_apart():
    line = GOOD.replace(b"205", b"101")
    block = parse(line, SKELETON)
    assert sorted(block.code.tolist())[-1] == OTHER
    assert np.count_nonzero(block.code == OTHER) == 1


def test_no_lines_are_no_rows():
    block = parse(b"", SKELETON)
    assert (len(block.key), len(block.id)) == (0, 0)
