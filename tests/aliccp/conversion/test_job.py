"""Whole conversions of simulated raw files: against a slow one, row for row, and the truth."""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import json
import re
import shutil
import tarfile
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from easy_esmm.aliccp.conversion import job as conversion
from easy_esmm.aliccp.conversion import partition, shard_files, shards
from easy_esmm.aliccp.conversion.against_simulation import compared, counts_of_simulation
from easy_esmm.aliccp.conversion.job import Job, convert
from easy_esmm.aliccp.conversion.raw_block import MALFORMED
from easy_esmm.aliccp.conversion.sources import find
from easy_esmm.aliccp.conversion.statistics import format_statistics
from easy_esmm.errors import UserError
from easy_esmm.simulation import quirks
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import write_simulation
from tests.aliccp import slow_conversion as slow

PARTS = ("train", "test")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """3,000 + 1,000 impressions with every quirk."""
    folder = tmp_path_factory.mktemp("simulated") / "data"
    simulation = simulate(Settings(rows=4000, click_rate=0.2, conv_rate=0.2, seed=5))
    every = quirks.parse("all")
    write_simulation(simulation, describe(simulation), folder, ["raw"], quirks=every)
    return folder


def job_of(raw, part, output, **changes):
    job = Job(
        skeleton=find("skeleton", str(raw / f"sample_skeleton_{part}.csv"), "sample_skeleton"),
        common=find("common", str(raw / f"common_features_{part}.csv"), "common_features"),
        output=output,
        max_bad_rows=100,
        shards=3,
        piece_bytes=100_000,
    )
    return replace(job, **changes)


@pytest.fixture(scope="module")
def converted(simulated, tmp_path_factory):
    """Both parts in the grouped layout: (folder, results by part)."""
    folder = tmp_path_factory.mktemp("converted")
    results = {"train": convert(job_of(simulated / "raw", "train", folder / "train"))}
    test = job_of(simulated / "raw", "test", folder / "test", vocabulary=folder / "train")
    results["test"] = convert(test)
    return folder, results


@pytest.fixture(scope="module")
def expected(simulated):
    """By part, what the slow conversion makes: (rows by key, counts)."""
    raw = simulated / "raw"
    made = {
        part: slow.convert(raw / f"sample_skeleton_{part}.csv", raw / f"common_features_{part}.csv")
        for part in PARTS
    }
    values = slow.vocabulary(made["train"][0], 12)
    return {part: (slow.encoded(rows, values), counts) for part, (rows, counts) in made.items()}


def hashes(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "conversion.json"
    }


@pytest.mark.parametrize("part", PARTS)
def test_the_grouped_layout_holds_every_row_of_a_slow_conversion(converted, expected, part):
    found = slow.read_grouped(converted[0] / part)
    rows, _ = expected[part]
    assert found.keys() == rows.keys()
    for key in rows:
        assert found[key] == rows[key]
    several = [len(row["853"]) > 1 for own in rows.values() for row in own]
    assert sum(several) > 50


@pytest.mark.parametrize("part", PARTS)
def test_what_is_dropped_is_what_a_slow_conversion_drops(converted, expected, part):
    dropped = converted[1][part]["dropped"]
    counts = expected[part][1]
    assert dropped["impossible"]["count"] == counts["impossible"] == 3
    assert dropped["unknown_key"]["count"] == counts["unknown key"] >= 2
    assert dropped["repeated_key"]["count"] == counts["repeated key"] == 3
    for name in ("skeleton", "common"):
        kinds = dropped["malformed"][name]
        assert sum(own["count"] for own in kinds.values()) == counts[f"malformed {name}"] == 1


