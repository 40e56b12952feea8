"""What the commands on the downloaded Ali-CCP files share."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from easy_esmm import aliccp_parts, flags
from easy_esmm.config import Edit, load
from easy_esmm.errors import UserError


@pytest.mark.parametrize(
    ("given", "named"), [([], aliccp_parts.SAMPLE), (["--pipeline_config=a"], "a")]
)
def test_a_config_that_is_not_there_is_said_before_the_conversion(
    given: List[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = aliccp_parts.define_flags("runs/x")
    flags.parse(values, ["aliccp_run", "--data=d", *given])
    with pytest.raises(UserError, match=f"^--pipeline_config: {named}: no such file here"):
        aliccp_parts.files_of(values)


def test_the_model_of_the_common_pctr_learns_nothing_from_conversions() -> None:
    masked = Edit("test", "model_config.esmm.click_masked_cvr_weight", 0.5)
    esmm = load(
        aliccp_parts.SAMPLE, [masked, *aliccp_parts.ctr_only("test")]
    ).config.model_config.esmm
    assert esmm.cvr_tower.weight == 0
    assert esmm.click_masked_cvr_weight == 0
