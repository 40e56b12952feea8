"""Reads the first rows of a CSV file whose separator and header are not known."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple, Union

from easy_esmm.config.text_encoding import UTF_8, codec_name
from easy_esmm.data import storage
from easy_esmm.data.csv_cells import UNBALANCED, split_line
from easy_esmm.data.csv_shape import Shape, find_shape
from easy_esmm.data.csv_text import no_text, read_text
from easy_esmm.data.files import is_compressed
from easy_esmm.data.lines import Line
from easy_esmm.data.sample import Sample
from easy_esmm.errors import UserError

_MOST_BAD = 0.1
"""Share of bad rows above which a file is refused: more are no accident."""


def read_csv(
    files: Sequence[str], rows: int, labels: Sequence[str], encoding: Optional[str] = None
) -> Sample:
    """At most `rows` first rows of the first file; `labels` are names that only a header holds.

    Without an `encoding` the text is UTF-8, or of the encoding that its bytes are clearly of.
    Raises UserError if there is no row, or if training could not read the lines as a table.
    """
    path = files[0]
    lines, found = read_text(path, rows + 1, encoding)
    shape = find_shape(path, lines, labels)
    filled = [line for line in lines if line.text][shape.has_header :]
    body, bad_rows = _rows(path, filled, shape, found)
    if len(bad_rows) > _MOST_BAD * len(filled):
        raise UserError(
            f"{bad_rows[0]}; of {len(filled):,} sampled rows {len(bad_rows):,} are bad ones"
        )
    columns = {
        name: [cell or None for cell in column] for name, column in zip(shape.names, zip(*body))
    }
    is_whole = len(files) == 1 and len(lines) <= rows
    settings: Dict[str, Union[str, bool]] = {"separator": shape.separator}
    of_text = ""
    if codec_name(found) != UTF_8:
        settings["encoding"] = found
        of_text = f", encoding {found}{'' if encoding else ' (guessed; --encoding names another)'}"
    header = "with a header" if shape.has_header else "without a header"
    return Sample(
        tuple(files),
        f"CSV{of_text}, separator {shape.separator!r}, {header}",
        "CSVInput",
        {**settings, "with_header": shape.has_header},
        columns,
        len(body),
        len(body) if is_whole else _estimate(files, lines, len(body)),
        has_names=shape.has_header,
        bad_rows=tuple(bad_rows),
    )


def _rows(
    path: str, lines: Sequence[Line], shape: Shape, encoding: str
) -> Tuple[List[List[str]], List[str]]:
    """(the cells of the rows, of each bad row its place and what is wrong)."""
    body: List[List[str]] = []
    bad_rows: List[str] = []
    width = len(shape.names)
    for line in lines:
        cells = split_line(line.text, shape.separator)
        if line.undecoded is not None:
            bad_rows.append(no_text(path, line, [line.undecoded], encoding))
            continue
        if cells is not None and len(cells) == width:
            body.append(cells)
            continue
        rule = UNBALANCED if cells is None else f"{len(cells)} cells where {width} are expected"
        bad_rows.append(f"{path}:{line.number}: {rule}")
    return body, bad_rows


def _estimate(files: Sequence[str], lines: Sequence[Line], rows: int) -> int:
    """Rows of all files, by the bytes of a line and a usual rate of compression."""
    read = sum(len(line.text.encode("utf-8", "replace")) + 1 for line in lines)
    sizes = [storage.size(path) * (4 if is_compressed(path) else 1) for path in files]
    return max(rows, int(sum(sizes) / read * rows))
