"""Converts a written value to the type of its field, or states the rule that it breaks."""

from __future__ import annotations

import json
import struct
from typing import Any, Optional, Tuple, Union

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor

from easy_esmm.config.hints import nearest
from easy_esmm.config.support import NO_EFFECT, Field, value_mark
from easy_esmm.config.tree import Scalar

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_SHOWN = 60
"""Characters of a value that a message shows."""


class Misfit(Exception):
    """A value does not fit its field."""

    def __init__(self, rule: str, value: str, hint: Optional[str] = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.value = value
        self.hint = hint


def convert(field: Field, scalar: Scalar) -> Union[bool, int, float, str]:
    """The value of `scalar` in the field's type; raises Misfit."""
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return _string(scalar)
    if scalar.content is not None and not scalar.is_loose:
        raise Misfit(f"must be {kind_of(field)}, not a string", shown(scalar))
    try:
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return bool(text_format.ParseBool(scalar.token))
        if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
            return float(text_format.ParseFloat(scalar.token))
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return int(text_format.ParseEnum(field, scalar.token))
        return int(text_format.ParseInteger(scalar.token, *_signed_and_long(kind)))
    except ValueError:
        raise Misfit(f"must be {kind_of(field)}", shown(scalar), _hint(field, scalar)) from None


def kind_of(field: Field) -> str:
    """What the field takes, in words that follow `must be`."""
    kind = field.cpp_type
    if kind in _INTEGERS:
        return "a whole number from {} to {}".format(*_INTEGERS[kind])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return "true or false"
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return "a number"
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        marks = ((value.name, value_mark(value)) for value in field.enum_type.values)
        names = [name for name, mark in marks if mark is None or mark.kind == NO_EFFECT]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return "a string in quotes"
    return "a message: { ... }"


def shown(scalar: Scalar) -> str:
    """The value as a message shows it: strings in quotes, long ones cut."""
    if scalar.content is None:
        return cut(scalar.token)
    return quoted(scalar.token)


def quoted(text: str) -> str:
    """`text` in double quotes, cut to a readable length."""
    return json.dumps(cut(text), ensure_ascii=False)


def cut(text: str) -> str:
    """`text` without its tail, if it is long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def show_value(field: Field, value: Any) -> str:
    """A value of a message as a config would write it."""
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return quoted(value)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return "true" if value else "false"
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return str(field.enum_type.values_by_number[value].name)
    if kind == FieldDescriptor.CPPTYPE_FLOAT:
        return _shortest(value)
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return f"{value:.17g}" if float(f"{value:.15g}") != value else f"{value:.15g}"
    if kind == FieldDescriptor.CPPTYPE_MESSAGE:
        return "{ ... }"
    return str(value)


def _string(scalar: Scalar) -> str:
    if scalar.content is None:
        hint = f"write {quoted(scalar.token)}"
        raise Misfit("must be a string in quotes", cut(scalar.token), hint)
    if b"\0" in scalar.content:
        # Which a path ends at, and no name or separator may hold.
        raise Misfit("must hold no NUL character", shown(scalar))
    try:
        return scalar.content.decode("utf-8")
    except UnicodeDecodeError:
        raise Misfit("must be UTF-8 text", shown(scalar)) from None


def _hint(field: Field, scalar: Scalar) -> Optional[str]:
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        close = nearest(scalar.token, field.enum_type.values_by_name)
        mark = None if close is None else value_mark(field.enum_type.values_by_name[close])
        is_usable = close and (mark is None or mark.kind == NO_EFFECT)
        return f"did you mean {close}?" if is_usable else None
    return None


def _signed_and_long(kind: int) -> Tuple[bool, bool]:
    low, high = _INTEGERS[kind]
    return low < 0, high > 2**32


def _shortest(value: float) -> str:
    """Fewest digits that give the same 32-bit float: .1 rather than .10000000149."""
    for digits in range(6, 9):
        text = f"{value:.{digits}g}"
        if value != value or struct.pack("f", float(text)) == struct.pack("f", value):
            return text
    return f"{value:.9g}"
