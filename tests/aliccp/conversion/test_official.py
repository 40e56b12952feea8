"""What is known of the official files."""

from __future__ import annotations

from easy_esmm.aliccp.conversion.official import VOCABULARY_SIZES, compare


def test_other_line_counts_are_not_the_official_files():
    assert compare(42_300_136, 730_600, 230, 12, VOCABULARY_SIZES) == {"part": None, "checks": []}


def test_the_training_files_are_compared_with_all_that_is_known():
    compared = compare(42_300_135, 730_600, 230, 12, {**VOCABULARY_SIZES, "301": 3, "205": 467_000})
    assert compared["part"] == "train"
    assert len(compared["checks"]) == 2 + len(VOCABULARY_SIZES)
    differing = [check for check in compared["checks"] if not check["agrees"]]
    # 301 with three ids agrees with the published four, which count "unknown"
    assert differing == [
        {"what": "vocabulary of 205", "known": 467_298, "found": 467_000, "agrees": False}
    ]


def test_another_cut_off_or_the_test_files_say_nothing_of_vocabularies():
    assert len(compare(42_300_135, 730_600, 230, 5, VOCABULARY_SIZES)["checks"]) == 2
    checks = compare(43_016_840, 884_212, 225, 12, VOCABULARY_SIZES)["checks"]
    assert [check["agrees"] for check in checks] == [True, False]
