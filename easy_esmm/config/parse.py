"""Parses a config file to a message, and reports every unknown name and wrong type."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Sequence, Tuple

from easy_esmm.config.hints import misplaced
from easy_esmm.config.locate import located
from easy_esmm.config.locate_json import locate_json
from easy_esmm.config.problems import ENOUGH, MOST_SHOWN, ConfigError, Place, Places, Problem
from easy_esmm.config.scalars import Misfit, convert, kind_of, shown
from easy_esmm.config.struct_tree import struct_tree
from easy_esmm.config.support import Field, is_closed_off, is_message, is_repeated
from easy_esmm.config.tree import Body, Entry, Scalar, Value
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.struct_pb2 import Struct

LARGEST = 4 * 1024 * 1024
"""Bytes of a config file: a thousand features take .2 MB, and a data file given by mistake takes
minutes to be refused token by token."""


@dataclass(frozen=True, eq=False)
class Parsed:
    """The content of a config file."""

    config: PipelineConfig
    """Everything that could be understood; wrong fields are left out."""
    places: Places
    problems: Tuple[Problem, ...]


def parse(path: str) -> Parsed:
    """Reads a text config, or JSON if `path` ends in `.json`; ConfigError if unreadable."""
    parsed = parse_text(_read(path), path)
    if len(parsed.problems) > MOST_SHOWN and not parsed.config.ListFields():
        rule = "nothing in it can be read as a field of a pipeline config; is it one?"
        return replace(parsed, problems=(Problem(Place(path), "", rule), *parsed.problems))
    return parsed


def parse_text(text: str, source: str) -> Parsed:
    """As `parse`, from the text itself; `source` names it in messages."""
    config = PipelineConfig()
    filler = Filler(Places(source), config.DESCRIPTOR)
    problems: List[Problem] = []
    if source.endswith(".json"):
        body, problems = locate_json(text, source)
        filler.fill(config, body)
    else:
        for entry, problems in located(text, source):
            if entry is not None:
                filler.fill(config, Body((entry,), entry.place))
            if len(problems) + len(filler.problems) > ENOUGH:
                break
    return Parsed(config, filler.places, (*problems, *filler.problems))


class Filler:
    """Fills messages from trees, with the semantics of `text_format.Merge`.

    A singular scalar that is written twice keeps the last value, a singular message is merged, and
    of the members of a oneof the last one stays.
    """

    def __init__(self, places: Places, root: Any) -> None:
        self.places = places
        self.problems: List[Problem] = []
        self._root = root

    def fill(
        self, message: Any, body: Body, path: str = "", around: Sequence[Tuple[str, Any]] = ()
    ) -> None:
        """Merges `body` into `message`, which stands at `path` inside the messages `around`."""
        fields = _fields(message.DESCRIPTOR, self.places.source)
        for entry in body.entries:
            if len(self.problems) > ENOUGH:
                return
            field = fields.get(entry.name)
            if field is not None:
                self.assign(message, field, entry, path, around)
            elif body.is_closed or not self._belongs_further_out(entry, around):
                self._unknown(message, entry, path, around)

    def assign(
        self,
        message: Any,
        field: Field,
        entry: Entry,
        path: str,
        around: Sequence[Tuple[str, Any]] = (),
    ) -> None:
        """Sets one field of `message`, which stands at `path`."""
        field_path = f"{path}.{field.name}" if path else str(field.name)
        if not entry.has_colon and not is_message(field):
            self._add(entry.place, field_path, "must have ':' before its value")
            return
        if entry.is_list and not is_repeated(field):
            self._add(entry.place, field_path, "must be one value, not a list")
            return
        for value in entry.values:
            self._check_kind_and_set(message, field, entry, value, field_path, around, path)

    def _belongs_further_out(self, entry: Entry, around: Sequence[Tuple[str, Any]]) -> bool:
        """Puts a field behind a missing brace, reported already, where it was meant to stand."""
        for depth in range(len(around) - 1, -1, -1):
            path, message = around[depth]
            field = message.DESCRIPTOR.fields_by_name.get(entry.name)
            if field is not None:
                self.assign(message, field, entry, path, around[:depth])
                return True
        return False

    def _check_kind_and_set(
        self,
        message: Any,
        field: Field,
        entry: Entry,
        value: Value,
        path: str,
        around: Sequence[Tuple[str, Any]],
        path_of_message: str,
    ) -> None:
        place = value.place if entry.is_list else entry.place
        if is_message(field):
            if isinstance(value, Scalar):
                self._add(value.place, path, "must be a message: { ... }", shown(value))
                return
            inside, path = self._open(message, field, path, place)
            if not is_closed_off(field):
                outer = [*around, (path_of_message, message)]
                if isinstance(inside, Struct) and self.places.source.endswith(".json"):
                    value = struct_tree(value)
                self.fill(inside, value, path, outer)
            return
        if isinstance(value, Body):
            self._add(value.place, path, f"must be {kind_of(field)}, not a message")
            return
        try:
            converted = convert(field, value)
        except Misfit as misfit:
            self.problems.append(Problem(value.place, path, misfit.rule, misfit.value, misfit.hint))
            return
        self._store(message, field, converted, path, place)

    def _open(self, message: Any, field: Field, path: str, place: Place) -> Tuple[Any, str]:
        """The message to merge into, and its path."""
        if is_repeated(field):
            elements = getattr(message, field.name)
            path = f"{path}[{len(elements)}]"
            self.places.put(path, place)
            return elements.add(), path
        leave_oneof(self.places, message, field, path)
        if path not in self.places:
            self.places.put(path, place)
        inside = getattr(message, field.name)
        inside.SetInParent()
        return inside, path

    def _store(self, message: Any, field: Field, value: Any, path: str, place: Place) -> None:
        if is_repeated(field):
            elements = getattr(message, field.name)
            self.places.put(f"{path}[{len(elements)}]", place)
            if path not in self.places:
                self.places.put(path, place)
            elements.append(value)
            return
        leave_oneof(self.places, message, field, path)
        setattr(message, field.name, value)
        self.places.put(path, place)

    def _unknown(
        self, message: Any, entry: Entry, path: str, around: Sequence[Tuple[str, Any]]
    ) -> None:
        descriptor = message.DESCRIPTOR
        outer = [(outside, each.DESCRIPTOR) for outside, each in around]
        # (Of a file that is no config, hints took a minute; only the first problems are shown.)
        is_one_of_few = len(self.problems) < MOST_SHOWN
        hint = misplaced(entry.name, descriptor, outer, self._root) if is_one_of_few else None
        field_path = f"{path}.{entry.name}" if path else entry.name
        self.problems.append(Problem(entry.place, field_path, "unknown field", None, hint))

    def _add(self, place: Place, path: str, rule: str, value: Any = None) -> None:
        self.problems.append(Problem(place, path, rule, value))


def leave_oneof(places: Places, message: Any, field: Field, path: str) -> None:
    """Forgets the places of the member that `field`, at `path`, is about to push out of a oneof."""
    oneof = field.containing_oneof
    member = None if oneof is None else message.WhichOneof(oneof.name)
    if member is not None and member != field.name:
        places.forget(path[: len(path) - len(field.name)] + member)


def _fields(descriptor: Any, source: str) -> Dict[str, Any]:
    """Fields by name; JSON also knows them by their names in camel case."""
    fields = {field.name: field for field in descriptor.fields}
    if source.endswith(".json"):
        fields.update({field.json_name: field for field in descriptor.fields})
    return fields


def _read(path: str) -> str:
    start = Place(path)
    try:
        if stat.S_ISFIFO(os.stat(path).st_mode) and not path.startswith("/dev/"):
            # Opening it would wait until somebody writes, perhaps for ever.
            rule = "must be a file, not a named pipe; write the config to a file"
            raise ConfigError([Problem(start, "", rule)])
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError([Problem(start, "", f"cannot be read: {reason}")]) from None
    if len(content) > LARGEST:
        rule = f"must not be larger than {LARGEST} bytes; is it a pipeline config?"
        raise ConfigError([Problem(start, "", rule)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        place = Place(path, line, column)
        raise ConfigError([Problem(place, "", "must be UTF-8 text")]) from None
