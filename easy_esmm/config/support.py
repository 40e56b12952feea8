"""Reads the marks that the schema puts on fields and enum values: not_yet, refused, no_effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from google.protobuf.descriptor import FieldDescriptor

from easy_esmm.protos import support_pb2

Field = Any
"""A FieldDescriptor: the stubs of protobuf's versions disagree about what may be None in it."""

NOT_YET = "not_yet"
REFUSED = "refused"
NO_EFFECT = "no_effect"


@dataclass(frozen=True)
class Mark:
    """Why a field or value of EasyRec is not (fully) supported."""

    kind: str
    text: str
    """What to use meanwhile (`NOT_YET`), or the reason."""

    def rule(self) -> str:
        """The rule that a problem states."""
        if self.kind == NOT_YET:
            return f"known to EasyRec, not supported here yet: {self.text}"
        return f"known to EasyRec, refused here: {self.text}"


def field_mark(field: Field) -> Optional[Mark]:
    """Mark of a field; None where the field is supported."""
    options: Any = field.GetOptions()
    extensions = (
        (NOT_YET, support_pb2.not_yet),
        (REFUSED, support_pb2.refused),
        (NO_EFFECT, support_pb2.no_effect),
    )
    for kind, extension in extensions:
        if options.HasExtension(extension):
            return Mark(kind, options.Extensions[extension])
    return None


def value_mark(value: Any) -> Optional[Mark]:
    """Mark of an enum value; None where the value is supported, and does something."""
    options: Any = value.GetOptions()
    extensions = (
        (NOT_YET, support_pb2.not_yet_value),
        (REFUSED, support_pb2.refused_value),
        (NO_EFFECT, support_pb2.no_effect_value),
    )
    for kind, extension in extensions:
        if options.HasExtension(extension):
            return Mark(kind, options.Extensions[extension])
    return None


def is_closed_off(field: Field) -> bool:
    """Whether the inside of a field is not looked at, because the field is not supported."""
    mark = field_mark(field)
    return mark is not None and mark.kind in (NOT_YET, REFUSED)


def is_repeated(field: Field) -> bool:
    """Whether the field holds a list. (`label` is deprecated in protobuf 6.)"""
    modern: Optional[bool] = getattr(field, "is_repeated", None)
    return bool(field.label == FieldDescriptor.LABEL_REPEATED) if modern is None else modern


def is_message(field: Field) -> bool:
    """Whether the field holds a message."""
    return bool(field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE)
