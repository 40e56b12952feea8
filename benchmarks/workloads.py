"""What is trained in the benchmarks: Ali-CCP's fields, their sizes, and the layout of the rows.

W1 is one id a row of 23 fields, W2 these and four weighted histories of the user, of 20, 40, 60 and
130 values on average, with about 50 neighbouring impressions a user. W3 is W1's fields and three
histories of 50 that a candidate attends each, stored once a user. All feed the paper's network:
embedding 18, two towers of 360-200-80; attentions have EasyRec's default of 128-64-32-1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Tuple

EMBEDDING = 18
TOWER = (360, 200, 80)
SCORING = (128, 64, 32, 1)
"""Units of an attention, its defaults."""

_SIZES: Dict[str, int] = {
    "101": 240000, "121": 98, "122": 14, "124": 3, "125": 8, "126": 4, "127": 4, "128": 3, "129": 5,
    "205": 470000, "206": 6800, "207": 270000, "210": 86000, "216": 112000, "508": 5800,
    "509": 110000, "702": 40000, "853": 56000, "301": 3,
    "last_109_14": 5800, "last_110_14": 110000, "last_127_14": 40000, "last_150_14": 56000,
}  # fmt: skip
_HISTORIES: Dict[str, int] = {"109_14": 20, "110_14": 40, "127_14": 60, "150_14": 130}
_USER_FIELDS = ("101", "12", "last_")
_SMALL = 1000
"""Fields below stay as they are when the vocabulary grows: a gender does not."""


@dataclass(frozen=True)
class Feature:
    """An id a row, a weighted bag of ids a user, or a sequence of ids a user."""

    name: str
    size: int
    """Rows of its table."""
    is_of_users: bool
    mean_values: float = 0.0
    """Mean number of values of a bag; 0: one id."""
    key: str = ""
    """The field that attends it, of whose table its ids are; empty: it is no sequence."""
    length: int = 0
    """Elements of a sequence."""
    is_key: bool = False
    """Whether a sequence is attended by it."""

    @property
    def columns(self) -> Tuple[str, ...]:
        """Names of its columns."""
        return (self.name, f"{self.name}_weight") if self.mean_values else (self.name,)


@dataclass(frozen=True)
class Workload:
    """Features, and whether users' columns are stored once a user."""

    name: str
    features: Tuple[Feature, ...]
    is_grouped: bool

    @property
    def width(self) -> int:
        """Columns of the towers' input: of a sequence, the attended history and the key."""
        return EMBEDDING * sum(2 if feature.key else 1 for feature in self.features)

    @property
    def attended(self) -> int:
        """Elements that a row attends, of all its histories."""
        return sum(feature.length for feature in self.features)

    @property
    def table_rows(self) -> int:
        """Rows of all embedding tables."""
        return sum(feature.size for feature in self.features if not feature.key)

    def with_vocabulary(self, factor: int) -> Workload:
        """The same with `factor` times the rows in all tables but the small ones."""
        features = tuple(
            replace(f, size=f.size * factor if f.size >= _SMALL else f.size) for f in self.features
        )
        return replace(self, name=f"{self.name}-vocabulary-x{factor}", features=features)

    def with_histories(self, factor: float) -> Workload:
        """The same with histories `factor` times as long."""
        features = tuple(replace(f, mean_values=f.mean_values * factor) for f in self.features)
        return replace(self, name=f"{self.name}-history-x{factor:g}", features=features)


_IDS = tuple(Feature(name, size, name.startswith(_USER_FIELDS)) for name, size in _SIZES.items())
_BAGS = tuple(Feature(name, _SIZES[f"last_{name}"], True, n) for name, n in _HISTORIES.items())

_ATTENDING = ("205", "207", "216")
"""Items, shops and brands, which are among the user's last ones or not."""
ATTENDED = len(_ATTENDING)
_SEQUENCES = tuple(
    Feature(f"past_{name}", _SIZES[name], True, key=name, length=50) for name in _ATTENDING
)

W1 = Workload("W1", _IDS, is_grouped=False)
W2 = Workload("W2", (*_IDS, *_BAGS), is_grouped=True)

W3 = Workload(
    "W3",
    (*(replace(one, is_key=one.name in _ATTENDING) for one in _IDS), *_SEQUENCES),
    is_grouped=True,
)

WORKLOADS: Dict[str, Workload] = {
    workload.name: workload
    for workload in (
        *(W1, W2, W3),
        *(W1.with_vocabulary(10), W2.with_histories(0.5), W2.with_histories(2)),
    )
}
"""Everything that `benchmarks.case` can be asked for, by name."""
