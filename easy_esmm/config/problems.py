"""Problems of a config, with the places where they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Optional, Tuple

from easy_esmm.errors import UserError


@dataclass(frozen=True, order=True)
class Place:
    """Where a value was written: a spot in a file, or a command-line flag (line 0)."""

    source: str
    line: int = 0
    """From 1; 0 where the source has no lines."""
    column: int = 0
    """From 1, in characters; a tab is one character."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; str() is the line a user reads.

    `FILE:LINE:COLUMN: FIELD.PATH: RULE, got VALUE; HINT`, where the parts after RULE are optional.
    """

    place: Place
    field_path: str
    rule: str
    value: Optional[str] = None
    hint: Optional[str] = None

    def __str__(self) -> str:
        # (A flag such as --model_dir is the field's name already.)
        is_named = not self.field_path or self.place.source == f"--{self.field_path}"
        field = "" if is_named else f"{self.field_path}: "
        value = "" if self.value is None else f", got {self.value}"
        hint = "" if self.hint is None else f"; {self.hint}"
        return f"{self.place}: {field}{self.rule}{value}{hint}"


MOST_SHOWN = 20
"""Problems that a message lists; a file given by mistake has thousands."""


ENOUGH = 100
"""Problems after which a text is not read on."""


class ConfigError(UserError):
    """All problems of a config at once; str() is one line a problem, of the first `MOST_SHOWN`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Tuple[Problem, ...] = in_order(problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"and {len(self.problems) - MOST_SHOWN:,} more")
        super().__init__("\n".join(lines))


def in_order(problems: Iterable[Problem]) -> Tuple[Problem, ...]:
    """Problems by file, line and column, each once."""

    def order(one: Problem) -> Tuple[str, int, int, str, str]:
        place = one.place  # (of places themselves the order is ten times as slow)
        return place.source, place.line, place.column, one.field_path, str(one)

    return tuple(sorted(set(problems), key=order))


class Places:
    """Field path -> where it was written.

    A path is dotted; elements of repeated fields carry their index from 0:
    `model_config.feature_groups[1].feature_names[0]`.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._places: Dict[str, Place] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._places

    def put(self, path: str, place: Place) -> None:
        """Notes that `path` was written at `place`."""
        self._places[path] = place

    def forget(self, path: str) -> None:
        """Drops `path` and everything below it."""
        for known in [known for known in self._places if _is_at_or_below(known, path)]:
            del self._places[known]

    def find(self, path: str) -> Place:
        """Place of `path`, or of the innermost message around it, or the head of the file."""
        while path:
            if path in self._places:
                return self._places[path]
            path = _parent(path)
        return Place(self.source, 1, 1)

    def problem(
        self, path: str, rule: str, value: Optional[str] = None, hint: Optional[str] = None
    ) -> Problem:
        """A problem of the field at `path`, at the place where it was written."""
        return Problem(self.find(path), path, rule, value, hint)


def _parent(path: str) -> str:
    if path.endswith("]"):
        return path[: path.rindex("[")]
    return path.rpartition(".")[0]


def _is_at_or_below(path: str, ancestor: str) -> bool:
    return path.startswith(ancestor) and path[len(ancestor) :][:1] in ("", ".", "[")
