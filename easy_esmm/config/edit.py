"""Applies edits from the command line to a parsed config, before any rule is checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from easy_esmm.config.edit_path import BadPath, Selector, Step, split_paths, steps_of
from easy_esmm.config.hints import did_you_mean, misplaced
from easy_esmm.config.locate import locate_values
from easy_esmm.config.locate_json import require_text, tree_of
from easy_esmm.config.parse import Filler, leave_oneof
from easy_esmm.config.problems import ConfigError, Place, Places, Problem
from easy_esmm.config.scalars import Misfit, convert, quoted, show_value
from easy_esmm.config.support import Field, is_message, is_repeated
from easy_esmm.config.tree import Body, Entry, Scalar, Value


@dataclass(frozen=True)
class Edit:
    """One change by a flag."""

    source: str
    """The flag, for messages: `--edit_config_json`, `--model_dir`."""
    path: str
    """See `edit_path`; every field it names gets the value."""
    value: Any
    """Decoded JSON; or, with `is_text`, text that is parsed as the field's type."""
    is_text: bool = False


def edits_from_json(text: str, source: str = "--edit_config_json") -> Tuple[Edit, ...]:
    """Edits of a JSON object from paths to values; raises ConfigError."""
    place = Place(source)
    try:
        changes = json.loads(text)
        require_text(changes)
    except json.JSONDecodeError as error:
        rule = f"is not valid JSON: {error.msg} at character {error.pos + 1}"
        raise ConfigError([Problem(place, "", rule, quoted(text))]) from None
    except RecursionError:
        raise ConfigError([Problem(place, "", "is nested too deeply", quoted(text))]) from None
    except ValueError as error:  # a number of thousands of digits, or what is no text
        raise ConfigError([Problem(place, "", f"is not valid JSON: {error}")]) from None
    if not isinstance(changes, dict):
        rule = "must be a JSON object from paths to values"
        hint = """such as '{"train_config.num_steps": 100}'"""
        raise ConfigError([Problem(place, "", rule, quoted(text), hint)])
    return tuple(Edit(source, path, value) for path, value in changes.items())


def apply(edits: Sequence[Edit], message: Any, places: Places) -> List[Problem]:
    """Applies `edits` to `message` in order; returns the problems of those that do not fit.

    From then on `places` gives the flag for the fields that were set. A message or a list is
    replaced as a whole.
    """
    problems: List[Problem] = []
    for edit in edits:
        try:
            f"{edit.path} {edit.value}".encode()
        except UnicodeEncodeError:  # of bytes on the command line
            problems.append(Problem(Place(edit.source), "", "must be UTF-8 text"))
            continue
        try:
            for path in split_paths(edit.path):
                _Editor(edit, message, places, problems).apply(path)
        except BadPath as error:
            problems.append(Problem(Place(edit.source), edit.path, str(error)))
    return problems


class _Stop(Exception):
    """A path leads nowhere."""

    def __init__(
        self, path: str, rule: str, value: Optional[str] = None, hint: Optional[str] = None
    ) -> None:
        super().__init__(rule)
        self.path, self.rule, self.value, self.hint = path, rule, value, hint


