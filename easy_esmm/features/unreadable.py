"""Makes missing what a feature cannot read of a request.

In a file such a value is a bad row, which stops the program or is skipped. A request is answered
row by row: its other rows, and the row's other values, must not be lost.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Optional, Tuple
from typing import Sequence as SequenceOf

import tensorflow as tf

from easy_esmm.cell_tensors import fits_int64, is_missing, mark_of, numbers_of
from easy_esmm.config.feature_types.record import SOURCES
from easy_esmm.contract import Sequence, Tensor
from easy_esmm.features.expr_feature import inexact_rows
from easy_esmm.features.histories import compared, without_unequal
from easy_esmm.features.pieces import elements_of, pieces_of
from easy_esmm.features.scaling import boundaries_of, scaled
from easy_esmm.protos.feature_pb2 import FeatureConfig, SeqAttGroupConfig

LARGEST = 1e19
"""Of a number or a weight that goes into a network: float32 has no square of a larger one, and the
difference of two that overflowed is no number. Every 64-bit integer is below."""

Readable = Tuple[Dict[str, Tensor], Tensor]
"""(Columns that were changed, int32 [batch]: values of each row that became missing.)"""


class UnreadableValues:
    """Takes from columns what features cannot read, and counts it."""

    def __init__(self) -> None:
        self._counts: List[Tensor] = []

    def taken_from(
        self, feature: FeatureConfig, columns: Mapping[str, Tensor]
    ) -> Tuple[FeatureConfig, Mapping[str, Tensor]]:
        """The feature, and its columns without what it cannot read.

        Of a list it is the value, or the pair; the whole list where its values are no tuples of
        `raw_input_dim`, or not as many as their weights. Pairs of ids and weights come back as two
        columns, which the feature that comes back reads: they are parted and judged once.
        """
        read = _READERS.get(feature.feature_type, _all_of_it)
        readable = read(feature, columns)
        if readable is None:
            return feature, columns
        changed, count = readable
        self._counts.append(count)
        if feature.feature_type == FeatureConfig.TagFeature and feature.kv_separator:
            feature = _with_weight_column(feature)
        return feature, {**{n: columns[n] for n in feature.input_names if n in columns}, **changed}

    def taken_from_sequences(
        self, attentions: SequenceOf[SeqAttGroupConfig], sequences: Mapping[str, Sequence]
    ) -> Dict[str, Sequence]:
        """A group's sequences, empty in rows in which those of an attention are not equally long.

        Sequences that the group lists for no attention of its own are those of one block DIN.
        """
        all_compared = [compared(attention) for attention in attentions] or [tuple(sequences)]
        found = dict(sequences)
        for names in all_compared:
            if len(names) > 1:
                found, count = without_unequal(names, found)
                self._counts.append(count)
        return found

    def count(self, rows: Tensor) -> Tensor:
        """int32 [rows]: values of each row that were taken; one of the user counts in all rows."""
        total = tf.zeros([rows], tf.int32)
        for count in self._counts:
            total += count
        return total


def _all_of_it(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> None:
    """Nothing is unreadable: a ComboFeature hashes whatever it is given."""


def _id(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Optional[Readable]:
    name = feature.input_names[0]
    if not _may_be_wrong(feature, columns[name]):
        return None
    values, is_wrong = _ids(feature, columns[name])
    return {name: values}, tf.cast(is_wrong, tf.int32)


def _tag(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Optional[Readable]:
    name, *more = feature.input_names
    if not (feature.kv_separator or more or _may_be_wrong(feature, columns[name])):
        return None
    pieces = pieces_of(columns[name], feature.separator)
    if feature.kv_separator:
        key, weight, is_pair = _halves(feature, pieces.values)
        weights, is_number = numbers_of(weight, tf.float32)
        is_right = is_pair & is_number & _can_be_used(weights) & ~_wrong_ids(feature, key)
        kept = _kept(pieces, is_right)
        weights = tf.boolean_mask(weights, is_right)
        changed = {name: kept.with_values(tf.boolean_mask(key, is_right))}
        changed[_weight_name(feature)] = kept.with_values(weights)
        return changed, _by_row(pieces, ~is_right)
    if more:
        return _with_weights(feature, pieces, pieces_of(columns[more[0]], feature.separator))
    is_wrong = _wrong_ids(feature, pieces.values)
    return {name: _kept(pieces, ~is_wrong)}, _by_row(pieces, is_wrong)


def _weight_name(feature: FeatureConfig) -> str:
    return f"{feature.input_names[0]}{feature.kv_separator}"


def _with_weight_column(feature: FeatureConfig) -> FeatureConfig:
    parted = FeatureConfig()
    parted.CopyFrom(feature)
    parted.ClearField("kv_separator")
    parted.input_names.append(_weight_name(feature))
    return parted


def _lookup(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Readable:
    name = feature.input_names[1]
    pieces = pieces_of(columns[name], feature.separator)
    _, value, is_pair = _halves(feature, pieces.values)
    is_right = is_pair & ~_wrong_ids(feature, value)
    return {name: _kept(pieces, is_right)}, _by_row(pieces, ~is_right)


def _halves(feature: FeatureConfig, values: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """(first, second, bool: are there two) of each value, text, cut at `kv_separator`."""
    parts = tf.raw_ops.StringSplitV2(input=values, sep=feature.kv_separator)
    amount = tf.size(values)
    counts = tf.math.unsorted_segment_sum(
        tf.ones_like(parts.indices[:, 0], tf.int32), parts.indices[:, 0], amount
    )
    first = tf.cumsum(counts, exclusive=True)
    second = tf.minimum(first + 1, tf.size(parts.values) - 1)
    halves = (tf.gather(parts.values, place) for place in (first, second))
    return (*halves, tf.equal(counts, 2))


def _with_weights(feature: FeatureConfig, ids: Tensor, weights: Tensor) -> Readable:
    are_alike = tf.equal(ids.row_lengths(), weights.row_lengths())
    ids, weights = (_kept(x, tf.gather(are_alike, x.value_rowids())) for x in (ids, weights))
    is_wrong = _wrong_ids(feature, ids.values) | ~_is_weight(weights.values)
    count = _by_row(ids, is_wrong) + tf.cast(~are_alike, tf.int32)
    kept = (_kept(x, ~is_wrong) for x in (ids, weights))
    return dict(zip(feature.input_names, kept)), count


def _raw(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Readable:
    name = feature.input_names[0]
    if feature.raw_input_dim == 1 and not isinstance(columns[name], tf.RaggedTensor):
        values, is_wrong = _numbers(feature, columns[name])
        return {name: values}, tf.cast(is_wrong, tf.int32)
    pieces = pieces_of(columns[name], feature.separator)
    lengths = pieces.row_lengths()
    values, is_wrong = _numbers(feature, pieces.values)
    has_wrong = _by_row(pieces, is_wrong | is_missing(values)) > 0
    has_wrong |= tf.not_equal(lengths, feature.raw_input_dim) & (lengths > 0)
    kept = _kept(pieces, tf.gather(~has_wrong, pieces.value_rowids()))
    return {name: kept}, tf.cast(has_wrong, tf.int32)


def _sequence(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Optional[Readable]:
    name = feature.input_names[0]
    is_number = feature.sub_feature_type == FeatureConfig.RawFeature
    if not (is_number or _may_be_wrong(feature, columns[name])):
        return None
    elements = elements_of(columns[name], feature.separator)
    change = _numbers if is_number else _ids
    if feature.seq_multi_sep:
        inner = elements_of(elements.values, feature.seq_multi_sep)
        is_wrong = _by_row(inner, change(feature, inner.values)[1]) > 0
        if is_number and feature.raw_input_dim > 1:
            lengths = inner.row_lengths()
            is_wrong |= tf.not_equal(lengths, feature.raw_input_dim) & (lengths > 0)
        values = tf.where(is_wrong, "", elements.values)
        return {name: elements.with_values(values)}, _by_row(elements, is_wrong)
    count = tf.zeros([elements.nrows()], tf.int32)
    if is_number and feature.raw_input_dim > 1:
        is_parted = tf.equal(elements.row_lengths() % feature.raw_input_dim, 0)
        elements = _kept(elements, tf.gather(is_parted, elements.value_rowids()))
        count = tf.cast(~is_parted, tf.int32)
    values, is_wrong = change(feature, elements.values)
    return {name: elements.with_values(values)}, count + _by_row(elements, is_wrong)


def _expr(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Readable:
    """Numbers, and none of a row whose whole numbers the expression cannot keep exact."""
    changed, counts = {}, []
    for name in feature.input_names:
        changed[name], is_wrong = _numbers_of_any_size(columns[name])
        counts.append(tf.cast(is_wrong, tf.int32))
    is_inexact = inexact_rows(feature, changed)
    counts.append(tf.cast(is_inexact, tf.int32))
    for name, values in changed.items():
        changed[name] = tf.where(is_inexact, _mark(values), values)
    return changed, tf.add_n(counts)


def _ids(feature: FeatureConfig, values: Tensor) -> Tuple[Tensor, Tensor]:
    """(the values, text that is no row number as a missing one, bool: which were so)."""
    is_wrong = _wrong_ids(feature, values)
    return tf.where(is_wrong, _mark(values), values), is_wrong


def _wrong_ids(feature: FeatureConfig, values: Tensor) -> Tensor:
    """Bool, of the shape of the values: text that is no row number, where that is asked for."""
    if not _may_be_wrong(feature, values):
        return tf.zeros_like(values, tf.bool)
    return ~fits_int64(values) & tf.not_equal(tf.strings.strip(values), "")


def _may_be_wrong(feature: FeatureConfig, values: Tensor) -> bool:
    """Whether there is text that is no row number: hashes and vocabularies take any text."""
    source = next(source for source in SOURCES if getattr(feature, source))
    return source == "num_buckets" and values.dtype == tf.string


def _is_weight(values: Tensor) -> Tensor:
    """Bool [values]: finite numbers as float32, none of them missing."""
    if values.dtype == tf.string:
        numbers, is_number = numbers_of(values, tf.float32)
        return is_number & _can_be_used(numbers)
    return _can_be_used(tf.cast(values, tf.float32)) & ~is_missing(values)


def _can_be_used(numbers: Tensor) -> Tensor:
    """Bool, of the shape of the numbers: whether a network can add and multiply them; not NaN."""
    return tf.abs(numbers) <= tf.constant(LARGEST, numbers.dtype)


def _numbers(feature: FeatureConfig, values: Tensor) -> Tuple[Tensor, Tensor]:
    """(the values, what is no number, also as scaled, as a missing one, bool: which were so)."""
    dtype = tf.float32 if values.dtype == tf.float32 else tf.float64
    values, is_wrong = _numbers_of_any_size(values)
    numbers = numbers_of(values, dtype)[0] if values.dtype == tf.string else tf.cast(values, dtype)
    is_there = ~is_missing(values)
    result, is_there = scaled(feature, tf.where(is_there, numbers, tf.zeros([], dtype)), is_there)
    if boundaries_of(feature):
        fits = tf.math.is_finite(result)
    else:
        fits = _can_be_used(tf.cast(result, tf.float32))
    is_wrong |= is_there & ~fits
    return tf.where(is_wrong, _mark(values), values), is_wrong


def _numbers_of_any_size(values: Tensor) -> Tuple[Tensor, Tensor]:
    """As `_numbers`, not scaled."""
    if values.dtype == tf.string:
        is_wrong = ~numbers_of(values, tf.float64)[1]
    elif values.dtype.is_floating:
        is_wrong = tf.math.is_inf(values)
    else:
        return values, tf.zeros_like(values, tf.bool)
    return tf.where(is_wrong, _mark(values), values), is_wrong


def _mark(values: Tensor) -> Tensor:
    return tf.constant(mark_of(values.dtype), values.dtype)


def _kept(ragged: Tensor, is_kept: Tensor) -> Tensor:
    # Not tf.ragged.boolean_mask, which is made of ten times as many operations.
    return tf.RaggedTensor.from_value_rowids(
        tf.boolean_mask(ragged.values, is_kept),
        tf.boolean_mask(ragged.value_rowids(), is_kept),
        ragged.nrows(),
        validate=False,
    )


def _by_row(ragged: Tensor, is_counted: Tensor) -> Tensor:
    """int32 [rows]: values that are counted, by row."""
    return tf.math.unsorted_segment_sum(
        tf.cast(is_counted, tf.int32), ragged.value_rowids(), ragged.nrows()
    )


_Reader = Callable[[FeatureConfig, Mapping[str, Tensor]], Optional[Readable]]
_READERS: Dict[int, _Reader] = {
    FeatureConfig.IdFeature: _id,
    FeatureConfig.TagFeature: _tag,
    FeatureConfig.LookupFeature: _lookup,
    FeatureConfig.RawFeature: _raw,
    FeatureConfig.SequenceFeature: _sequence,
    FeatureConfig.ExprFeature: _expr,
}
"""By feature type; None where no value can be unreadable."""
