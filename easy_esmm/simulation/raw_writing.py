"""Writes a simulation as the four raw files with their quirks, and counts what they hold.

* sample_skeleton_train.csv, common_features_train.csv, and the same for test
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from numpy.typing import NDArray

from easy_esmm.aliccp.fields import CONTEXT, CROSS, FIELDS, PROFILE, USER
from easy_esmm.simulation import raw_counts
from easy_esmm.simulation.generator import PARTS, Simulation
from easy_esmm.simulation.id_lists import IdLists, IntArray
from easy_esmm.simulation.quirks import AT_LEAST, MISSABLE, SkeletonLines, skeleton_lines
from easy_esmm.simulation.raw_counts import Tally
from easy_esmm.simulation.raw_features import (
    Features,
    as_text,
    in_order,
    of_lists,
    of_single,
    together,
)
from easy_esmm.splitmix import splitmix64

SKELETON_LINES, COMMON_LINES = 65_536, 4_096
"""Lines that are in memory as text at a time."""
PROFILE_FIELD_MISSING = 0.05
_CODES = {field.name: code for code, field in enumerate(FIELDS)}


def write_raw(
    simulation: Simulation, folder: Path, quirks: FrozenSet[str]
) -> Tuple[List[Path], Dict[str, Any]]:
    """Writes the files into an existing folder; returns their paths and, by part, all counts."""
    seeds = np.random.SeedSequence([simulation.settings.seed, 408]).spawn(len(PARTS))
    paths, truth = [], {}
    train = Tally()
    for part, seed in zip(PARTS, seeds):
        random = np.random.default_rng(seed)
        tally = train if part == "train" else Tally()
        rows = skeleton_lines(simulation, part, quirks, random)
        writer = _Part(simulation, part, rows, quirks, random, tally)
        skeleton, common = (
            folder / f"{name}_{part}.csv" for name in ("sample_skeleton", "common_features")
        )
        lines = {"skeleton": writer.skeleton(skeleton), "common": writer.common(common)}
        truth[part] = {"lines": lines, **writer.truth(train, lines["skeleton"])}
        paths += [skeleton, common]
    return paths, truth


class _Part:
    """The two files of one part."""

    def __init__(
        self,
        simulation: Simulation,
        part: str,
        rows: SkeletonLines,
        quirks: FrozenSet[str],
        random: Generator,
        tally: Tally,
    ) -> None:
        self._simulation, self._rows, self._tally = simulation, rows, tally
        self._random, self._quirks = random, quirks
        self._order: Optional[Generator] = random if "shuffled" in quirks else None
        unknown = int(np.count_nonzero(rows.common < 0))
        first = PARTS.index(part) << 40
        keys = splitmix64(
            np.arange(first, first + len(rows.user) + unknown + 1, dtype=np.uint64), 0
        )
        self._keys = pa.array([f"{key:016x}" for key in keys.tolist()])
        self._repeated = np.zeros(0, np.int64)
        if "repeated" in quirks:
            self._repeated = random.permutation(len(rows.user))[:AT_LEAST]

    def skeleton(self, path: Path) -> int:
        """Writes the skeleton, and returns its number of lines."""
        rows = self._rows
        key = rows.common.copy()
        is_unknown = key < 0
        key[is_unknown] = len(rows.user) + np.arange(np.count_nonzero(is_unknown))
        kept = rows.is_kept.astype(np.int64)
        samples = self._simulation.truth.sample_id[rows.row]
        with path.open("wb") as file:
            for start in range(0, len(rows.row), SKELETON_LINES):
                chosen = np.arange(start, min(start + SKELETON_LINES, len(rows.row)))
                features = self._of_rows(chosen)
                self._tally.add(features, kept[chosen], len(chosen))
                numbers = (samples, rows.click, rows.conversion)
                heads = [pa.array(n[chosen]).cast(pa.string()) for n in numbers]
                heads.append(self._keys.take(pa.array(key[chosen])))
                lines = as_text(heads, in_order(features, self._order), self._endings(len(chosen)))
                file.write(_bytes(lines))
                if start == 0 and "truncated" in self._quirks:
                    longest = max(lines[:100].to_pylist(), key=len)
            if "truncated" in self._quirks:
                file.write(longest[: len(longest) * 2 // 3].encode())
        return len(rows.row) + ("truncated" in self._quirks)

    def common(self, path: Path) -> int:
        """Writes the common file, and returns its number of lines."""
        rows, repeated = self._rows, self._repeated
        count = len(rows.user)
        order = self._random.permutation(count)
        # a repeated key comes with another user's features, which must not be taken
        users = np.concatenate([rows.user[order], rows.user[(repeated + 1) % count]])
        keys = np.concatenate([order, repeated])
        weight = np.bincount(rows.common[rows.is_kept], minlength=count)
        weights = np.concatenate([weight[order], np.zeros(len(repeated), np.int64)])
        longest = ""
        with path.open("wb") as file:
            for start in range(0, len(users), COMMON_LINES):
                chosen = slice(start, start + COMMON_LINES)
                features = self._of_users(users[chosen])
                self._tally.add(features, weights[chosen], len(users[chosen]))
                endings = self._endings(len(users[chosen]))
                heads = [self._keys.take(pa.array(keys[chosen]))]
                lines = as_text(heads, in_order(features, self._order), endings)
                file.write(_bytes(lines))
                if start == 0 and "truncated" in self._quirks:
                    longest = max(lines.to_pylist(), key=len)
            if "truncated" in self._quirks:
                text = self._keys[-1].as_py() + longest[16:]
                file.write(text[: len(text) * 2 // 3].encode())
        return len(users) + ("truncated" in self._quirks)

    def truth(self, train: Tally, lines: int) -> Dict[str, Any]:
        """All counts of the part, once both files are written."""
        rows = self._rows
        position = self._simulation.impressions.values["301"]
        if isinstance(position, IdLists):
            raise TypeError("field 301 holds lists")
        counts = raw_counts.counts(rows, self._simulation.impressions.item, position)
        return {
            "counts": counts,
            "dropped": raw_counts.dropped(rows, len(self._repeated), "truncated" in self._quirks),
            "fields": raw_counts.field_counts(self._tally, train, counts["impressions"]),
            "min_count": raw_counts.MIN_COUNT,
            "by_position": raw_counts.by_position(rows, position),
            "by_order": raw_counts.by_order(rows, lines),
        }

    def _of_rows(self, chosen: IntArray) -> Features:
        """Features of lines of the skeleton."""
        impressions, rows = self._simulation.impressions, self._rows
        row = rows.row[chosen]
        item = impressions.item[row]
        parts = []
        for code, field in enumerate(FIELDS):
            if field.owner == USER:
                continue
            values = impressions.values[field.name]
            owner = row if field.owner in (CROSS, CONTEXT) else item
            if isinstance(values, IdLists):
                parts.append(of_lists(code, values, owner))
            else:
                parts.append(of_single(code, values[owner]))
        planted = rows.planted[chosen].astype(np.int64)
        if planted.any():
            nodes = impressions.catalogue.sizes["210"]
            own = np.where(planted > 0, nodes + planted - 1, -1)
            parts.append(of_single(_CODES["210"], own))
        features = together(parts)
        missing = rows.missing[chosen]
        if missing.any():
            bit = np.zeros(len(FIELDS), np.int64)
            for place, name in enumerate(MISSABLE):
                bit[_CODES[name]] = 1 << place
            features = features.where(missing[features.line] & bit[features.code] == 0)
        return features

    def _of_users(self, users: IntArray) -> Features:
        """Features of lines of the common file."""
        parts = []
        for code, field in enumerate(FIELDS):
            if field.owner != USER:
                continue
            values = self._simulation.impressions.values[field.name]
            if isinstance(values, IdLists):
                parts.append(of_lists(code, values, users))
                continue
            own = values[users]
            if "missing" in self._quirks and field.name in PROFILE:
                own[self._random.random(len(own)) < PROFILE_FIELD_MISSING] = -1
            parts.append(of_single(code, own))
        return together(parts)

    def _endings(self, lines: int) -> pa.Array:
        has_crlf: NDArray[np.bool_] = np.arange(lines) % 2 == 1
        if "crlf" not in self._quirks:
            has_crlf[:] = False
        return pa.array(["\n", "\r\n"]).take(pa.array(has_crlf.astype(np.int8)))


def _bytes(lines: pa.Array) -> memoryview:
    """The lines concatenated."""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset :]
    return memoryview(lines.buffers()[2])[offsets[0] : offsets[len(lines)]]
