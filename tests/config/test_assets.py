"""Files that an export copies: readable, not too large, and none that hold a machine's secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from easy_esmm.config.rules import assets


def rule_of(path: Path) -> str:
    return assets._broken_rule(str(path), {"model_card.json"})


def test_a_plain_file_is_an_asset(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a")
    assert rule_of(tmp_path / "words.txt") == ""


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/version", "~/.netrc", "~/.ssh/id_rsa"])
def test_a_file_of_the_system_or_a_hidden_one_is_none(tmp_path: Path, path: str) -> None:
    file = Path(path.replace("~", str(tmp_path)))
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text("secret")
    assert rule_of(file).startswith("must not be a file of the system or a hidden one, which may")
    (tmp_path / "link.txt").symlink_to(file)
    shown = os.path.realpath(file)
    assert f"hidden one ({shown})" in rule_of(tmp_path / "link.txt")


def test_what_is_no_file_too_large_or_has_a_taken_name_is_none(tmp_path: Path) -> None:
    large, card = tmp_path / "large.bin", tmp_path / "model_card.json"
    with large.open("wb") as file:
        file.truncate(assets.LARGEST + 1)  # takes no room on the disk
    card.write_text("{}")
    assert rule_of(tmp_path) == rule_of(Path("/dev/null")) == "must be an existing file"
    assert rule_of(large).startswith("must not be larger than 1073741824 bytes")
    assert rule_of(card) == "must have a name of its own among the assets"
