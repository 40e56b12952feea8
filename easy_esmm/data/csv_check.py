"""Validates the first lines of a CSV file against the config. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence

from easy_esmm.config.cells import cell_fault
from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.text_encoding import UTF_8, codec_name
from easy_esmm.data.cell_rule import broken_rule
from easy_esmm.data.csv_cells import BLANK_HEADER, UNBALANCED, split_cells, split_line
from easy_esmm.data.fields import FLOATS, Column, Fields, is_empty, parse_cell
from easy_esmm.data.lines import Line
from easy_esmm.data.undecodable import undecodable
from easy_esmm.protos.data_pb2 import DatasetConfig

CHECKED_ROWS = 100
"""First rows of each file whose cells are looked at."""
_USUAL_SEPARATORS = (",", "\t", ";", "|", "\001")
_LONGEST_VALUE = 60
_TELLING_CHARACTERS = 8
"""Different ones that are not ASCII: two bytes of other text look like UTF-8 once in five times."""
_TELLING_EAST_ASIAN = 2
"""Different ones of East Asia, which have three bytes: those of other text hardly ever look so."""
_MEND_ROW = "fix the row or set data_config.ignore_error"
_MEND_TYPE = f"the declared type may be wrong; else {_MEND_ROW}"


@dataclass(frozen=True)
class Fault:
    """What is wrong, and with what."""

    rule: str
    hint: Optional[str] = None
    field: str = ""
    """Path of the field that has to change; empty where it is `column`'s."""
    column: Optional[Column] = None
    part: str = "name"
    """`name` or `type`: what of the column's declaration has to change."""
    value: Optional[str] = None
    line: int = 0
    """Line of the file, from 1; 0 where it is all of it."""


def csv_faults(lines: Sequence[Line], data: DatasetConfig, fields: Fields) -> Iterator[Fault]:
    """Faults of a file of these first lines, of which there is one at least."""
    first = split_cells(lines[0].text, data.separator)
    names = first if data.with_header else fields.declared
    no_text = list(_text_faults(lines, names, data))
    yield from no_text
    lines = [line for line in lines if line.undecoded is None]
    if not lines or (no_text and no_text[0].line == 1):
        return
    cells = split_line(lines[0].text, data.separator)
    if cells is None:
        if data.with_header or not data.ignore_error:
            yield Fault(UNBALANCED, field="data_config.with_header", line=lines[0].number)
        return
    faults = _header_faults if data.with_header else _first_row_faults
    found: List[Fault] = list(faults(lines[0].text, [cell.strip() for cell in cells], data, fields))
    yield from found
    if data.ignore_error or any(fault.column is None for fault in found):
        return
    yield from _cell_faults(lines[data.with_header :], names, data.separator, fields)


def have_values(
    lines: Sequence[Line], data: DatasetConfig, fields: Fields, column: Column
) -> List[bool]:
    """Whether each row among a file's first lines has a value of the column, which is a number.

    Empty where the file has no such column.
    """
    rows = [split_line(line.text, data.separator) or [] for line in lines]
    names = rows[0] if rows and data.with_header else list(fields.declared)
    if column.name not in names:
        return []
    place = names.index(column.name)
    cells = [cells[place] for cells in rows[data.with_header :] if len(cells) == len(names)]
    return [not is_empty(FLOATS[0], cell.encode()) for cell in cells]


def _text_faults(
    lines: Sequence[Line], names: Sequence[str], data: DatasetConfig
) -> Iterator[Fault]:
    """The first line that is no text of the encoding, or that the text must be of another."""
    judged = lines[:1] if data.ignore_error and data.with_header else lines
    if data.ignore_error and not data.with_header:
        judged = ()
    undecoded = [line for line in judged if line.undecoded is not None]
    field = "data_config.encoding"
    if undecoded:
        raw = [line.undecoded for line in undecoded if line.undecoded is not None]
        is_header = data.with_header and undecoded[0].number == 1
        rule, value, hint = undecodable(
            raw, data.encoding, () if is_header else names, data.separator
        )
        yield Fault(rule, hint, field, value=value, line=undecoded[0].number)
    elif is_utf_8(lines, data.encoding):
        rule = f"the text is UTF-8, and is read as {data.encoding}"
        yield Fault(rule, "leave data_config.encoding out", field)


