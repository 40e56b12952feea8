"""`make quickstart` as a whole: what its table promises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

import pytest

from easy_esmm import flags, quickstart
from easy_esmm.errors import UserError

CLONE = Path(__file__).resolve().parents[1]


def numbers(line: str) -> List[float]:
    return [float(cell.replace(",", "")) for cell in re.findall(r"[\d.,]+\d", line)]


def test_a_folder_without_the_sample_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^samples/esmm_quickstart\.config: no such file here"):
        quickstart.main(flags.parse(quickstart.FLAGS, ["quickstart"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_table_holds_what_was_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(CLONE)
    argv = ["quickstart", f"--output_dir={tmp_path}/quickstart"]
    quickstart.main(flags.parse(quickstart.FLAGS, argv))
    printed = capsys.readouterr().out
    rows: Dict[str, List[float]] = {
        line.split(",")[0]: numbers(line.split("  ", 1)[1])
        for line in printed.splitlines()
        if line.startswith(("CTR, all", "CVR, clicked", "CTCVR, all"))
    }
    impressions, clicks, auc, _, optimum, _ = rows["CTR"]
    assert impressions == 50_000
    assert (auc - 0.5) / (optimum - 0.5) >= 0.6
    clicked, conversions, auc, error, optimum, _ = rows["CVR"]
    assert clicked == clicks
    assert conversions >= 400
    assert auc - 0.5 >= 3 * error
    assert auc < optimum
    for path in re.findall(r"^(?:checkpoint|SavedModel) +(\S+)", printed, re.MULTILINE):
        assert list(Path(path).parent.glob(f"{Path(path).name}*")), path
