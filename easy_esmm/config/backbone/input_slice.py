"""Parts of a block's input, written as a Python index and read as data."""

from __future__ import annotations

import re
from typing import Optional, Tuple, Union

Index = Tuple[Union[int, slice], ...]
"""One index for each axis."""

_ITEM = re.compile(
    r"\s*(?:(?P<one>-?\d+)"
    r"|(?P<start>-?\d+)?\s*:\s*(?P<stop>-?\d+)?\s*(?::\s*(?P<step>-?\d+)?)?)\s*",
    re.ASCII,
)


class BadSlice(ValueError):
    """A text that is no index; str() is the rule that it breaks."""


def parse_slice(text: str) -> Index:
    """`[0]`, `[1:]` or `[:, :16]` as numbers and slices; raises BadSlice."""
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        raise BadSlice("must be an index in brackets, as [0], [1:] or [:, :16]")
    return tuple(_item(part) for part in stripped[1:-1].split(","))


def _item(text: str) -> Union[int, slice]:
    match = _ITEM.fullmatch(text)
    if match is None:
        raise BadSlice("must be numbers and slices of numbers, as [0], [1:] or [:, :16]")
    if match["one"] is not None:
        return int(match["one"])
    step = _number(match["step"])
    if step == 0:
        raise BadSlice("must not step by 0")
    return slice(_number(match["start"]), _number(match["stop"]), step)


def _number(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(text)
