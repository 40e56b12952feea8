"""What holds for the project as a whole: its files, links, targets, requirements and wheel."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

from tools.check_install import build_sdist, build_wheel

ROOT = Path(__file__).parents[1]


def project_files() -> List[Path]:
    """Every file that is or would be in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("asks git for the project's files; this is no clone")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def pages() -> List[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def anchors(page: Path) -> Set[str]:
    """The anchors that a page's headings get when they are shown as a web page."""
    headings: List[str] = re.findall(r"^#+ +(.+?) *$", prose(page), flags=re.M)
    kept = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in kept}


def links(page: Path) -> Iterator[Tuple[str, str]]:
    """(path, anchor) of each link that stays within the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in pages():
        for path, anchor in links(page):
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {path}{'#' if anchor else ''}{anchor}")
    assert broken == []


def test_every_sample_is_on_some_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in pages())
    samples = sorted(path.name for path in (ROOT / "samples").glob("*.config"))
    assert samples
    assert [name for name in samples if name not in text] == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    is_shared = ROOT.parent in (Path("/"), Path("/tmp"), Path("/home"))
    here = ROOT if is_shared else ROOT.parent
    machine = re.compile(rf"{re.escape(str(here))}/|/root/|/(home|Users)/\w+/")
    found = []
    for path in project_files():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if machine.search(line) and path != Path(__file__):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def test_make_help_gives_a_line_to_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.M)
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env=_bare()
    )
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert [words[:2] for words in lines] == [
        ["make", name] for name in phony.split() if name != "FORCE"
    ]
    assert all(words[2] for words in lines)


def _bare() -> Dict[str, str]:
    """An environment in which this `make` is not a part of the one that runs the tests."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def test_version_stands_in_one_file() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', pyproject, flags=re.M)
    quoted = re.compile(rf"""["']{re.escape(version)}["']""")
    holders = [
        path.relative_to(ROOT).as_posix()
        for path in project_files()
        if path.suffix in (".py", ".toml", ".cfg") and quoted.search(path.read_text("utf-8"))
    ]
    assert holders == ["pyproject.toml"]


@pytest.mark.skipif(
    not hasattr(sys, "stdlib_module_names"), reason="sys.stdlib_module_names came with Python 3.10"
)
def test_package_imports_nothing_that_it_does_not_require() -> None:
    imported = set()
    for path in (ROOT / "easy_esmm").glob("**/*.py"):
        imported |= imported_roots(ast.parse(path.read_text(encoding="utf-8")))
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"^dependencies = \[\n(.*?)^\]", pyproject, flags=re.S | re.M)
    extras = re.findall(
        r"^(?:calibrate|client|compare|mlflow|prometheus|tune) = \[(.*?)\]",
        pyproject,
        flags=re.S | re.M,
    )
    required = set(re.findall(r'(?:^ *|, )"([\w-]+)', "\n".join([block, *extras]), flags=re.M))
    import_name = {
        "absl-py": "absl",
        "google-crc32c": "google_crc32c",
        "grpcio": "grpc",
        "mlflow-skinny": "mlflow",
        "protobuf": "google",
        "scikit-learn": "sklearn",
    }
    ours = {"easy_esmm", *sys.stdlib_module_names}
    assert imported - ours - {import_name.get(name, name) for name in required} == set()


def imported_roots(tree: ast.Module) -> Set[str]:
    """First parts of the names that a module imports, wherever in it."""
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0])
    return roots


def test_checking_a_config_does_not_import_tensorflow() -> None:
    quick = [
        "aliccp.simulate",
        "check",
        "config",
        "contract",
        "flags",
        "init",
        "protos",
        "serving",
        "simulation",
    ]
    code = f"""
import importlib, sys
for name in {quick}:
    importlib.import_module("easy_esmm." + name)
    assert "tensorflow" not in sys.modules, name
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_wheel_holds_the_package_with_its_type_hints_and_nothing_else(tmp_path: Path) -> None:
    sdist = build_sdist(tmp_path)
    with zipfile.ZipFile(build_wheel(sdist)) as wheel:
        names = set(wheel.namelist())
    packed = {name for name in names if not name.startswith("easy_esmm-0")}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "easy_esmm").glob("**/*")
        if path.suffix in (".py", ".pyi") or path.name == "py.typed"
    }
    assert packed == wanted
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with tarfile.open(sdist) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}
    ours = {path.relative_to(ROOT) for path in project_files()}
    beside = {path.as_posix() for path in ours if path.parts[0] in ("samples", "protos", "docs")}
    assert beside <= sources
    assert any(path.startswith("samples/") for path in beside)
    assert wanted | {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"} <= sources
