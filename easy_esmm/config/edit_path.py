"""Parses paths to fields of a config, as the command line writes them.

`train_config.num_steps`, `model_config.feature_groups[0].feature_names`,
`feature_config.features[:].embedding_dim`, `feature_config.features[1:3].embedding_dim`,
`feature_config.features[feature_name=item].embedding_dim`; several are joined by `;`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[(.*)\])?", re.DOTALL)
_INDEX = re.compile(r"-?\d{1,18}")  # Python refuses to read thousands of digits
_SLICE = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?")


class BadPath(ValueError):
    """A path that cannot be read; the text is the rule that it breaks."""


@dataclass(frozen=True)
class Selector:
    """Which elements of a repeated field are meant."""

    first: Optional[int] = None
    end: Optional[int] = None
    key: str = ""
    """Where not empty: elements whose field at this path has the value `wanted`."""
    wanted: str = ""
    is_single: bool = False
    """Whether the selector names exactly one element, which must exist."""

    def indices(self, count: int) -> Sequence[int]:
        """The indices it selects of `count` elements, leaving `key` aside."""
        return range(count)[self.first : self.end]


@dataclass(frozen=True)
class Step:
    """One part of a path between two dots."""

    name: str
    selector: Optional[Selector]
    text: str


def split_paths(text: str) -> List[str]:
    """The single paths that `;` joins."""
    return [part.strip() for part in _split(text, ";") if part.strip()]


def steps_of(path: str) -> Tuple[Step, ...]:
    """The parts of a single path; raises BadPath."""
    return tuple(_step(part.strip()) for part in _split(path, "."))


def _step(text: str) -> Step:
    match = _STEP.fullmatch(text)
    if match is None:
        raise BadPath("must be a path of names, dots and [...]")
    name, inside = match.groups()
    return Step(name, None if inside is None else _selector(inside.strip()), text)


def _selector(text: str) -> Selector:
    if _INDEX.fullmatch(text):
        index = int(text)
        return Selector(index, index + 1 or None, is_single=True)
    match = _SLICE.fullmatch(text)
    if match is not None:
        first, last = (None if bound is None else int(bound) for bound in match.groups())
        return Selector(first, last)
    key, equals, wanted = text.partition("=")
    if not equals or not key.strip():
        raise BadPath("must have [i], [:], [a:b] or [key=value] for its brackets")
    wanted = wanted.lstrip("=").strip()
    if len(wanted) > 1 and wanted[0] == wanted[-1] and wanted[0] in "'\"":
        wanted = wanted[1:-1]
    return Selector(key=key.strip(), wanted=wanted)


def _split(text: str, separator: str) -> List[str]:
    """Splits at `separator`, except inside brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
        depth += (character == "[") - (character == "]")
        if depth < 0:
            break
    if depth:
        raise BadPath("must have as many '[' as ']'")
    return [*parts, text[start:]]
