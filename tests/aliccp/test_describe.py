"""The page about a conversion."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from easy_esmm.aliccp.conversion.job import Job, convert
from easy_esmm.aliccp.conversion.page import _tail
from easy_esmm.aliccp.conversion.sources import find
from easy_esmm.aliccp.describe import describe
from easy_esmm.errors import UserError
from easy_esmm.reporting.drawing.xy import bars
from easy_esmm.simulation import quirks
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe as summary_of
from easy_esmm.simulation.writing import write_simulation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Train and test converted, beside each other."""
    base = tmp_path_factory.mktemp("described")
    simulation = simulate(Settings(rows=3000, seed=3))
    every = quirks.parse("all")
    write_simulation(simulation, summary_of(simulation), base / "in", ["raw"], quirks=every)
    for part in ("train", "test"):
        names = (f"sample_skeleton_{part}.csv", f"common_features_{part}.csv")
        skeleton, common = (find("x", str(base / "in" / "raw" / name), "") for name in names)
        vocabulary = base / "out" / "train" if part == "test" else None
        convert(Job(skeleton, common, base / "out" / part, vocabulary, max_bad_rows=50))
    return base / "out"


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_loads_nothing(folder):
    text = describe(folder)
    page = _Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not {"src", "href", "onclick"} & {name for name, _ in page.attributes}
    assert not re.search(r"https?://|url\(|@import", text)
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_each_part_has_its_numbers_and_charts_train_first(folder):
    text = describe(folder)
    assert re.findall(r"<h2>(\w+)</h2>", text) == ["train", "test"]
    # 4 of rates, 1 + 4 of lengths, 6 of tails
    assert text.count("<svg") == 2 * 15
    alone = describe(folder / "test")
    assert re.findall(r"<h2>(\w+)</h2>", alone) == ["test"]
    for part in ("train", "test"):
        counts = json.loads((folder / part / "conversion.json").read_text())["counts"]
        assert f"<b>{counts['impressions']:,}</b><span>impressions</span>" in text


def test_a_folder_without_a_finished_conversion_is_refused(folder):
    with pytest.raises(UserError, match=r"holds no conversion.json, which a conversion writes"):
        describe(folder / "train" / "vocabulary")


def test_bars_are_as_high_as_their_values():
    svg = bars(["a", "b"], [1.0, 4.0], "{:.0f}".format, "two")
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" rx', svg)]
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.01)
    # the axis goes to 4, and the plot is 240 - 26 - 44 high
    assert heights[1] == pytest.approx(170, abs=0.1)
    assert bars([], [], "{:.0f}".format, "none").count("<rect") == 0


def test_the_tail_of_equal_counts_is_the_share_of_the_ids():
    for x, share in _tail(np.full(100_000, 7)):
        assert share == pytest.approx(10 ** (4 * (x - 1)), rel=1e-6)


def test_the_command_writes_the_page_and_refuses_what_is_no_conversion(folder, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "easy_esmm.aliccp.describe", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )

    result = run(folder, "--output", tmp_path / "page.html")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "page.html").read_text() == describe(folder)
    refused = run(tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"{tmp_path}: holds no conversion.json")
    assert run().returncode == 2
