"""The tables of rules fit the schema."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

import pytest

from easy_esmm.config.rules.fields import RULES, matches
from easy_esmm.config.rules.unused import UNUSED
from easy_esmm.config.support import field_mark, is_message
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def _paths(descriptor: Any, prefix: str, seen: Tuple[str, ...]) -> Iterator[str]:
    """Paths of all fields without a mark."""
    for field in descriptor.fields:
        if field_mark(field) is not None:
            continue
        yield prefix + field.name
        if is_message(field) and field.message_type.full_name not in seen:
            inside = (*seen, field.message_type.full_name)
            yield from _paths(field.message_type, f"{prefix}{field.name}.", inside)


PATHS = tuple(_paths(PipelineConfig.DESCRIPTOR, "", ()))


@pytest.mark.parametrize("path", sorted({row.path for row in (*RULES, *UNUSED)}))
def test_rule_is_about_a_field_of_the_schema(path: str) -> None:
    assert any(matches(path, field) for field in PATHS)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c.b", False),
        ("a.*.b", "a.c.b", True),
        ("a.*.b", "a.b", False),
        ("a.*.b", "a.c.d.b", False),
        ("a.**.b", "a.b", True),
        ("a.**.b", "a.c.d.b", True),
        ("a.**.b", "a.c.b.d", False),
        ("a*.b", "abc.b", True),
        ("a.b", "axb", False),
    ],
)
def test_stars_stand_for_names(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected
