"""What is said of packages that are there, or are not."""

from __future__ import annotations

import pytest

from easy_esmm import installed


def test_tensorboard_comes_with_its_installation_where_it_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for version, expected in (
        ("2.15.2", "tensorboard --logdir runs/a"),
        (None, "pip install tensorboard && tensorboard --logdir runs/a"),
    ):
        monkeypatch.setattr(installed, "version_of", {"tensorboard": version}.get)
        assert installed.tensorboard_command("runs/a") == expected
