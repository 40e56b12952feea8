"""What a training warns of before it begins."""

from __future__ import annotations

import logging
from typing import Optional

import pytest

from easy_esmm import processor
from easy_esmm.estimator import first_checks
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import BF16, FP32


@pytest.mark.parametrize(
    ("dtype", "has_units", "warnings"),
    [(BF16, False, 1), (BF16, True, 0), (BF16, None, 0), (FP32, False, 0)],
)
def test_bfloat16_without_units_for_it_is_told_to_be_slower(
    dtype: int,
    has_units: Optional[bool],
    warnings: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(processor, "has_bfloat16", lambda: has_units)
    config = PipelineConfig()
    config.train_config.compute_dtype = dtype
    with caplog.at_level(logging.WARNING):
        first_checks.warn_of_slow_products(config)
    told = [r.getMessage() for r in caplog.records]
    assert len(told) == warnings
    assert all("compute_dtype: BF16 is slower than FP32 on this processor" in text for text in told)