class _Editor:
    """Applies one edit along one path."""

    def __init__(self, edit: Edit, root: Any, places: Places, problems: List[Problem]) -> None:
        self._edit = edit
        self._root = root
        self._places = places
        self._problems = problems
        self._place = Place(edit.source)

    def apply(self, path: str) -> None:
        try:
            *way, last = steps_of(path)
            targets = [(self._root, "")]
            for step in way:
                targets = [below for target in targets for below in self._descend(*target, step)]
            for message, at in targets:
                self._set(message, at, last)
        except _Stop as stop:
            problem = Problem(self._place, stop.path, stop.rule, stop.value, stop.hint)
            self._problems.append(problem)

    def _descend(self, message: Any, path: str, step: Step) -> List[Tuple[Any, str]]:
        """Messages that `step` leads to from `message`; missing singular ones are made."""
        field, at = self._field(message, path, step)
        if not is_message(field):
            raise _Stop(at, "has no fields of its own: it is a value")
        if is_repeated(field):
            elements = getattr(message, field.name)
            selector = step.selector
            if selector is None:
                if len(elements) != 1:
                    raise _Stop(at, f"has {len(elements)} elements: write [i], [:] or [key=value]")
                selector = Selector()
            chosen = list(self._chosen(elements, selector, at))
            return [(elements[index], f"{at}[{index}]") for index in chosen]
        leave_oneof(self._places, message, field, at)
        if at not in self._places:
            self._places.put(at, self._place)
        inside = getattr(message, field.name)
        inside.SetInParent()
        return [(inside, at)]

    def _set(self, message: Any, path: str, step: Step) -> None:
        field, at = self._field(message, path, step)
        values, is_list = self._values(field, step, at)
        if step.selector is None:
            leave_oneof(self._places, message, field, at)
            self._replace(message, field, Entry(field.name, self._place, values, is_list), path)
            return
        elements = getattr(message, field.name)
        for index in self._chosen(elements, step.selector, at):
            self._set_element(field, elements, index, values, f"{at}[{index}]")

    def _replace(self, message: Any, field: Field, entry: Entry, path: str) -> None:
        at = f"{path}.{field.name}" if path else field.name
        self._places.forget(at)
        message.ClearField(field.name)
        filler = Filler(self._places, self._root.DESCRIPTOR)
        filler.assign(message, field, entry, path)
        self._places.put(at, self._place)
        self._problems.extend(filler.problems)

    def _set_element(
        self,
        field: Field,
        elements: Any,
        index: int,
        values: Tuple[Value, ...],
        path: str,
    ) -> None:
        if len(values) != 1:
            raise _Stop(path, "must be one value, not a list")
        (value,) = values
        self._places.forget(path)
        self._places.put(path, self._place)
        if not is_message(field):
            elements[index] = self._convert(field, value, path)
            return
        if not isinstance(value, Body):
            raise _Stop(path, "must be a message: { ... }")
        elements[index].Clear()
        filler = Filler(self._places, self._root.DESCRIPTOR)
        filler.fill(elements[index], value, path)
        self._problems.extend(filler.problems)

    def _convert(self, field: Field, value: Value, path: str) -> Any:
        if isinstance(value, Body):
            raise _Stop(path, "must be a value, not a message")
        try:
            return convert(field, value)
        except Misfit as misfit:
            raise _Stop(path, misfit.rule, misfit.value, misfit.hint) from None

    def _field(self, message: Any, path: str, step: Step) -> Tuple[Field, str]:
        at = f"{path}.{step.name}" if path else step.name
        field = message.DESCRIPTOR.fields_by_name.get(step.name)
        if field is None:
            hint = misplaced(step.name, message.DESCRIPTOR, (), self._root.DESCRIPTOR)
            raise _Stop(at, "unknown field", None, hint)
        if step.selector is not None and not is_repeated(field):
            raise _Stop(at, "must have no brackets: it is one value, not a list")
        return field, at

    def _chosen(self, elements: Any, selector: Selector, path: str) -> Iterator[int]:
        """Indices of the elements that are meant."""
        if selector.key:
            yield from self._matching(elements, selector, path)
            return
        chosen = selector.indices(len(elements))
        if selector.is_single and not chosen:
            rule = f"has no element [{selector.first}]: there are {len(elements)}"
            raise _Stop(path, rule)
        yield from chosen

    def _matching(self, elements: Any, selector: Selector, path: str) -> List[int]:
        found, met = [], []
        steps = steps_of(selector.key)
        for index, element in enumerate(elements):
            texts = [_plain(*pair) for pair in self._reach(element, f"{path}[{index}]", steps)]
            met.extend(texts)
            if selector.wanted in texts:
                found.append(index)
        if not found:
            rule = f"has no element with {selector.key}={selector.wanted}"
            raise _Stop(path, rule, None, did_you_mean(selector.wanted, met))
        return found

    def _reach(self, message: Any, path: str, steps: Sequence[Step]) -> Iterator[Tuple[Field, Any]]:
        """Values at the end of a key, without making anything."""
        step, rest = steps[0], steps[1:]
        field, at = self._field(message, path, step)
        if bool(rest) != is_message(field):
            raise _Stop(at, "must lead to a value to be compared with")
        content = getattr(message, field.name)
        if not is_repeated(field):
            elements = [content]
        else:
            selector = step.selector or Selector()
            elements = [content[index] for index in selector.indices(len(content))]
        for element in elements:
            if rest:
                yield from self._reach(element, at, rest)
            else:
                yield field, element

    def _values(self, field: Field, step: Step, path: str) -> Tuple[Tuple[Value, ...], bool]:
        """The edit's value as a tree; whether it is a list."""
        if not self._edit.is_text:
            return tree_of(self._edit.value, self._place)
        text = str(self._edit.value)
        opens = {"[": is_repeated(field) and step.selector is None, "{": is_message(field)}
        if not opens.get(text.strip()[:1]):
            return (_loose(text, self._place),), False
        try:
            return tree_of(json.loads(text), self._place)
        except json.JSONDecodeError:
            values, is_list, problems = locate_values(text.strip(), self._edit.source)
        if problems:
            first = problems[0]
            inside = f"{path}.{first.field_path}" if first.field_path else path
            raise _Stop(inside, first.rule, first.value)
        loosened = [
            _loose(value.token, self._place)
            if isinstance(value, Scalar) and value.content is None
            else value
            for value in values
        ]
        return tuple(loosened), is_list


def _loose(text: str, place: Place) -> Scalar:
    """Flags have no quotes: whether a text is a string or a number is the field's decision."""
    return Scalar(text, place, text.encode("utf-8", "surrogateescape"), is_loose=True)


def _plain(field: Field, value: Any) -> str:
    return str(value) if isinstance(value, str) else show_value(field, value)
