"""Elements of a chart as SVG text; colours come from the page's style."""

from __future__ import annotations

from html import escape
from typing import Sequence

WIDTH = 340
"""As wide as a phone, so that its text is readable there; a page puts several side by side."""


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "label") -> str:
    """Words at a place; `anchor` is start, middle or end."""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def rule(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def picture(parts: Sequence[str], height: int, name: str) -> str:
    """The whole; `name` is the text for screen readers."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}">'
        + "".join(parts)
        + "</svg>"
    )