@pytest.mark.parametrize("part", PARTS)
def test_every_count_equals_the_generators_truth(simulated, converted, part):
    truth = json.loads((simulated / "simulation.json").read_text())["raw"]["parts"][part]
    result = json.loads((converted[0] / part / "conversion.json").read_text())
    assert counts_of_simulation(simulated / "raw", part) == truth
    line = compared(result, truth)
    assert re.fullmatch(r"simulation: all \d{3} counts are those of the generator", line)
    for name in ("skeleton", "common"):
        assert result["inputs"][name]["lines"] == truth["lines"][name]
    assert result["counts"] == truth["counts"]
    for name in ("impossible", "unknown_key", "repeated_key"):
        assert result["dropped"][name]["count"] == truth["dropped"][name]
    for name, wanted in truth["fields"].items():
        found = {key: result["fields"][name][key] for key in wanted}
        assert found == wanted, name
    assert result["by_position"] == truth["by_position"]
    assert result["by_order"] == truth["by_order"]
    assert result["counts"]["duplicate_impressions"] > 0


def test_each_count_that_is_not_the_generators_is_named(simulated, converted):
    truth = counts_of_simulation(simulated / "raw", "train")
    result = json.loads((converted[0] / "train" / "conversion.json").read_text())
    before = result["counts"]["clicks"], result["fields"]["205"]["values"]
    result["counts"]["clicks"] += 1
    result["fields"]["205"]["values"] -= 2
    result["dropped"]["malformed"]["common"]["id"] = {"count": 7, "first": [3]}
    assert compared(result, truth).splitlines() == [
        "simulation: 3 counts differ",
        f"  clicks: {before[0] + 1}, but the simulation wrote {before[0]}",
        "  malformed common: 8, but the simulation wrote 1",
        f"  values of 205: {before[1] - 2}, but the simulation wrote {before[1]}",
    ]
    result["min_count"] = 3
    result["fields"]["205"]["vocabulary"] += 1
    assert compared(result, truth).startswith("simulation: 3 counts differ\n")
    assert counts_of_simulation(simulated, "train") is None


def test_the_users_of_a_shard_lie_beside_its_impressions(converted):
    folder, results = converted
    total = 0
    for own in results["train"]["files"]:
        rows, users = (pq.read_table(folder / "train" / name) for name in own["names"])
        assert (len(rows), len(users)) == (own["impressions"], own["user_rows"])
        counts = users["impressions"].to_numpy()
        first = users["first_impression"].to_numpy()
        assert counts.min() >= 1
        assert first.tolist() == (counts.cumsum() - counts).tolist()
        assert rows["user_row"].to_pylist() == [
            user for user, count in enumerate(counts) for _ in range(count)
        ]
        total += len(users)
    assert total == results["train"]["counts"]["user_rows"]
    assert len(results["train"]["files"]) == 3


def test_the_flat_layouts_hold_the_rows_of_the_grouped_one_in_its_order(
    simulated, converted, tmp_path
):
    grouped = slow.read_grouped(converted[0] / "train")
    wanted = [row for own in grouped.values() for row in own]
    raw = simulated / "raw"
    for form in ("parquet", "csv"):
        job = job_of(raw, "train", tmp_path / form, layout="flat", format=form)
        result = convert(job)
        assert [own["names"] for own in result["files"]] == [
            [f"part-0000{k}-of-00003.{form}"] for k in range(3)
        ]
    tables = [pq.read_table(path) for path in sorted((tmp_path / "parquet").glob("part-*"))]
    assert [row for table in tables for row in table.to_pylist()] == wanted
    found = []
    for path in sorted((tmp_path / "csv").glob("part-*")):
        with path.open() as file:
            found += [parsed_cells(row) for row in csv.DictReader(file)]
    assert found == wanted


def parsed_cells(cells):
    row = {}
    for name, cell in cells.items():
        if name in slow.WEIGHTED:
            pairs = [piece.split(":") for piece in cell.split("|") if piece]
            row[name] = [int(value) for value, _ in pairs]
            row[name + "_weight"] = [pytest.approx(float(weight), rel=1e-7) for _, weight in pairs]
        elif name == "210":
            row[name] = [int(value) for value in cell.split("|") if value]
        else:
            row[name] = int(cell) if cell else None
    return row


