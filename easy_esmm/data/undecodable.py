"""Says of lines that they are no text of their encoding, and which it may be. No TensorFlow."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

from easy_esmm.config.text_encoding import UTF_8, codec_name
from easy_esmm.data.csv_cells import split_line
from easy_esmm.data.likely_encoding import likely_encodings

_LONGEST_VALUE = 60
_MOST_ZEROS = 10
"""One in so many bytes: UTF-16 has a zero in each separator and digit."""
_NOT_ASCII = re.compile("[^\0-\x7f]+")
_ESCAPED = re.compile("[\udc80-\udcff]")


def undecodable(
    lines: Sequence[bytes], encoding: str, names: Sequence[str] = (), separator: str = ","
) -> Tuple[str, str, str]:
    """(rule, value, hint) of the first of some lines that are no text of `encoding`.

    The others help to guess. `names` are those of the columns.
    """
    column, value = _cell(lines[0], encoding, names, separator)
    shown = repr(value[:_LONGEST_VALUE]) + ("..." if len(value) > _LONGEST_VALUE else "")
    rule = f"column '{column}': no text of {encoding}" if column else f"no text of {encoding}"
    return rule, shown, _hint(lines, value, encoding)


def _cell(line: bytes, encoding: str, names: Sequence[str], separator: str) -> Tuple[str, bytes]:
    """(name of the column, bytes of the cell) that is no text; '' and the line if unknown."""
    cells = split_line(line.decode(encoding, "surrogateescape"), separator) or []
    if len(cells) == len(names):
        for name, cell in zip(names, cells):
            if _ESCAPED.search(cell):
                return name, cell.encode(encoding, "surrogateescape")
    return "", line


def _hint(lines: Sequence[bytes], value: bytes, encoding: str) -> str:
    text = b"\n".join(lines)
    if text.count(b"\0") > len(text) / _MOST_ZEROS:
        return "it may be UTF-16 or UTF-32: save it as UTF-8"
    likely = [name for name in likely_encodings(text) if name != codec_name(encoding)]
    if not likely:
        return "its bytes are damaged or cut, or data_config.encoding is another"
    example = _NOT_ASCII.search(value.decode(likely[0], "replace"))
    meaning = f" ({example[0][:20]!r})" if example else ""
    if likely[0] == UTF_8:
        return f"it is UTF-8{meaning}: leave data_config.encoding out"
    return f"it may be {' or '.join(likely)}{meaning}: set data_config.encoding"
