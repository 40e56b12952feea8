"""What README shows must be what the package does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List

import pytest

from easy_esmm import config as configs
from easy_esmm.config import ConfigError

CLONE = Path(__file__).resolve().parents[1]
README = (CLONE / "README.md").read_text()


def blocks() -> List[str]:
    return re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def first_config() -> str:
    return next(block for block in blocks() if "model_config" in block and "$ python" not in block)


def test_the_config_is_right(tmp_path: Path) -> None:
    path = tmp_path / "first.config"
    path.write_text(first_config())
    model = configs.load(str(path), command="train").config.model_config
    assert [g.group_name for g in model.feature_groups] == ["all"]
    assert model.esmm.cvr_tower.label_name == "buy"


def test_the_wrong_config_is_refused_in_the_words_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = first_config().replace("use_bn: false", "use_bn: false dropout_ratio: [0.1, 1.5]", 1)
    Path("first.config").write_text(wrong.replace('label_name: "buy"', 'label_name: "bought"'))
    shown = next(block for block in blocks() if block.startswith("$ python -m easy_esmm.check"))
    with pytest.raises(ConfigError) as raised:
        configs.load("first.config")
    assert str(raised.value) == shown.split("\n", 1)[1].rstrip()


def test_the_quickstart_guide_shows_a_right_config(tmp_path: Path) -> None:
    guide = (CLONE / "docs" / "quickstart.md").read_text()
    text = re.search(
        r"(?:^    .*\n|^\n)+", guide[guide.index("    train_input_path") :], re.MULTILINE
    )
    assert text
    path = tmp_path / "first.config"
    path.write_text(text.group())
    assert configs.load(str(path), command="train").config.data_config.batch_size == 1024
