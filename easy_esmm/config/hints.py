"""Suggests what a misspelt or misplaced name should have been."""

from __future__ import annotations

from collections import deque
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Any, Deque, Iterable, Optional, Sequence, Set, Tuple

from easy_esmm.config.models import MODELS
from easy_esmm.config.support import field_mark, is_closed_off, is_message
from easy_esmm.protos.model_pb2 import ModelConfig

_CUTOFF = 0.65
"""`embed_dim` finds `embedding_dim`, `online` does not find `none`."""
_SAME_WORD = 0.5
"""`units` and `unit` are one word, `name` and `label` are two."""


def nearest(name: str, names: Iterable[str]) -> Optional[str]:
    """The name that looks most like `name`, case apart; None if none does.

    A name that differs in a whole word means something else: `ziln_loss` is not `jrc_loss`.
    """
    by_lower = {candidate.lower(): candidate for candidate in names}
    known = sorted(candidate for candidate in by_lower if not _differ(name.lower(), candidate))
    close = get_close_matches(name.lower(), known, n=1, cutoff=_CUTOFF)
    return by_lower[close[0]] if close else None


def _differ(name: str, other: str) -> bool:
    """Whether names of as many words, two or more, have a word that is another one."""
    name = name.rpartition(".")[2]
    pairs = list(zip(name.split("_"), other.split("_")))
    is_alike = name.count("_") == other.count("_") and len(pairs) > 1
    return is_alike and any(SequenceMatcher(None, *pair).ratio() < _SAME_WORD for pair in pairs)


def did_you_mean(name: str, names: Iterable[str]) -> Optional[str]:
    """`did you mean X?`, or None."""
    close = nearest(name, names)
    return None if close is None else f"did you mean {close}?"


def misplaced(
    name: str, descriptor: Any, enclosing: Sequence[Tuple[str, Any]], root: Any
) -> Optional[str]:
    """Hint for a name that is no field of the message `descriptor`.

    `enclosing` are the paths and descriptors of the messages around it, outermost first; `root` is
    the descriptor of the whole config.
    """
    for path, around in reversed(enclosing):
        if name in around.fields_by_name:
            return f"it is a field of {path or 'the top level'}: is a '}}' missing before it?"
    inside = _paths_to(name, descriptor)
    if inside:
        return f"did you mean {inside}?"
    close = nearest(name, descriptor.fields_by_name)
    if close and is_closed_off(descriptor.fields_by_name[close]):
        close = None  # what is meant does not work, and what is next to it is not meant
    others = _other_models(name, descriptor)
    if others and not close:
        return f"it is a field of {others} only"
    elsewhere = _paths_to(name, root)
    if close and elsewhere:
        return f"did you mean {close}, or {elsewhere}?"
    if elsewhere:
        return f"did you mean {elsewhere}?"
    return f"did you mean {close}?" if close else None


def _other_models(name: str, descriptor: Any) -> Optional[str]:
    """Paths of the models that have the field, where `descriptor` is a model that has not."""
    members = [ModelConfig.DESCRIPTOR.fields_by_name[member] for member in MODELS.values()]
    if descriptor not in [member.message_type for member in members]:
        return None
    having = [m.name for m in members if name in m.message_type.fields_by_name]
    return ", ".join(f"model_config.{member}" for member in having) or None


@cache
def _paths_to(name: str, start: Any) -> Optional[str]:
    """Shortest path from the message type `start` to a supported field called `name`."""
    queue: Deque[Tuple[str, Any]] = deque([("", start)])
    seen: Set[str] = set()
    while queue:
        prefix, descriptor = queue.popleft()
        if descriptor.full_name in seen:
            continue
        seen.add(descriptor.full_name)
        for field in descriptor.fields:
            if field_mark(field) is not None:
                continue
            if field.name == name:
                return prefix + name
            if is_message(field):
                queue.append((f"{prefix}{field.name}.", field.message_type))
    return None
