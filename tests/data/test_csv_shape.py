"""The separator and the header of a CSV file, or the true reason why it has none."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

import pytest

from easy_esmm.data.csv_shape import Shape, find_shape
from easy_esmm.data.lines import first_lines
from easy_esmm.errors import UserError

ROWS = ["7,1,0", "8,0,0", "9,1,1"]


def shape_of(folder: Path, lines: List[str], labels: Tuple[str, ...] = ()) -> Shape:
    path = folder / "log.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return find_shape("log.csv", first_lines(str(path), 1000), labels)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["item,click,buy", *(f"{row}," for row in ROWS)],
            "log.csv:1: the first line has 3 cells ('item,click,buy'), the lines below have 4: "
            "each of them ends with a separator, behind which nothing stands; end the first line "
            "with one too, or none of them",
        ),
        (
            ["item,click,buy,", *ROWS],
            "log.csv:1: the first line has 4 cells ('item,click,buy,'), the lines below have 3: it "
            "ends with a separator, and they do not; end it without",
        ),
        (
            ["item,click,buy", *(f"{n},{row}" for n, row in enumerate(ROWS))],
            "log.csv:1: the first line has 3 cells ('item,click,buy'), the lines below have 4: one "
            "column has no name, as where a program writes names of rows; name each column",
        ),
        (
            ["item,click,buy,price,day", *ROWS],
            "log.csv:1: the first line has 5 cells ('item,click,buy,price,day'), the lines below "
            "have 3; a header names each column once, and any other first line is a row",
        ),
        (
            ["# made by hand", "item,click,buy", *ROWS],
            "log.csv:1: the first line looks like a comment ('# made by hand'); the header or a "
            "row must be first",
        ),
        (
            ["sep=,", "item,click,buy", *ROWS],
            "log.csv:1: the first line has 2 cells ('sep=,'), the lines below have 3: it tells "
            "Excel the separator; remove it",
        ),
        (
            ["#item,click", *ROWS],
            "log.csv:1: the first line has 2 cells ('#item,click'), the lines below have 3: one "
            "column has no name, as where a program writes names of rows; name each column",
        ),
        (
            ["   ", *ROWS],
            "log.csv:1: the first line holds blanks only; remove it",
        ),
        (
            ["", "", "item,click,buy", *ROWS],
            "log.csv:3: the header must stand in the first line of the file, which is blank; "
            "remove the blank lines above it",
        ),
        (
            ["id,id,click,buy", *(f"5,{row}" for row in ROWS)],
            "log.csv:1: the header has column 'id' twice; name the columns apart",
        ),
        (["item,click,buy"], "log.csv: holds a header and no row"),
        (["item,click,buy", "", ""], "log.csv: holds a header and no row"),
        (
            ['item, "click", "buy"', *ROWS],
            'log.csv:1: the quotes are not balanced (a cell with quotes is quoted as a whole, "" '
            "inside, and has no line break)",
        ),
        (
            ["item,click,buy", '7, "1",0', '8, "0",0'],
            'log.csv:2: the quotes are not balanced (a cell with quotes is quoted as a whole, "" '
            "inside, and has no line break)",
        ),
        (
            ["click", "0", "1"],
            "log.csv: not a table: neither a Parquet file, nor lines that one of '\\x01', '\\t', "
            "',', ';', '|' cuts into several cells",
        ),
        (
            ["item,click,buy", "7,1", "8,0,0", "9,1,1,1", "5,1,1"],
            "log.csv: not a table: neither a Parquet file, nor lines that one of '\\x01', '\\t', "
            "',', ';', '|' cuts into equally many cells; ',' cuts 3 of 5 lines into 3, and line 2 "
            "into 2",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_its_cause(
    tmp_path: Path, lines: List[str], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        shape_of(tmp_path, lines)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("lines", "labels", "names"),
    [
        (["buy,click,101,102", "0,1,7,a"], (), ["buy", "click", "101", "102"]),
        # Fields with numbers for names outnumber the others.
        (
            ["click,buy,101,102,103", "0,1,7,5,4", "1,0,2,3,9"],
            (),
            ["click", "buy", "101", "102", "103"],
        ),
        (['"a, b",click,buy', *ROWS], (), ["a, b", "click", "buy"]),
        (["item , click, buy", "7 , 1, 0"], (), ["item", "click", "buy"]),
        (["0,1,2", *ROWS], (), ["0", "1", "2"]),
        (["2024,1,7", *ROWS], ("1",), ["2024", "1", "7"]),
        (
            ["item,,,click,buy", *(f"5,,{row}" for row in ROWS)],
            (),
            ["item", "", "", "click", "buy"],
        ),
        (["flag,click", "true,false", "true,true"], (), ["flag", "click"]),
        (["5,1,0", *ROWS], (), None),
        (["ab,1,0", "12,0,0", "13,1,0"], (), None),  # an id in letters above ids in digits
        (["inf,1,0", "0x1F,1,0"], (), None),
        (["NULL,7", "1,8", "2,9"], (), None),
        (["true,1", "false,0"], (), None),
        (["", "5,1,0", *ROWS], (), None),  # blank lines above rows are skipped by training
    ],
)
def test_a_header_has_names_where_the_rows_have_values(
    tmp_path: Path, lines: List[str], labels: Tuple[str, ...], names: List[str]
) -> None:
    shape = shape_of(tmp_path, lines, labels)
    assert shape.separator == ","
    assert (list(shape.names) if shape.has_header else None) == names


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["click,buy,tags", "1,0,a|b|c|d|e", "0,0,b|c|d|e|f"], ","),
        (["1,0,a|b|c|d|e", "0,0,b|c|d|e|f"], ","),
        (["1;0;2,5;3,5;4,5;5,5", "0;0;2,1;3,1;4,1;5,1"], ";"),
        (["a\tb c\td", "1\t2 3\t4"], "\t"),
        (["1|2|3,4|5|6,x,1,0", "7|8|9,1|2|3,y,0,0"], ","),
    ],
)
def test_the_separator_is_the_one_that_finds_numbers(
    tmp_path: Path, lines: List[str], separator: str
) -> None:
    assert shape_of(tmp_path, lines).separator == separator
