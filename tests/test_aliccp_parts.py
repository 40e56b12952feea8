"""What the commands on the downloaded Ali-CCP files share."""

from __future__ import annotations

from easy_esmm import aliccp_parts
from easy_esmm.config import Edit, load


def test_the_model_of_the_common_pctr_learns_nothing_from_conversions() -> None:
    masked = Edit("test", "model_config.esmm.click_masked_cvr_weight", 0.5)
    esmm = load(
        aliccp_parts.SAMPLE, [masked, *aliccp_parts.ctr_only("test")]
    ).config.model_config.esmm
    assert esmm.cvr_tower.weight == 0
    assert esmm.click_masked_cvr_weight == 0
