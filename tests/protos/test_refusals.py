"""What is refused says what to write in its place."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any, Dict, Iterator

from easy_esmm import protos
from easy_esmm.protos import support_pb2

# The words with which a reason says what to write.
ADVICE = re.compile(
    r"\b(use|write|set|leave|name|let|give|put|evaluate|simulate|convert|export|point|list|attend|"
    r"compute|stand in|input_slice)\b"
)


def _messages(descriptors: Dict[str, Any]) -> Iterator[Any]:
    for message in descriptors.values():
        yield message
        yield from _messages(message.nested_types_by_name)


def _reasons() -> Iterator[Any]:
    """Pairs of the name of a field or enum value, and the reason why it is refused."""
    options = support_pb2
    for module in pkgutil.iter_modules(protos.__path__):
        if not module.name.endswith("_pb2"):
            continue
        file = importlib.import_module(f"{protos.__name__}.{module.name}").DESCRIPTOR
        enums = list(file.enum_types_by_name.values())
        for message in _messages(file.message_types_by_name):
            enums += message.enum_types
            for field in message.fields:
                for mark in (options.refused, options.not_yet):
                    yield field.full_name, field.GetOptions().Extensions[mark]
        for enum in enums:
            for value in enum.values:
                for mark in (options.refused_value, options.not_yet_value):
                    yield f"{enum.full_name}.{value.name}", value.GetOptions().Extensions[mark]


def test_every_refusal_says_what_to_write() -> None:
    reasons = {name: reason for name, reason in _reasons() if reason}
    assert len(reasons) > 100
    assert {name: why for name, why in reasons.items() if not ADVICE.search(why)} == {}
