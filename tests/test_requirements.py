"""Environment markers alone give each Python its TensorFlow: pyproject.toml against the bridge."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from easy_esmm.compat import bridge

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
MINORS = range(9, 14)


def required(minor: int) -> Dict[str, SpecifierSet]:
    """What pip installs on that Python, by name; each name once."""
    (block,) = re.findall(r"^dependencies = \[\n(.*?)^\]", PYPROJECT, flags=re.S | re.M)
    lines: List[str] = re.findall(r'^ *"(.+?)"', block, flags=re.M)
    environment = {"python_version": f"3.{minor}"}
    found = [
        requirement
        for requirement in map(Requirement, lines)
        if requirement.marker is None or requirement.marker.evaluate(environment)
    ]
    assert len({requirement.name for requirement in found}) == len(found)
    return {requirement.name: requirement.specifier for requirement in found}


@pytest.mark.parametrize("minor", [9, 10, 11])
def test_older_pythons_get_the_last_tensorflow_with_tf_estimator(minor: int) -> None:
    requirements = required(minor)
    assert list(requirements["tensorflow"].filter(["2.14.1", "2.15.1", "2.16.1"])) == ["2.15.1"]
    assert "2.0.0" not in requirements["numpy"]
    assert not requirements.keys() & {"tf-keras", "tensorflow-estimator"}


@pytest.mark.parametrize("minor", [12, 13])
def test_newer_pythons_get_a_tested_tensorflow_and_what_left_it(minor: int) -> None:
    requirements = required(minor)
    (major, newest) = bridge.NEWEST_TESTED
    for name in ("tensorflow", "tf-keras"):
        assert f"{major}.{newest}.0" in requirements[name]
        assert f"{major}.{newest + 1}.0" not in requirements[name]
        assert "2.15.1" not in requirements[name]
    assert str(requirements["tensorflow-estimator"]) == "==2.15.0"


@pytest.mark.parametrize("minor", MINORS)
def test_pyarrow_that_needs_numpy_2_is_kept_from_tensorflows_that_need_numpy_1(minor: int) -> None:
    # TensorFlow 2.15 to 2.17 need numpy 1, and none of them has a wheel for Python 3.13.
    assert ("22.0.0" in required(minor)["pyarrow"]) == (minor >= 13)


def test_the_supported_pythons_are_the_same_everywhere() -> None:
    (wanted,) = re.findall(r'^requires-python = "(.+?)"', PYPROJECT, flags=re.M)
    allowed = [minor for minor in range(6, 20) if Version(f"3.{minor}") in SpecifierSet(wanted)]
    listed = re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', PYPROJECT)
    script = (ROOT / "tools" / "find_python.sh").read_text(encoding="utf-8")
    (searched,) = re.findall(r"^minors=\$\{\*:-([\d ]+)\}", script, flags=re.M)
    assert allowed == list(MINORS)
    assert [int(minor) for minor in listed] == allowed
    assert sorted(map(int, searched.split())) == allowed
