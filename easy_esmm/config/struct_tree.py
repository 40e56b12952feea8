"""An object of a JSON config as the text format would have it: names and values of any type."""

from __future__ import annotations

from typing import Tuple

from easy_esmm.config.tree import Body, Entry, Scalar, Value

_TRUTHS = ("true", "false")


def struct_tree(body: Body) -> Body:
    """`{"a": 1}` as the text format writes a Struct: `fields { key: "a" value { ... } }`."""
    return Body(tuple(_field(entry) for entry in body.entries), body.place, body.is_closed)


def _field(entry: Entry) -> Entry:
    key = Scalar(entry.name, entry.place, entry.name.encode("utf-8", "surrogatepass"))
    inside = Body(
        (
            Entry("key", entry.place, (key,)),
            Entry("value", entry.place, (_value(entry.values, entry.is_list, entry),)),
        ),
        entry.place,
    )
    return Entry("fields", entry.place, (inside,))


def _value(values: Tuple[Value, ...], is_list: bool, entry: Entry) -> Body:
    if is_list:
        inside = Body(
            tuple(Entry("values", entry.place, (_value((v,), False, entry),)) for v in values),
            entry.place,
        )
        return Body((Entry("list_value", entry.place, (inside,)),), entry.place)
    (value,) = values
    if isinstance(value, Body):  # which is turned when its own message is filled
        return Body((Entry("struct_value", entry.place, (value,)),), entry.place)
    kind = "number_value"
    if value.content is not None:
        kind = "string_value"
    elif value.token in _TRUTHS:
        kind = "bool_value"
    return Body((Entry(kind, entry.place, (value,)),), entry.place)
