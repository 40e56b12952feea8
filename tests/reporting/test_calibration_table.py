"""What the table of a calibration says of a gain, of noise, and of a loss."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.calibration.fitted import Fitted, Judged
from easy_esmm.calibration.holdout import Observations
from easy_esmm.calibration.scores import Measured, Scores
from easy_esmm.reporting.calibration_table import calibration_table


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (0.03, "CVR: log loss lower by 0.03 (s.e. 0.01)"),
        (0.002, "CVR: log loss lower by 0.002 (s.e. 0.01); no gain beyond noise"),
        (-0.002, "CVR: log loss higher by 0.002 (s.e. 0.01); no gain beyond noise"),
        (-0.03, "CVR: log loss higher by 0.03 (s.e. 0.01); worse beyond noise"),
    ],
)
def test_a_log_loss_that_rises_is_told_as_higher(gain: float, said: str) -> None:
    rows = Observations("cvr", "CVR", np.zeros(2), np.array([0, 1]), np.ones(2))
    same = Scores(Measured(1, 0.1), Measured(0.5, 0.1), Measured(0, 0.1))
    judged = Judged(rows, same, same, Measured(gain, 0.01))
    assert said in calibration_table(Fitted({}, [judged], {}, {}, {}), "").splitlines()
