"""Ali-CCP's 23 fields as data.

Four kinds of owner: a value belongs to a user, to an item, to the match of a user's history with
an item (`cross`), or to the single impression (`context`). Sizes are Ali-CCP's own after the usual
cut-off (ids seen at least 12 times in training), where they are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional, Tuple

USER, ITEM, CROSS, CONTEXT = "user", "item", "cross", "context"


@dataclass(frozen=True)
class Field:
    """One column of the joined impressions."""

    name: str
    owner: str
    meaning: str
    first_id: int
    """Where this field's range of simulated ids starts: ids are global, ranges disjoint."""
    size: Optional[int] = None
    """Number of ids in Ali-CCP after the cut-off; None where it is not published."""
    multi: bool = False
    """Holds a list of ids; otherwise one id or nothing."""
    weighted: bool = False
    """Each id carries a log-scaled weight: ln(1 + count)."""
    match: Tuple[str, str] = ("", "")
    """For a cross: the history and the item field whose common ids it holds."""

    @property
    def is_list(self) -> bool:
        """Whether the column is written as a list: of several ids, or of one id with a weight."""
        return self.multi or self.weighted


FIELDS: Tuple[Field, ...] = (
    Field("101", USER, "user", 10_000_000, 238_635),
    Field("121", USER, "profile group", 1_000, 98),
    Field("122", USER, "profile group", 1_200, 14),
    Field("124", USER, "gender", 1_300, 3),
    Field("125", USER, "age", 1_400, 8),
    Field("126", USER, "consumption level", 1_500, 4),
    Field("127", USER, "consumption level", 1_600, 4),
    Field("128", USER, "occupation", 1_700, 3),
    Field("129", USER, "geography", 1_800, 5),
    Field("109_14", USER, "history: categories", 100_000, None, True, True),
    Field("110_14", USER, "history: shops", 3_000_000, None, True, True),
    Field("127_14", USER, "history: brands", 6_000_000, None, True, True),
    Field("150_14", USER, "history: intention nodes", 300_000, None, True, True),
    Field("205", ITEM, "item", 20_000_000, 467_298),
    Field("206", ITEM, "category", 500_000, 6_929),
    Field("207", ITEM, "shop", 4_000_000, 263_942),
    Field("210", ITEM, "intention nodes", 700_000, None, True, False),
    Field("216", ITEM, "brand", 7_000_000, 106_399),
    Field("508", CROSS, "category match", 600_000, 5_888, False, True, ("109_14", "206")),
    Field("509", CROSS, "shop match", 5_000_000, 104_830, False, True, ("110_14", "207")),
    Field("702", CROSS, "brand match", 8_000_000, 51_878, False, True, ("127_14", "216")),
    Field("853", CROSS, "intention node match", 900_000, 37_148, True, True, ("150_14", "210")),
    Field("301", CONTEXT, "position", 1_900, 4),
)

BY_NAME: Dict[str, Field] = {field.name: field for field in FIELDS}
PROFILE: Tuple[str, ...] = ("121", "122", "124", "125", "126", "127", "128", "129")
HISTORIES: Tuple[str, ...] = ("109_14", "110_14", "127_14", "150_14")

SAMPLE_ID, CLICK, CONVERSION = "sample_id", "click", "conversion"
EVENTUAL_CONVERSION = "eventual_conversion"
"""Of simulated rows whose conversions come late: the label that waits for ever."""
CLICK_TIME, CONVERSION_TIME, OBSERVED_UNTIL = "click_time", "conversion_time", "observed_until"
"""Their times, in seconds since 1970."""
WEIGHT_SUFFIX = "_weight"
"""A Parquet file holds the weights of `109_14` in the column `109_14_weight`."""
