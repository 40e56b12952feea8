"""Finds how the lines of a CSV file are cut into cells, and whether the first one names them.

What training could not read as this says is refused here with its cause. No TensorFlow.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from easy_esmm.config.cells import BOOL, FLOATS, parse_cell
from easy_esmm.data.csv_cells import UNBALANCED, split_line
from easy_esmm.data.lines import Line
from easy_esmm.errors import UserError

_SEPARATORS = ("\001", "\t", ",", ";", "|")
_LINES_TO_CUT = 200
_FEWEST_ALIKE = 0.9
_LABELS = 2
"""Labels that a file must hold."""
_NULL_WORDS = ("", "null", "na", "n/a", "#n/a", "<na>", "nan", "none", "\\n")
"""Cells that mean no value to the program that wrote them; only the first does here."""
_COMMENT = re.compile(r"\s*(#|//|%|--)")
_FLAGS = ("0", "1", "0.0", "1.0", "false", "true")
_MOST_SHOWN = 60


@dataclass(frozen=True)
class Shape:
    """How the lines of a file are read."""

    separator: str
    names: Tuple[str, ...]
    has_header: bool
    """Whether the first line holds the names; else they are `column1`, `column2`, ..."""


def find_shape(path: str, lines: Sequence[Line], labels: Sequence[str]) -> Shape:
    """The shape of a file whose first lines are these, one at least, which may be blank.

    `labels` are names that only a header holds. Raises UserError if there is no row, if no
    separator cuts the lines into equally many cells, or if the first line does not fit the others.
    """
    filled = [line for line in lines if line.text and line.undecoded is None]
    if not filled:
        raise UserError(f"{path}: holds no row")
    separator, width = _separator(path, filled[:_LINES_TO_CUT], labels)
    cut = [split_line(line.text, separator) for line in filled]
    first, rows = cut[0] or [], [cells for cells in cut[1:] if cells and len(cells) == width]
    if len(first) != width:
        raise UserError(f"{path}:{filled[0].number}: {_misfit(filled[0].text, first, rows, width)}")
    names = [cell.strip() for cell in first]
    if not _is_header(names, rows, labels):
        return Shape(separator, tuple(f"column{i + 1}" for i in range(width)), False)
    if filled[0].number != lines[0].number:
        raise UserError(
            f"{path}:{filled[0].number}: the header must stand in the first line of the file, "
            "which is blank; remove the blank lines above it"
        )
    doubled = [name for name, count in Counter(names).items() if count > 1 and name]
    if doubled:
        raise UserError(
            f"{path}:1: the header has column '{doubled[0]}' twice; name the columns apart"
        )
    if len(filled) == 1:
        raise UserError(f"{path}: holds a header and no row")
    return Shape(separator, tuple(names), True)


def is_null(cell: str) -> bool:
    """Whether a cell is a word for no value."""
    return cell.strip().lower() in _NULL_WORDS


def is_number(cell: str) -> bool:
    """Whether a cell is a number that training reads."""
    return parse_cell(FLOATS[-1], cell.encode()) is not None


def _separator(path: str, lines: Sequence[Line], labels: Sequence[str]) -> Tuple[str, int]:
    """The character that cuts the lines below the first into equally many cells, and their number.

    Of several it is the one that cuts the first line alike, and that finds two columns that may be
    labels, and the most of numbers: sets of equally many values, `a|b|c|d`, are cut by their own
    separator too.
    """
    found: List[Tuple[Tuple[bool, bool, int, int, int], str, int]] = []
    is_first_cut = any(len(split_line(lines[0].text, one) or ()) > 1 for one in _SEPARATORS)
    for separator in _SEPARATORS:
        cut = [split_line(line.text, separator) for line in lines]
        first, below = cut[0] or [], cut[1:] or cut
        width, count = _usual_width(below)
        is_alike = len(first) == width
        if width < 2 or count < _FEWEST_ALIKE * len(below):
            continue
        # (Only a comment or a title above the rows is cut by no separator.)
        if len(first) < 2 and (is_first_cut or len(below) < 2):
            continue
        rows = [cells for cells in below if cells and len(cells) == width]
        typed = sum(_are_typed(column) for column in zip(*rows))
        has_labels = any(cell.strip() in labels for cell in first)
        flags = min(_LABELS, sum(_are_flags(column) for column in zip(*rows)))
        found.append(((has_labels, is_alike, flags, typed, width), separator, width))
    if not found:
        raise UserError(f"{path}{_no_table(lines)}")
    _, separator, width = max(found, key=lambda one: one[0])
    return separator, width


def _usual_width(cut: Sequence[Optional[List[str]]]) -> Tuple[int, int]:
    """(cells that the most lines have, how many lines); 0 cells where the quotes are unbalanced."""
    return Counter(len(cells or ()) for cells in cut).most_common(1)[0]


def _no_table(lines: Sequence[Line]) -> str:
    """Why no separator fits, to stand behind the path."""
    shown = ", ".join(repr(separator) for separator in _SEPARATORS)
    for line in lines:
        if all(split_line(line.text, separator) is None for separator in _SEPARATORS):
            return f":{line.number}: {UNBALANCED}"
    general = f": not a table: neither a Parquet file, nor lines that one of {shown} cuts into"
    cuts = [(s, [split_line(line.text, s) for line in lines]) for s in _SEPARATORS]
    if all(len(cells or ()) == 1 for _, cut in cuts for cells in cut):
        return f"{general} several cells"
    separator, cut = max(cuts, key=lambda one: sum(len(cells or ()) > 1 for cells in one[1]))
    width, count = _usual_width([cells for cells in cut if len(cells or ()) != 1])
    odd = next(n for n, cells in enumerate(cut) if len(cells or ()) != width)
    return (
        f"{general} equally many cells; {separator!r} cuts {count} of {len(lines)} lines into "
        f"{width}, and line {lines[odd].number} into {len(cut[odd] or ())}"
    )


def _misfit(text: str, first: List[str], rows: Sequence[List[str]], width: int) -> str:
    """What is wrong with a first line that has another number of cells than the rows."""
    shown = repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}...")
    if not text.strip():
        return "the first line holds blanks only; remove it"
    if not first:
        return UNBALANCED
    counts = f"the first line has {len(first)} cells ({shown}), the lines below have {width}"
    if width == len(first) + 1 and not any(row[-1].strip() for row in rows):
        return (
            f"{counts}: each of them ends with a separator, behind which nothing stands; end the "
            "first line with one too, or none of them"
        )
    if width == len(first) - 1 and not first[-1].strip():
        return f"{counts}: it ends with a separator, and they do not; end it without"
    if text.lower().startswith("sep="):
        return f"{counts}: it tells Excel the separator; remove it"
    # (A header may begin with '#n', as a name.)
    if _COMMENT.match(text) and (len(first) == 1 or " " in text.lstrip()[:3]):
        return f"the first line looks like a comment ({shown}); the header or a row must be first"
    if width == len(first) + 1:
        return (
            f"{counts}: one column has no name, as where a program writes names of rows; name each "
            "column"
        )
    return f"{counts}; a header names each column once, and any other first line is a row"


def _is_header(first: Sequence[str], rows: Sequence[List[str]], labels: Sequence[str]) -> bool:
    """Names the columns: holds the labels, or names where the rows below hold numbers.

    (pandas leaves the name of its index empty, and names columns 0, 1, 2 where it has no names.)
    """
    if any(label in first for label in labels):
        return True
    if not rows:
        return all(_is_name(cell) for cell in first if cell) and any(first)
    if len(first) > 2 and list(first) == [str(place) for place in range(len(first))]:
        return True
    columns = list(zip(first, zip(*rows)))
    # Columns may have numbers for names, as Ali-CCP's fields; its labels do not.
    if sum(_is_name(name) and _are_flags(cells) for name, cells in columns) >= _LABELS:
        return True
    typed = [name for name, cells in columns if _are_typed(cells)]
    names = sum(map(_is_name, typed))
    return names > 0 and 2 * names >= sum(1 for name in typed if not is_null(name))


def _is_name(cell: str) -> bool:
    """Whether a cell is no number, in whatever spelling, and no word for a boolean or for none."""
    if is_null(cell) or parse_cell(BOOL, cell.encode()) is not None:
        return False
    try:
        float(cell)
    except ValueError:
        return cell[:2].lower() != "0x"
    return False


def _are_flags(cells: Sequence[str]) -> bool:
    """Whether all are 0, 1 or booleans but for empty ones."""
    present = [cell.strip() for cell in cells if cell.strip()]
    return bool(present) and all(cell.lower() in _FLAGS for cell in present)


def _are_typed(cells: Sequence[str]) -> bool:
    """Whether all are numbers or booleans but for words for no value, of which not all are."""
    present = [cell for cell in cells if not is_null(cell)]
    return bool(present) and (
        all(map(is_number, present))
        or all(parse_cell(BOOL, cell.encode()) is not None for cell in present)
    )
