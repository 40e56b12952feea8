"""Writes docs/config_reference.md from the comments in protos/ and the rules: `make docs`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

from google.protobuf import descriptor_pb2
from make_protos import compile_protos

from easy_esmm.config.feature_types import FEATURE_TYPES, readers_of
from easy_esmm.config.rules.fields import rules_for
from easy_esmm.config.scalars import show_value
from easy_esmm.config.support import (
    NO_EFFECT,
    NOT_YET,
    REFUSED,
    field_mark,
    is_message,
    is_repeated,
    value_mark,
)
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CLONE = Path(__file__).resolve().parents[1]
REFERENCE = CLONE / "docs" / "config_reference.md"
_STATUS = {NOT_YET: "*Not supported yet*", REFUSED: "*Refused*", NO_EFFECT: "*No effect*"}

_HEAD = """\
# Config reference

Generated from `protos/` by `make docs`; do not edit.

A config is one `PipelineConfig`, in protobuf's text format or, in a file that ends in `.json`, in
JSON. Field names are EasyRec's, so that a config written for it runs here; a field marked
**ours** is unknown to EasyRec. Every field is optional unless it says otherwise. A field that is
not supported may stand in a config as long as it has its default value; any other value is an
error that says what to use instead. A field marked *no effect* is accepted, and logged.

`python -m easy_esmm.check --pipeline_config X` checks a config in a fraction of a second.
"""
_FOREIGN = "Foreign"
_NAMES = {
    "INT32": "int32",
    "INT64": "int64",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "FLOAT": "float",
    "DOUBLE": "double",
    "BOOL": "bool",
    "STRING": "string",
}
_WIRE = descriptor_pb2.FieldDescriptorProto

Comments = Dict[str, str]
"""Full name of a message, field, enum or enum value -> its comment, on one line."""


def render() -> str:
    """The reference as Markdown."""
    comments = read_comments()
    supported = list(_messages(PipelineConfig.DESCRIPTOR, "", set(), with_unsupported=False))
    seen = {descriptor.full_name for descriptor, _ in supported}
    others = [
        found
        for found in _messages(PipelineConfig.DESCRIPTOR, "", set(), with_unsupported=True)
        if found[0].full_name not in seen
    ]
    enums: Set[str] = set()
    parts = [_HEAD, _contents(supported)]
    parts += [_section(descriptor, path, comments, enums) for descriptor, path in supported]
    parts.append(
        "## Declared for later\n\n"
        "These messages are understood, and refused with the place where they stand, until what "
        "they configure is built.\n"
    )
    parts += [_section(descriptor, path, comments, enums) for descriptor, path in others]
    return "\n".join(parts)


def read_comments() -> Comments:
    """Comments of the whole schema; the compiled modules do not hold them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schema.bin"
        compile_protos([f"--descriptor_set_out={path}", "--include_source_info"])
        files = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    comments: Comments = {}
    for file in files.file:
        for location in file.source_code_info.location:
            name = _name_at(file, list(location.path))
            if name and location.leading_comments:
                comments[name] = " ".join(location.leading_comments.split())
    return comments


def _name_at(file: Any, path: Sequence[int]) -> str:
    """Full name of what a path of SourceCodeInfo leads to; empty for things without a name.

    Such a path alternates between numbers of fields of FileDescriptorProto, DescriptorProto, ...
    and indices into them.
    """
    node, names = file, [file.package]
    for number, index in zip(path[::2], path[1::2]):
        field = node.DESCRIPTOR.fields_by_number[number]
        if not is_repeated(field) or not is_message(field):
            return ""
        node = getattr(node, field.name)[index]
        if not hasattr(node, "name"):
            return ""
        names.append(node.name)
    return ".".join(names) if len(path) % 2 == 0 else ""


def _messages(
    descriptor: Any, path: str, seen: Set[str], with_unsupported: bool
) -> Iterator[Tuple[Any, str]]:
    """Message types in reading order, each with the path under which it first stands."""
    if descriptor.full_name in seen or descriptor.name == _FOREIGN:
        return
    if not descriptor.full_name.startswith("easy_esmm."):
        return
    seen.add(descriptor.full_name)
    yield descriptor, path
    for field in descriptor.fields:
        if is_message(field) and (with_unsupported or _is_supported(field)):
            below = f"{path}.{field.name}" if path else field.name
            yield from _messages(field.message_type, below, seen, with_unsupported)


def _is_supported(field: Any) -> bool:
    mark = field_mark(field)
    return mark is None or mark.kind == NO_EFFECT


def _contents(messages: Sequence[Tuple[Any, str]]) -> str:
    lines = []
    for descriptor, path in messages:
        depth = path.count(".") + 1 if path else 0
        where = f" `{path.rpartition('.')[2]}`" if path else ""
        lines.append(f"{'  ' * depth}* [{descriptor.name}](#{descriptor.name.lower()}){where}")
    return "\n".join(lines) + "\n"


