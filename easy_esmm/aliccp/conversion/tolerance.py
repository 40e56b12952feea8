"""The tolerance for bad rows, `--max_bad_rows`."""

from __future__ import annotations

from typing import Dict

from easy_esmm.aliccp.conversion.partition import Lines
from easy_esmm.aliccp.conversion.sources import Source
from easy_esmm.errors import UserError


class Tolerance:
    """Counts bad rows, and raises UserError when there are too many."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._kinds: Dict[str, Lines] = {}

    def add(self, source: Source, kind: str, lines: Lines, first_line: int = 0) -> None:
        """Counts bad lines of one kind."""
        if lines.count:
            own = self._kinds.setdefault(f"{source}: {kind}", Lines())
            own.add([first_line + number for number in lines.first], lines.count)

    def check(self) -> None:
        """Raises UserError if there are more bad rows than allowed."""
        found = sum(lines.count for lines in self._kinds.values())
        if found > self._allowed:
            kinds = [
                f"{kind}: {lines.count:,} (first in line {', '.join(map(str, lines.first))})"
                for kind, lines in self._kinds.items()
            ]
            shown = "; ".join(kinds[:3]) + (f"; and {len(kinds) - 3} more" if kinds[3:] else "")
            raise UserError(
                f"--max_bad_rows: must not be exceeded, is {self._allowed:,}, "
                f"{found:,} bad rows so far\n{shown}\n"
                "look at these lines; to drop and count them, give a larger --max_bad_rows"
            )
