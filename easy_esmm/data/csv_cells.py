"""Splits a line of a CSV file into its cells, as the op that training reads with does.

No TensorFlow.
"""

from __future__ import annotations

import re
from typing import List, Optional

UNBALANCED = (
    'the quotes are not balanced (a cell with quotes is quoted as a whole, "" inside, and has no '
    "line break)"
)
BLANK_HEADER = "the line is blank; the first line has to name the columns"


def split_line(line: str, separator: str) -> Optional[List[str]]:
    """The cells of a line, quotes removed and blanks kept; None if its quotes are not balanced.

    A cell that begins with a quote ends with one, in front of the separator or the end of the line;
    inside it a quote is doubled. A quote in any other cell is not balanced: the op refuses
    `1, "a"`, where Python's own reader takes the quotes for characters of the cell.
    """
    if '"' not in line:
        return line.split(separator)
    cells: List[str] = []
    end = re.escape(separator)
    cell = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{end}]*))(?:\Z|{end})')
    place = 0
    while True:
        found = cell.match(line, place)
        if found is None:
            return None
        quoted, plain = found.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        place = found.end()
        if place == len(line):
            return [*cells, ""] if found.group().endswith(separator) else cells


def split_cells(line: str, separator: str) -> List[str]:
    """The cells of a line, quotes and surrounding blanks removed; none if the quotes are wrong."""
    return [cell.strip() for cell in split_line(line, separator) or ()]
