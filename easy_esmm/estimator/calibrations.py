"""Applies the calibration of a checkpoint wherever the checkpoint is read."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from absl import logging

from easy_esmm.calibration import file
from easy_esmm.calibration.apply import UNCALIBRATED
from easy_esmm.calibration.calibration import Calibration
from easy_esmm.config import Pipeline


def calibration_of(pipeline: Pipeline, checkpoint: str) -> Optional[Calibration]:
    """The calibration beside the checkpoint, and a line that says so; None without one.

    Raises:
      UserError: there is a file, and it is damaged or of something else.
    """
    calibration = file.read(pipeline, checkpoint)
    if calibration is not None:
        logging.info("calibrated by %s (%s)", file.path_of(checkpoint), calibration.words)
    return calibration


def columns_of(calibration: Optional[Calibration]) -> Tuple[str, ...]:
    """Input columns that it reads."""
    return (calibration.field,) if calibration is not None and calibration.field else ()


def without_calibration(scores: Mapping[str, Any]) -> Dict[str, Any]:
    """The scores of a SavedModel as they are without its calibration, if it has one."""
    before = {
        name[len(UNCALIBRATED) :]: values
        for name, values in scores.items()
        if name.startswith(UNCALIBRATED)
    }
    own = {name: v for name, v in scores.items() if not name.startswith(UNCALIBRATED)}
    return {**own, **before}
