"""The record of a feature type: its columns, its table, and the fields that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Dict, Mapping, Optional, Tuple

from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:  # which reads resolved configs, and those are made with the records
    from easy_esmm.config.rules.report import Report

EVERY_TYPE = ("feature_name", "input_names", "feature_type", "shared_names", "max_partitions")
"""Fields that have nothing to do with the type."""
TABLE = ("embedding_name", "embedding_dim", "initializer")
"""Fields of a type that has an embedding table."""
PRETRAINED = ("embedding_init_file", "embedding_frozen")
"""Fields of a type whose table can begin with vectors by id."""
SOURCES = ("hash_bucket_size", "vocab_list", "vocab_file", "num_buckets")
"""Fields that say which row of a table an id has; the first that is set counts."""

_ROWS: Dict[str, Callable[[Any], int]] = {
    "hash_bucket_size": int,
    "vocab_list": len,
    "vocab_file": lambda path: len(read_entries(path)),
    "num_buckets": int,
}


class ValueKind(Enum):
    """How a feature reads the values of a column."""

    TEXT = "text"
    ROW_NUMBER = "row number"
    NUMBER = "number"


@dataclass(frozen=True)
class UnusedField:
    """A field that a type reads, and that has no effect on some of its features."""

    name: str
    when: Callable[[FeatureConfig], bool]
    why: str


NOTHING_TO_FREEZE = UnusedField(
    "embedding_frozen",
    lambda feature: not feature.embedding_init_file,
    "there is no embedding_init_file; train_config.freeze_gradient keeps any variable as it begins",
)


class FeatureType:
    """What there is to know of a type without TensorFlow. Types override what differs."""

    number: ClassVar[int] = -1
    """The type's value of `FeatureConfig.FeatureType`."""
    encoder: ClassVar[str] = ""
    """The module of `easy_esmm.features` that holds its encoder."""
    columns: ClassVar[Tuple[int, Optional[int]]] = (0, None)
    """Fewest and most input columns; None: any number."""
    columns_in_words: ClassVar[str] = ""
    """As it follows `must name`."""
    values_in_words: ClassVar[str] = "one"
    """How many values a row of a column holds, for the docs."""
    fields: ClassVar[Tuple[str, ...]] = ()
    """Fields of `FeatureConfig` that it reads, without those of `EVERY_TYPE`."""
    sources: ClassVar[Tuple[str, ...]] = ()
    """Those of `SOURCES` that give rows to its ids; none: it has no ids."""
    unread: ClassVar[Mapping[str, str]] = {}
    """Field that it does not read -> why, where there is more to say than which types do."""
    unused: ClassVar[Tuple[UnusedField, ...]] = ()
    is_sequence: ClassVar[bool] = False
    """Whether the order of its values counts: text is split where the whole of `separators` stands,
    and empty values are kept."""
    one_value_hint: ClassVar[str] = ""
    """What to write instead where a column of one value holds lists."""

    @property
    def name(self) -> str:
        """As `feature_type` names it."""
        return FeatureConfig.FeatureType.Name(self.number)

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        """For each input column, the characters that separate its values; '': it has one value."""
        return ("",) * len(feature.input_names)

    def one_value_columns(self, feature: FeatureConfig) -> Tuple[str, ...]:
        """Input columns that must not be lists."""
        named = zip(feature.input_names, self.separators(feature))
        return tuple(name for name, separators in named if not separators)

    def needs_lists(self, feature: FeatureConfig) -> str:
        """Why its columns must be lists where they are no text; empty: they need not."""
        return ""

    def id_columns(self, feature: FeatureConfig) -> Tuple[str, ...]:
        """Input columns whose values are ids, or parts of ids."""
        return tuple(feature.input_names[:1]) if self.sources else ()

    def reads_row_numbers(self, feature: FeatureConfig) -> bool:
        """Whether ids are row numbers, which `num_buckets` takes as they are."""
        return "num_buckets" in self.sources and not any(
            getattr(feature, source) for source in SOURCES[:3]
        )

    def value_kind(self, feature: FeatureConfig, column: int) -> ValueKind:
        """How the values of the input column of that number are read."""
        return ValueKind.TEXT

    def counted_by(self, column: int) -> int:
        """Number of the input column that has as many values a row."""
        return column

    def table_rows(self, feature: FeatureConfig) -> int:
        """Rows of its table; 0 without one."""
        set_to = ((source, getattr(feature, source)) for source in self.sources)
        return next((_ROWS[source](value) for source, value in set_to if value), 0)

    def width(self, feature: FeatureConfig) -> int:
        """Columns of what it becomes, in a matrix or in each element of a sequence."""
        return feature.embedding_dim

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        """Refuses the fields of the feature at `path` that do not fit its type."""

    def check_in_group(self, report: Report, feature: FeatureConfig, path: str) -> None:
        """As `check`, for what only matters in a feature group."""