def test_a_tfrecord_holds_the_rows_of_the_flat_parquet_file(simulated, tmp_path):
    import tensorflow as tf

    raw = simulated / "raw"
    for form in ("parquet", "tfrecord"):
        convert(job_of(raw, "test", tmp_path / form, layout="flat", format=form, shards=1))
    wanted = pq.read_table(tmp_path / "parquet" / "part-00000-of-00001.parquet").to_pylist()
    path = str(tmp_path / "tfrecord" / "part-00000-of-00001.tfrecord")
    records = [record.numpy() for record in tf.data.TFRecordDataset(path)]
    assert len(records) == len(wanted)
    for record, row in zip(records, wanted):
        feature = tf.train.Example.FromString(record).features.feature
        assert feature.keys() == row.keys()
        for name, value in row.items():
            if name.endswith("_weight"):
                assert list(feature[name].float_list.value) == value
            else:
                values = value if isinstance(value, list) else [] if value is None else [value]
                assert list(feature[name].int64_list.value) == values


def test_an_id_gets_a_value_from_exactly_min_count_occurrences_on(converted, simulated):
    # planted into field 210: one id 11 times, the next 12 times, the next 13 times
    nodes = simulate(Settings(rows=4000, click_rate=0.2, conv_rate=0.2, seed=5))
    first = 700_000 + nodes.impressions.catalogue.sizes["210"]
    vocabulary = pd.read_csv(converted[0] / "train" / "vocabulary" / "210.csv").set_index("id")
    assert first not in vocabulary.index
    assert vocabulary["count"][first + 1] == 12
    assert vocabulary["count"][first + 2] == 13
    assert vocabulary["count"].min() >= 12
    assert vocabulary["value"].tolist() == list(range(1, len(vocabulary) + 1))
    summary = json.loads((converted[0] / "train" / "vocabulary" / "vocabulary.json").read_text())
    assert summary["fields"]["210"]["num_buckets"] == len(vocabulary) + 1


def test_the_test_part_takes_trains_vocabulary_and_writes_none(converted):
    folder, results = converted
    assert not (folder / "test" / "vocabulary").exists()
    for name, own in results["test"]["fields"].items():
        assert own["vocabulary"] == results["train"]["fields"][name]["vocabulary"]
    # new items of the test period have no value there
    assert results["test"]["fields"]["205"]["unknown_values"] > 0


def test_workers_and_pieces_change_nothing(simulated, converted, tmp_path):
    job = job_of(simulated / "raw", "train", tmp_path / "again", workers=2, piece_bytes=37_000)
    convert(job)
    assert hashes(tmp_path / "again") == hashes(converted[0] / "train")


def test_fields_without_values_and_shards_without_rows_are_written_too(tmp_path):
    simulation = simulate(Settings(rows=400, history_length=0, seed=2))
    write_simulation(simulation, describe(simulation), tmp_path / "in", ["raw"])
    raw = tmp_path / "in" / "raw"
    result = convert(job_of(raw, "train", tmp_path / "out", shards=40))
    assert min(own["impressions"] for own in result["files"]) == 0
    assert result["fields"]["853"]["values"] == result["fields"]["853"]["vocabulary"] == 0
    paths = [raw / f"{name}_train.csv" for name in ("sample_skeleton", "common_features")]
    rows, _ = slow.convert(*paths)
    wanted = slow.encoded(rows, slow.vocabulary(rows, 12))
    assert slow.read_grouped(tmp_path / "out") == wanted
    for form in ("parquet", "csv"):
        job = job_of(raw, "train", tmp_path / form, shards=40, layout="flat", format=form)
        assert convert(job)["counts"] == result["counts"]


def test_another_seed_is_another_order_of_the_same_rows(simulated, converted, tmp_path):
    convert(job_of(simulated / "raw", "train", tmp_path / "other", seed=2))
    found, before = (slow.read_grouped(f) for f in (tmp_path / "other", converted[0] / "train"))
    assert found == before
    assert list(found) != list(before)