def is_utf_8(lines: Sequence[Line], encoding: str) -> bool:
    """Whether text that was read in another encoding is UTF-8, which is hardly so by chance."""
    if codec_name(encoding) == UTF_8:
        return False
    text = "\n".join(line.text for line in lines if line.undecoded is None)
    try:
        others = {c for c in text.encode(encoding).decode() if c > "\x7f"}
    except UnicodeError:
        return False
    east_asian = [c for c in others if "\u3000" <= c < "\ue000" or c >= "\uff00"]
    return len(others) >= _TELLING_CHARACTERS or len(east_asian) >= _TELLING_EAST_ASIAN


def _header_faults(
    line: str, names: List[str], data: DatasetConfig, fields: Fields
) -> Iterator[Fault]:
    if not line.strip():
        yield Fault(BLANK_HEADER, field="data_config.with_header", line=1)
        return
    if len(names) == 1 and len(fields.present) > 1:
        hint = _other_separator(line, data.separator, len(fields.present))
        yield Fault("the header has one column", hint, "data_config.separator")
        return
    if _is_row(names, fields):
        rule = f"the first line names no column that is read (it is {', '.join(names)})"
        hint = "if it is a row, set with_header: false"
        if len(names) != len(fields.declared):
            hint += f" and declare all {len(names)} columns in input_fields, in their order"
        yield Fault(rule, hint, "data_config.with_header")
        return
    for column in fields.present:
        if names.count(column.name) > 1:
            yield Fault(f"the header has column '{column.name}' twice", column=column)
        elif column.name not in names:
            rule = f"the header has no column '{column.name}' (it has {', '.join(names)})"
            yield Fault(rule, did_you_mean(column.name, names), column=column)


def _is_row(names: Sequence[str], fields: Fields) -> bool:
    """Whether what should be a header looks like a row: no column of these names, nor nearly."""
    wanted = [column.name for column in fields.present]
    if any(name in names for name in wanted):
        return False
    has_number = any(parse_cell(FLOATS[-1], name.encode()) is not None for name in names)
    return has_number or not any(did_you_mean(name, names) for name in wanted)


def _first_row_faults(
    line: str, cells: List[str], data: DatasetConfig, fields: Fields
) -> Iterator[Fault]:
    declared = fields.declared
    if sum(cell in declared for cell in cells) * 2 > len(cells):
        rule = "the first row holds the names of the columns"
        yield Fault(rule, "set with_header: true", "data_config.with_header")
    elif len(cells) != len(declared):
        rule = f"the first row has {len(cells)} columns, input_fields declares {len(declared)}"
        hint = _other_separator(line, data.separator, len(declared))
        yield Fault(rule, hint, "data_config.input_fields")
    else:
        for column in fields.present:
            if column.name not in declared:
                there = ", ".join(declared)
                rule = f"no column '{column.name}' (without a header there are {there})"
                yield Fault(rule, did_you_mean(column.name, declared), column=column)


def _cell_faults(
    lines: Sequence[Line], names: Sequence[str], separator: str, fields: Fields
) -> Iterator[Fault]:
    """The first cell of each column that the reader refuses."""
    columns = [column for column in fields.needed if names.count(column.name) == 1]
    for line in lines:
        # As they stand: text of other blanks than a number may have around it is no number.
        cells = split_line(line.text, separator) or ()
        if len(cells) != len(names):
            continue  # reported by the reader, with its place
        by_name = dict(zip(names, cells))
        for column in list(columns):
            cell = by_name[column.name]
            rule = broken_rule(column, cell.encode(), fields)
            if rule:
                columns.remove(column)
                rule = f"column '{column.name}' ({column.type_name}): {rule}"
                shown = repr(cell if len(cell) <= _LONGEST_VALUE else f"{cell[:_LONGEST_VALUE]}...")
                is_of_type = not cell_fault(column.type, cell.encode())
                part, hint = ("name", _MEND_ROW) if is_of_type else ("type", _MEND_TYPE)
                yield Fault(rule, hint, column=column, part=part, value=shown, line=line.number)


def _other_separator(line: str, separator: str, columns: int) -> Optional[str]:
    """Names the usual separator that splits the line into at least so many columns, if one does."""
    for other in _USUAL_SEPARATORS:
        if other != separator and len(split_cells(line, other)) >= columns:
            return f"separator: {other!r} would give {len(split_cells(line, other))}"
    return None