def _section(descriptor: Any, path: str, comments: Comments, enums: Set[str]) -> str:
    lines = [f"## {descriptor.name}\n", comments.get(descriptor.full_name, "") + "\n"]
    if path:
        lines.append(f"Stands at `{path}`.\n")
    for oneof in descriptor.oneofs:
        members = [f"`{field.name}`" for field in oneof.fields if _is_supported(field)]
        if len(members) > 1:
            lines.append(f"One of {', '.join(members)}; of several written, the last counts.\n")
    supported = [field for field in descriptor.fields if _is_supported(field)]
    if supported:
        lines += ["| Field | Type | Default | Meaning |", "|-|-|-|-|"]
        lines += [_row(field, path, comments) for field in supported]
        lines.append("")
    for kind, title in ((NOT_YET, "Not supported yet"), (REFUSED, "Refused")):
        lines += _marked(descriptor, kind, title)
    for field in descriptor.fields:
        if field.enum_type and field.enum_type.full_name not in enums and field in supported:
            enums.add(field.enum_type.full_name)
            lines += _enum(field.enum_type, comments)
    return "\n".join(lines)


def _row(field: Any, path: str, comments: Comments) -> str:
    meaning = comments.get(field.full_name, "")
    if "Ours; " in meaning:
        before, after = meaning.split("Ours; ", 1)
        meaning = f"{before}**Ours**; {after}"
    at = f"{path}.{field.name}" if path else field.name
    for rule in rules_for(at):
        meaning += f" Must be {rule.constraint.words()}: {rule.why}."
    mark = field_mark(field)
    if mark is not None:
        meaning += f" *No effect*: {mark.text}."
    if field.containing_type.full_name == FeatureConfig.DESCRIPTOR.full_name:
        meaning += _readers(field.name)
    return f"| `{field.name}` | {_type(field)} | {_default(field)} | {_cell(meaning)} |"


def _readers(field: str) -> str:
    readers = readers_of(field)
    if not readers or len(readers) == len(FEATURE_TYPES):
        return ""
    return f" Read by {', '.join(f'`{record.name}`' for record in readers)}."


def _feature_types() -> List[str]:
    """What the records say of each type."""
    lines = [
        "| Type | Input columns | Values of a column in a row | Rows of its table |",
        "|-|-|-|-|",
    ]
    for record in FEATURE_TYPES:
        sources = ", ".join(f"`{source}`" for source in record.sources)
        values = f"{record.columns_in_words} | {record.values_in_words} | {sources}"
        lines.append(f"| `{record.name}` | {values} |")
    return [*lines, ""]


def _type(field: Any) -> str:
    if is_message(field):
        name = field.message_type.name
        has_section = field.message_type.file.package == "easy_esmm.protos" and name != _FOREIGN
        shown = f"[{name}](#{name.lower()})" if has_section else "message"
    elif field.enum_type:
        shown = field.enum_type.name
    else:
        shown = _NAMES[_WIRE.Type.Name(field.type)[len("TYPE_") :]]
    return f"list of {shown}" if is_repeated(field) else shown


def _default(field: Any) -> str:
    if is_message(field) or is_repeated(field) or not field.has_default_value:
        return ""
    return _code(show_value(field, field.default_value))


def _marked(descriptor: Any, kind: str, title: str) -> List[str]:
    """One line per reason, with the fields that share it."""
    reasons: Dict[str, List[str]] = {}
    for field in descriptor.fields:
        mark = field_mark(field)
        if mark is not None and mark.kind == kind:
            reasons.setdefault(mark.text, []).append(f"`{field.name}`")
    if not reasons:
        return []
    return [
        f"{title}:\n",
        *(f"* {', '.join(names)}: {_cell(reason)}" for reason, names in reasons.items()),
        "",
    ]


def _enum(enum: Any, comments: Comments) -> List[str]:
    lines = [f"### {enum.name}\n", comments.get(enum.full_name, "") + "\n"]
    lines += ["| Value | Meaning |", "|-|-|"]
    # Comments name a value inside its enum, descriptors beside it, as C++ does.
    for value in enum.values:
        meaning = comments.get(f"{enum.full_name}.{value.name}", "")
        mark = value_mark(value)
        if mark is not None:
            meaning = f"{_STATUS[mark.kind]}: {mark.text}."
        lines.append(f"| `{value.name}` | {_cell(meaning)} |")
    lines.append("")
    return lines + _feature_types() if enum.name == "FeatureType" else lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def main() -> None:
    """Writes the reference."""
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(render(), encoding="utf-8")
    print(f"wrote {REFERENCE.relative_to(CLONE)}")


if __name__ == "__main__":
    main()