@pytest.mark.parametrize("kind", ["gz", "tar.gz", "tar"])
def test_compressed_files_and_archives_give_the_same_files(simulated, converted, tmp_path, kind):
    raw = simulated / "raw"
    if kind == "gz":
        for path in raw.glob("*_train.csv"):
            (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        paths = [tmp_path / f"{n}_train.csv.gz" for n in ("sample_skeleton", "common_features")]
    else:
        archive = tmp_path / f"sample_train.{kind}"
        with tarfile.open(archive, "w:gz" if kind == "tar.gz" else "w") as file:
            for path in sorted(raw.glob("*_train.csv")):
                file.add(path, f"./{path.name}")
        paths = [archive, archive]
    job = job_of(raw, "train", tmp_path / "out", workers=1)
    skeleton, common = (
        find("x", str(path), name) for path, name in zip(paths, ("sample_skeleton", "common_"))
    )
    convert(replace(job, skeleton=skeleton, common=common))
    assert hashes(tmp_path / "out") == hashes(converted[0] / "train")


def test_an_archive_without_the_file_or_with_two_is_refused(simulated, tmp_path):
    raw = simulated / "raw"
    archive = tmp_path / "both.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        for path in sorted(raw.glob("sample_skeleton_*.csv")):
            file.add(path, path.name)
    job = job_of(raw, "train", tmp_path / "out")
    with pytest.raises(UserError, match=r"must hold one file named common_features\*, holds"):
        convert(replace(job, common=find("common", str(archive), "common_features")))
    with pytest.raises(UserError, match=r"one file named sample_skeleton\*, holds .*test.*train"):
        convert(replace(job, skeleton=find("skeleton", str(archive), "sample_skeleton")))


def test_a_compressed_file_that_breaks_off_is_refused(simulated, tmp_path):
    raw = simulated / "raw"
    whole = gzip.compress((raw / "sample_skeleton_train.csv").read_bytes(), 1)
    (tmp_path / "half.gz").write_bytes(whole[: len(whole) // 2])
    job = job_of(raw, "train", tmp_path / "out")
    with pytest.raises(UserError, match=r"half.gz: cannot be read to its end"):
        convert(replace(job, skeleton=find("skeleton", str(tmp_path / "half.gz"), "")))


def test_bad_rows_up_to_the_budget_pass_and_one_more_does_not(simulated, tmp_path):
    raw = simulated / "raw"
    # one malformed line in each file, 3 repeated keys, and what the slow conversion says is unknown
    counts = slow.convert(raw / "sample_skeleton_train.csv", raw / "common_features_train.csv")[1]
    bad = sum(count for kind, count in counts.items() if kind != "impossible")
    assert bad >= 7
    convert(job_of(raw, "train", tmp_path / "enough", max_bad_rows=bad))
    job = job_of(raw, "train", tmp_path / "short", max_bad_rows=bad - 1)
    with pytest.raises(UserError) as caught:
        convert(job)
    message = str(caught.value)
    assert message.startswith(f"--max_bad_rows: must not be exceeded, is {bad - 1}, {bad} bad rows")
    last = len(slow.lines_of(raw / "common_features_train.csv"))
    assert re.search(
        rf"common_features_train.csv: malformed, \w+: 1 \(first in line {last}\)", message
    )
    assert not (tmp_path / "short" / "conversion.json").exists()
    assert not list((tmp_path / "short").glob("*.parquet"))
    # the work is not lost: a larger tolerance only needs to move the shards
    convert(replace(job, max_bad_rows=bad))
    assert hashes(tmp_path / "short") == hashes(tmp_path / "enough")


class Killed(BaseException):
    """Stands for the end of the process."""


def calls(monkeypatch, module, name, stop_at=None):
    """Counts the calls of a function, and ends the run at one of them, after its work is done."""
    made = []
    work = getattr(module, name)

    def counted(task):
        if len(made) + 1 == stop_at:
            raise Killed
        made.append(task)
        return work(task)

    monkeypatch.setattr(module, name, counted)
    return made


@pytest.mark.parametrize(
    ("name", "stop_at", "left"),
    [("partition_piece", 4, None), ("count_ids", 1, 1), ("write_shard", 2, 2)],
)
def test_a_killed_run_goes_on_where_it_stopped(
    simulated, converted, tmp_path, monkeypatch, name, stop_at, left
):
    job = job_of(simulated / "raw", "train", tmp_path / "out")
    with monkeypatch.context() as patch:
        calls(patch, conversion, name, stop_at)
        with pytest.raises(Killed):
            convert(job)
    assert not (tmp_path / "out" / "conversion.json").exists()
    assert not list((tmp_path / "out").glob("*.parquet"))
    again = calls(monkeypatch, conversion, name)
    convert(job)
    if left is None:
        pieces = sum(-(-source.bytes // job.piece_bytes) for source in (job.skeleton, job.common))
        left = pieces - 3
        assert left > 3
    assert len(again) == left
    assert hashes(tmp_path / "out") == hashes(converted[0] / "train")
    assert not (tmp_path / "out" / ".unfinished").exists()


def test_a_run_killed_inside_a_shard_leaves_nothing_that_passes_for_whole(
    simulated, converted, tmp_path, monkeypatch
):
    job = job_of(simulated / "raw", "train", tmp_path / "out")
    with monkeypatch.context() as patch:
        # the impressions are written, the users are not
        write = shard_files._write_parquet

        def half(path, tables, schema):
            if path.name.startswith("users-00001"):
                path.write_bytes(b"PAR1 and no more")
                raise Killed
            write(path, tables, schema)

        patch.setattr(shard_files, "_write_parquet", half)
        with pytest.raises(Killed):
            convert(job)
    assert not (tmp_path / "out" / "conversion.json").exists()
    work = tmp_path / "out" / ".unfinished"
    assert [path.name for path in (work / "done").iterdir()] == ["00000.json"]
    # a killed process removes nothing; none has a number like this one
    half = [
        tmp_path / "out" / "conversion.json",
        work / "partitions" / "s.arrow",
        work / "shards" / "u",
    ]
    half = [path.with_name(f"{path.name}.unfinished-4194305") for path in half]
    for path in half:
        path.write_text("half")
    convert(job)
    assert hashes(tmp_path / "out") == hashes(converted[0] / "train")
    assert not any(path.exists() for path in half)


def test_a_run_killed_while_the_files_move_is_finished_by_the_next(
    simulated, converted, tmp_path, monkeypatch
):
    job = job_of(simulated / "raw", "train", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(conversion.shutil, "copytree", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            convert(job)
    assert list((tmp_path / "out").glob("*.parquet"))
    assert not (tmp_path / "out" / "conversion.json").exists()
    again = calls(monkeypatch, conversion, "write_shard")
    convert(job)
    assert again == []
    assert hashes(tmp_path / "out") == hashes(converted[0] / "train")


def test_unfinished_work_of_other_files_or_settings_is_not_used(
    simulated, converted, tmp_path, monkeypatch
):
    raw = tmp_path / "raw"
    shutil.copytree(simulated / "raw", raw)
    job = job_of(raw, "train", tmp_path / "out")
    with monkeypatch.context() as patch:
        calls(patch, conversion, "write_shard", 2)
        with pytest.raises(Killed):
            convert(job)
    lines = (raw / "sample_skeleton_train.csv").read_bytes().splitlines(keepends=True)
    (raw / "sample_skeleton_train.csv").write_bytes(b"".join(lines[:2000]))
    result = convert(job_of(raw, "train", tmp_path / "out"))
    assert result["inputs"]["skeleton"]["lines"] == 2000
    found = slow.read_grouped(tmp_path / "out")
    rows, _ = slow.convert(raw / "sample_skeleton_train.csv", raw / "common_features_train.csv")
    assert found == slow.encoded(rows, slow.vocabulary(rows, 12))


def test_a_finished_conversion_is_replaced_only_when_asked(simulated, tmp_path):
    job = job_of(simulated / "raw", "test", tmp_path / "out")
    convert(job)
    with pytest.raises(UserError, match="holds a finished conversion; name another folder, or"):
        convert(job)
    result = convert(replace(job, overwrite=True, layout="flat", shards=1))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "conversion.json",
        "part-00000-of-00001.parquet",
        "vocabulary",
    ]
    assert result["settings"]["layout"] == "flat"
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds 'notes.txt', which no conversion wrote"):
        convert(replace(job, overwrite=True))


def test_a_folder_with_files_of_ones_own_is_never_emptied(simulated, tmp_path):
    for name in ("users-of-mine.parquet", "vocabulary", "part-00000-of-00001.csv"):
        folder = tmp_path / name / "out"
        folder.mkdir(parents=True)
        (folder / name).write_text("mine")
        with pytest.raises(UserError, match=rf"holds '{name}', which no conversion wrote"):
            convert(job_of(simulated / "raw", "test", folder, overwrite=True))
        assert (folder / name).read_text() == "mine"


def test_a_full_disk_is_a_message_and_the_work_is_kept(simulated, converted, tmp_path, monkeypatch):
    job = job_of(simulated / "raw", "train", tmp_path / "out")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shards, "write", full)
        with pytest.raises(UserError, match=r"cannot be written: No space left on device; the sa"):
            convert(job)
    again = calls(monkeypatch, conversion, "partition_piece")
    convert(job)
    assert again == []
    assert hashes(tmp_path / "out") == hashes(converted[0] / "train")


def test_the_statistics_are_a_page_of_text(converted):
    text = format_statistics(converted[1]["train"])
    counts = converted[1]["train"]["counts"]
    assert f"{counts['impressions']:,} impressions, {counts['clicks']:,} clicks" in text
    assert "3 conversions without a click (first in line " in text
    (kind,) = converted[1]["train"]["dropped"]["malformed"]["common"]
    assert f"1 common lines: {MALFORMED[kind]} (first in line " in text
    assert "official  no" in text


def test_what_no_vocabulary_is_is_refused(simulated, converted, tmp_path):
    job = job_of(simulated / "raw", "test", tmp_path / "out", vocabulary=tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"--vocabulary .*nowhere: no vocabulary/vocabulary.json"):
        convert(job)
    copy = tmp_path / "edited"
    shutil.copytree(converted[0] / "train" / "vocabulary", copy)
    lines = (copy / "206.csv").read_text().splitlines()
    (copy / "206.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(UserError, match=r"206.csv: must hold \d+ ascending ids; was it edited"):
        convert(replace(job, vocabulary=copy))


def test_counts_of_pieces_add_up_with_line_numbers_of_the_whole_file():
    one = partition.Counts(
        lines=10, rows=9, impossible=partition.Lines(1, [4]), id_range={"205": (5, 9)}
    )
    other = partition.Counts(
        lines=20,
        rows=18,
        impossible=partition.Lines(7, [1, 2, 3, 4, 5]),
        malformed={"key": partition.Lines(1, [20])},
        id_range={"205": (2, 7), "206": (1, 1)},
    )
    total = partition.Counts()
    total.add(one)
    total.add(other)
    assert (total.lines, total.rows, total.bad) == (30, 27, 1)
    assert total.impossible == partition.Lines(8, [4, 11, 12, 13, 14])
    assert total.malformed == {"key": partition.Lines(1, [30])}
    assert total.id_range == {"205": (2, 9), "206": (1, 1)}


def test_what_shards_counted_adds_up():
    one = {"rows": 2, "by": [[1, 2]], "unknown": {"count": 1, "first": [9]}, "at": {"a": [1]}}
    other = {"rows": 3, "by": [[3, 4]], "unknown": {"count": 1, "first": [4]}, "at": {"b": [2]}}
    assert shards.added(one, other) == {
        "rows": 5,
        "by": [[4, 6]],
        "unknown": {"count": 2, "first": [4, 9]},
        "at": {"a": [1], "b": [2]},
    }
