"""Published counts of the official files, to compare a conversion with."""

from __future__ import annotations

from typing import Any, Dict, List

SKELETON_LINES = {"train": 42_300_135, "test": 43_016_840}
COMMON_LINES = {"train": 730_600, "test": 884_212}
IMPOSSIBLE = {"train": 230, "test": 226}
USUAL_MIN_COUNT = 12
VOCABULARY_SIZES = {
    "121": 98, "122": 14, "124": 3, "125": 8, "126": 4, "127": 4, "128": 3, "129": 5,
    "205": 467_298, "206": 6_929, "207": 263_942, "216": 106_399, "508": 5_888, "509": 104_830,
    "702": 51_878, "853": 37_148, "101": 238_635, "301": 4,
}  # fmt: skip
"""Sizes that others report for ids seen at least 12 times in train. Some of them seem to count one
value for "unknown" (301 has three ids): a size that is one lower agrees too."""


def compare(
    skeleton_lines: int, common_lines: int, impossible: int, min_count: int, sizes: Dict[str, int]
) -> Dict[str, Any]:
    """Which official part has these line counts, and which of its known counts agree.

    `part` is None if no official part has them; `checks` is empty then. `sizes` are those of the
    vocabulary, which are checked for the training part alone: the test part has the same.
    """
    part = next((p for p, lines in SKELETON_LINES.items() if lines == skeleton_lines), None)
    if part is None:
        return {"part": None, "checks": []}
    checks: List[Dict[str, Any]] = [
        _check("lines of the common file", COMMON_LINES[part], common_lines),
        _check("impossible rows", IMPOSSIBLE[part], impossible),
    ]
    if part == "train" and min_count == USUAL_MIN_COUNT:
        for name, known in VOCABULARY_SIZES.items():
            check = _check(f"vocabulary of {name}", known, sizes[name])
            check["agrees"] = sizes[name] in (known, known - 1)
            checks.append(check)
    return {"part": part, "checks": checks}


def _check(what: str, known: int, found: int) -> Dict[str, Any]:
    return {"what": what, "known": known, "found": found, "agrees": known == found}
