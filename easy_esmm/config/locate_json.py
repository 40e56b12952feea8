"""Parses JSON text to the same tree as `locate`, with places.

`json_format` reports neither lines nor more than one error. The text is read by `json` first, for
its exact message about broken syntax; the walk below then only meets well-formed text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, Callable, List, Tuple, Union

from easy_esmm.config.problems import Place, Problem
from easy_esmm.config.tree import Body, Entry, Scalar, Value

_SPACE = re.compile(r"[ \t\n\r]*")
_END_OF_BARE = re.compile(r"[\s,\]}]")
_decoder: Any = json.decoder  # (the stubs do not know scanstring, json's own reader of strings)
_scan_string: Callable[[str, int], Tuple[str, int]] = _decoder.scanstring

_NULL = "null"


def locate_json(text: str, source: str) -> Tuple[Body, List[Problem]]:
    """The tree of the JSON object in `text`, and its problems; `source` names it in places."""
    empty = Body((), Place(source, 1, 1))
    try:
        document = json.loads(text)
        require_text(document)
    except json.JSONDecodeError as error:
        place = Place(source, error.lineno, error.colno)
        return empty, [Problem(place, "", f"is not valid JSON: {error.msg}")]
    except RecursionError:
        return empty, [Problem(empty.place, "", "is nested too deeply")]
    except ValueError as error:  # a number of thousands of digits
        return empty, [Problem(empty.place, "", f"is not valid JSON: {error}")]
    if not isinstance(document, dict):
        return empty, [Problem(empty.place, "", "must be a JSON object: { ... }")]
    body, _ = _Walk(text, source).object(_skip_space(text, 0))
    return body, []


def require_text(document: Any) -> None:
    """Raises ValueError if decoded JSON holds what is no text: half of a surrogate pair."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        found = ascii(error.object[error.start])[1:-1]
        raise ValueError(f"{found} is no character") from None


def tree_of(value: Any, place: Place) -> Tuple[Tuple[Value, ...], bool]:
    """Values of an already decoded JSON value, all at one place; whether it was a list."""
    if isinstance(value, list):
        return tuple(_node(element, place) for element in value), True
    return (_node(value, place),), False


def _node(value: Any, place: Place) -> Value:
    if isinstance(value, dict):
        entries = []
        for name, inside in value.items():
            if inside is not None:
                values, is_list = tree_of(inside, place)
                entries.append(Entry(str(name), place, values, is_list))
        return Body(tuple(entries), place)
    if isinstance(value, str):
        return _string(value, place)
    return Scalar(_plain_number(json.dumps(value)), place)


class _Walk:
    """Recursive descent over well-formed JSON; every method takes and returns an index."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._line_starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def value(self, start: int) -> Tuple[Union[Value, Tuple[Value, ...]], int]:
        """A value (a tuple for an array) and the index behind it."""
        character = self._text[start]
        if character == "{":
            return self.object(start)
        if character == "[":
            return self._array(start)
        if character == '"':
            text, end = _scan_string(self._text, start + 1)
            return _string(text, self._place(start)), end
        match = _END_OF_BARE.search(self._text, start)
        token = self._text[start : match.start() if match else None]
        return Scalar(_plain_number(token), self._place(start)), start + len(token)

    def object(self, start: int) -> Tuple[Body, int]:
        """The object that begins at `start`, and the index behind it."""
        entries: List[Entry] = []
        index = _skip_space(self._text, start + 1)
        while self._text[index] != "}":
            place = self._place(index)
            name, index = _scan_string(self._text, index + 1)
            index = _skip_space(self._text, index) + 1  # the colon
            value, index = self.value(_skip_space(self._text, index))
            if isinstance(value, tuple):
                entries.append(Entry(name, place, value, is_list=True))
            elif not (isinstance(value, Scalar) and value.token == _NULL and not value.content):
                entries.append(Entry(name, place, (value,)))
            index = self._behind_comma(index)
        return Body(tuple(entries), self._place(start)), index + 1

    def _array(self, start: int) -> Tuple[Tuple[Value, ...], int]:
        values: List[Value] = []
        index = _skip_space(self._text, start + 1)
        while self._text[index] != "]":
            place = self._place(index)
            value, index = self.value(index)
            # A list inside a list fits no field; as a message it is refused with its place.
            values.append(Body((), place) if isinstance(value, tuple) else value)
            index = self._behind_comma(index)
        return tuple(values), index + 1

    def _behind_comma(self, index: int) -> int:
        index = _skip_space(self._text, index)
        return _skip_space(self._text, index + 1) if self._text[index] == "," else index

    def _place(self, index: int) -> Place:
        line = bisect_right(self._line_starts, index)
        return Place(self._source, line, index - self._line_starts[line - 1] + 1)


def _string(text: str, place: Place) -> Scalar:
    return Scalar(text, place, text.encode("utf-8", "surrogatepass"), is_loose=True)


def _plain_number(token: str) -> str:
    """JSON knows one kind of number: `1e3` and `2.0` are whole numbers too."""
    try:
        number = float(token)
    except ValueError:
        return token
    # (The sign of -0.0 would be lost on the way through a whole number.)
    is_whole = number.is_integer() and abs(number) < 2.0**53 and str(number) != "-0.0"
    return str(int(number)) if is_whole and not token.lstrip("-").isdigit() else token


def _skip_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index
