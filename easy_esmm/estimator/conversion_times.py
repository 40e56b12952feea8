"""Times of clicks and conversions: what the losses take, and which rows cannot be right."""

from __future__ import annotations

from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Sequence, cast

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing, numbers_of
from easy_esmm.config.conversion_delay import SECONDS_PER_DAY, corrects_delay
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import ConversionTimes, EntireSpaceTasks, Tensor
from easy_esmm.data.validated import RowValidator
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_ConversionDelay = DatasetConfig.ConversionDelay


def conversion_times(
    config: PipelineConfig, columns: Mapping[str, Tensor], converted: Tensor
) -> Optional[ConversionTimes]:
    """The times of a batch; None where training does not correct for late conversions.

    Differences are taken in float64, for float32 tells times of today 128 s apart. A conversion in
    the same unit of time as its click counts half a unit.

    Args:
      config: resolved.
      columns: input columns [batch].
      converted: label of click and conversion, [batch].
    """
    if not corrects_delay(config):
        return None
    delay = config.data_config.conversion_delay
    day = SECONDS_PER_DAY / delay.seconds_per_unit
    times = _times(delay, columns)
    is_observed = (converted > 0) & times.has_conversion & (times.conversion <= times.until)
    waited = tf.maximum(times.conversion - times.click, 0.5) / day
    start = times.click - (delay.observed_from_time if _has_start(delay) else -float("inf"))
    return ConversionTimes(
        conversion=tf.where(is_observed, converted, 0.0),
        delay=tf.where(is_observed, tf.cast(waited, tf.float32), 0.0),
        elapsed=tf.cast((times.until - times.click) / day, tf.float32),
        since_start=tf.cast(start / day, tf.float32),
    )


class _Times(NamedTuple):
    """float64 [batch], in the unit of the columns."""

    click: Tensor
    conversion: Tensor
    """0 where there is none."""
    has_conversion: Tensor
    """bool [batch]."""
    until: Tensor


def _times(delay: Any, columns: Mapping[str, Tensor]) -> _Times:
    click, conversion = columns[delay.click_time], columns[delay.conversion_time]
    has_conversion = ~is_missing(conversion)
    click = tf.cast(click, tf.float64)
    until = tf.fill(tf.shape(click), tf.constant(delay.observed_until_time, tf.float64))
    if delay.observed_until:
        until = tf.cast(columns[delay.observed_until], tf.float64)
    conversion = tf.where(has_conversion, tf.cast(conversion, tf.float64), 0.0)
    return _Times(click, conversion, has_conversion, until)


def _has_start(delay: Any) -> bool:
    return bool(delay.HasField("observed_from_time"))


class _Rule(NamedTuple):
    """A rule on a column of the rows."""

    is_broken: Tensor
    """bool [batch]."""
    column: str
    rule: str
    fix: str


class TimeValidator:
    """Finds rows whose times contradict each other, or the labels."""

    def __init__(self, config: PipelineConfig) -> None:
        self._delay = config.data_config.conversion_delay
        # (The config's rules have it that the model is of this family.)
        self._family = cast(EntireSpaceTasks, task_specs(config.model_config).entire_space)

    def checks(self, columns: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Bool scalars: False where a row breaks a rule; none of rows of users."""
        if self._delay.click_time not in columns:
            return []
        return [~tf.reduce_any(rule.is_broken) for rule in self._rules(columns)]

    def fault(self, columns: Mapping[str, Tensor]) -> str:
        """The rule that a row [1] breaks; empty if it breaks none."""
        if self._delay.click_time not in columns:
            return ""
        for rule in self._rules(columns):
            if bool(rule.is_broken[0]):
                got = _shown(columns[rule.column]) if rule.column in columns else "nothing"
                return f"column '{rule.column}' {rule.rule}, got {got}; {rule.fix}"
        return ""

    def _rules(self, columns: Mapping[str, Tensor]) -> Iterator[_Rule]:
        """In the order in which they are told."""
        delay, family = self._delay, self._family
        click_time, conversion_time = delay.click_time, delay.conversion_time
        click, label = (_label(columns[t.label]) for t in (family.click, family.conversion))
        is_clicked, is_positive = click > 0, (click > 0) & (label > 0)
        times = _times(delay, columns)
        is_known = ~is_missing(columns[click_time])
        until = delay.observed_until or "observed_until_time"
        cut = f"{delay.observed_until_time:.17g}"
        if delay.observed_until:
            cut = f"'{until}'"
            yield _Rule(
                is_missing(columns[until]),
                until,
                "must be set in each row",
                "it says until when conversions of the row were looked for",
            )
        yield _Rule(
            ~is_known,
            click_time,
            "must be set in each row",
            "on rows without a click write the time of the impression",
        )
        yield _Rule(
            is_known & (times.click > times.until),
            click_time,
            f"must not be after the cut, {cut}",
            "leave out rows after it, or correct data_config.conversion_delay",
        )
        yield _Rule(
            is_positive & ~times.has_conversion,
            conversion_time,
            f"must be set where '{family.conversion.label}' is positive",
            "join the time of the conversion",
        )
        is_timed = is_clicked & times.has_conversion
        yield _Rule(
            is_timed & is_known & (times.conversion < times.click),
            conversion_time,
            f"must not be before '{click_time}'",
            "leave it empty where there was no conversion",
        )
        yield _Rule(
            is_timed & ~is_positive & (times.conversion <= times.until),
            family.conversion.label,
            f"must be positive where '{conversion_time}' is not after the cut, {cut}",
            "the label and the time contradict each other",
        )


def _label(column: Tensor) -> Tensor:
    """float32 [batch], 0 where it is missing."""
    if column.dtype == tf.string:
        numbers, _ = numbers_of(column, tf.float32)
        return tf.where(is_missing(numbers), 0.0, numbers)
    return tf.where(is_missing(column), 0.0, tf.cast(column, tf.float32))


def _shown(column: Tensor) -> str:
    if bool(is_missing(column)[0]):
        return "nothing"
    value = column[0].numpy()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else f"{value}"


class Validators:
    """Several validators as one."""

    def __init__(self, validators: Sequence[RowValidator]) -> None:
        self._validators = tuple(validators)

    def checks(self, columns: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Of all of them."""
        return [check for one in self._validators for check in one.checks(columns)]

    def fault(self, columns: Mapping[str, Tensor]) -> str:
        """The first of theirs."""
        return next(filter(None, (one.fault(columns) for one in self._validators)), "")


def training_validator(
    config: PipelineConfig, of_cells: Optional[RowValidator]
) -> Optional[RowValidator]:
    """What judges the rows of a training: `of_cells`, if given, and their times, if it has any."""
    found: List[RowValidator] = [] if of_cells is None else [of_cells]
    if corrects_delay(config):
        found.append(TimeValidator(config))
    return Validators(found) if found else None
