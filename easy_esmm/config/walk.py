"""Visits every field that a message sets, with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Tuple

from easy_esmm.config.support import Field, is_message, is_repeated


@dataclass(frozen=True, eq=False)
class Setting:
    """A field that is set, or one element of a repeated field."""

    field: Field
    path: str
    """With indices; a list of one scalar goes without."""
    pattern_path: str
    """Without indices: what rules are matched with."""
    value: Any
    index: int
    """Inside a repeated field; -1 for a singular one."""
    owner: Any
    """The message that holds the field."""


def settings(message: Any, path: str = "", pattern_path: str = "") -> Iterator[Setting]:
    """Every set field at or below `message`, messages before what they hold."""
    for field, value in message.ListFields():
        at = f"{path}.{field.name}" if path else str(field.name)
        bare = f"{pattern_path}.{field.name}" if pattern_path else str(field.name)
        for index, element, element_path in _elements(field, value, at):
            yield Setting(field, element_path, bare, element, index, message)
            if is_message(field):
                yield from settings(element, element_path, bare)


def _elements(field: Field, value: Any, path: str) -> Iterator[Tuple[int, Any, str]]:
    if not is_repeated(field):
        yield -1, value, path
        return
    if is_message(field) and field.message_type.GetOptions().map_entry:
        return
    alone = len(value) == 1 and not is_message(field)
    for index, element in enumerate(value):
        yield index, element, path if alone else f"{path}[{index}]"
