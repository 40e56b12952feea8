"""Constraints on single values: each describes itself in words and checks a value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.text_encoding import why_unusable
from easy_esmm.config.timestamp import parse_time

_SCOPE_NAME = re.compile(r"(?!\.+$)[A-Za-z0-9.][A-Za-z0-9_.\-]*")
_INNER_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")


@dataclass(frozen=True)
class Violation:
    """Why a value is refused."""

    rule: str
    hint: Optional[str] = None


class Constraint:
    """What a value must be."""

    def words(self) -> str:
        """The rule, in words that follow `must be`."""
        raise NotImplementedError

    def check(self, value: Any) -> Optional[Violation]:
        """None if `value` is fine."""
        return None if self._holds(value) else Violation(f"must be {self.words()}")

    def _holds(self, value: Any) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class Interval(Constraint):
    """A number between two others; `closed` says which of the ends belong to it."""

    low: float
    high: float
    closed: str = "both"
    """`both`, `left`, `right` or `neither`."""

    def words(self) -> str:
        left = "[" if self.closed in ("both", "left") else "("
        right = "]" if self.closed in ("both", "right") else ")"
        return f"in {left}{self.low:g}, {self.high:g}{right}"

    def _holds(self, value: Any) -> bool:
        above = value >= self.low if self.closed in ("both", "left") else value > self.low
        below = value <= self.high if self.closed in ("both", "right") else value < self.high
        return bool(above and below)


@dataclass(frozen=True)
class AtLeast(Constraint):
    """A number that is not smaller than `low`."""

    low: float

    def words(self) -> str:
        return f"at least {self.low:g}"

    def _holds(self, value: Any) -> bool:
        return bool(value >= self.low)


@dataclass(frozen=True)
class AtMost(Constraint):
    """A number that is not greater than `high`."""

    high: float

    def words(self) -> str:
        return f"at most {self.high:g}"

    def _holds(self, value: Any) -> bool:
        return bool(value <= self.high)


@dataclass(frozen=True)
class Above(Constraint):
    """A number greater than `low`."""

    low: float

    def words(self) -> str:
        return f"greater than {self.low:g}"

    def _holds(self, value: Any) -> bool:
        return bool(value > self.low)


@dataclass(frozen=True)
class OneOf(Constraint):
    """One of some names or numbers; `not_yet` are EasyRec's further ones, with a way out."""

    values: Tuple[Any, ...]
    not_yet: Mapping[Any, str] = field(default_factory=dict)
    prefix: str = ""
    """A prefix that may stand before each of the names."""

    def words(self) -> str:
        names = [str(value) or '""' for value in self.values]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

    def check(self, value: Any) -> Optional[Violation]:
        bare = value
        if isinstance(value, str) and self.prefix and value.startswith(self.prefix):
            bare = value[len(self.prefix) :]
        if bare in self.values:
            return None
        if bare in self.not_yet:
            return Violation(f"known to EasyRec, not supported here yet: {self.not_yet[bare]}")
        rule = f"must be {self.words()}"
        return Violation(rule, did_you_mean(bare, self.values) if isinstance(bare, str) else None)


@dataclass(frozen=True)
class OneCharacter(Constraint):
    """A string of one character."""

    def words(self) -> str:
        return "one character"

    def _holds(self, value: Any) -> bool:
        return len(value) == 1


@dataclass(frozen=True)
class ColumnSeparator(Constraint):
    """What TensorFlow's CSV decoder can cut rows at: one byte."""

    def words(self) -> str:
        return "one ASCII character, neither a quote nor the end of a line"

    def _holds(self, value: Any) -> bool:
        return len(value) == 1 and value.isascii() and value not in "\"'\n\r"


@dataclass(frozen=True)
class TextEncoding(Constraint):
    """An encoding that keeps ASCII, so that lines end where they seem to."""

    def words(self) -> str:
        return "the name of a Python codec in which bytes below 128 are ASCII"

    def check(self, value: Any) -> Optional[Violation]:
        why = why_unusable(value)
        return Violation(f"must be {self.words()}", why) if why else None


@dataclass(frozen=True)
class Expression(Constraint):
    """A regular expression."""

    def words(self) -> str:
        return "a regular expression"

    def check(self, value: Any) -> Optional[Violation]:
        try:
            re.compile(value)
        except re.error as error:
            return Violation(f"must be {self.words()}", str(error))
        return None


@dataclass(frozen=True)
class Timestamp(Constraint):
    """A point in time (see `parse_time`); the empty text is a field left unset."""

    def words(self) -> str:
        return "a time such as 20220508 23:59:59, or seconds since 1970"

    def _holds(self, value: Any) -> bool:
        try:
            return not value or parse_time(value) >= 0
        except ValueError:
            return False


@dataclass(frozen=True)
class NotEmpty(Constraint):
    """A string with something in it."""

    def words(self) -> str:
        return "a string that is not empty"

    def _holds(self, value: Any) -> bool:
        return bool(value)


@dataclass(frozen=True)
class LocalPath(Constraint):
    """A path without a scheme such as `gs://`; the empty path is a field left unset."""

    def words(self) -> str:
        return "a folder of this machine, without a scheme"

    def _holds(self, value: Any) -> bool:
        return "://" not in value


@dataclass(frozen=True)
class ScopeName(Constraint):
    """A name that TensorFlow takes for a variable; the empty name is a field left unset."""

    inside: bool = False
    """Whether it stands behind the names of other scopes; it may then be several itself."""

    def words(self) -> str:
        if self.inside:
            return "a name of letters, digits, '_', '.', '-' and '/'"
        return (
            "a name of letters, digits, '_', '.' and '-' that begins with a letter, digit or '.' "
            "and is more than dots"
        )

    def _holds(self, value: Any) -> bool:
        pattern = _INNER_SCOPE_NAME if self.inside else _SCOPE_NAME
        return not value or pattern.fullmatch(value) is not None
