"""The table of calibrated rates against planted truth, on few rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import calibration
from easy_esmm import flags


@pytest.mark.slow
def test_calibrated_rates_are_the_planted_ones_within_their_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "TRAINED", 100_000)
    arguments = ["--settings=A", "--rows=300000", f"--output_dir={tmp_path}"]
    calibration.main(flags.parse(calibration.FLAGS, ["program", *arguments]))
    table = capsys.readouterr().out
    assert re.search(r"^A: \d{3},\d{3} rows in the holdout, \d{3} conversions", table)
    for line in ("whole", "by 206"):
        (found,) = re.findall(rf"^{line}, .*", table, re.MULTILINE)
        ctr, cvr, ctcvr, *_ = (float(v) for v in re.findall(r"(\d\.\d{3}) \(", found))
        # 12,000 clicks and 600 conversions: errors of 1 % and 4 %.
        assert ctr == pytest.approx(1, abs=0.04)
        assert cvr == pytest.approx(1, abs=0.15)
        assert ctcvr == pytest.approx(1, abs=0.15)
    (gains,) = re.findall(r"^whole, .*", table, re.MULTILINE)
    assert re.search(r"[+-]0\.000000 +[+-]0\.\d{6} +[+-]0\.000000$", gains)
