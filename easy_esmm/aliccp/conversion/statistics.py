"""The counts of a conversion, as JSON and as text."""

from __future__ import annotations

from dataclasses import asdict
from functools import reduce
from typing import Any, Dict, Iterator, List, Sequence

from easy_esmm.aliccp.conversion import official
from easy_esmm.aliccp.conversion.partition import Counts, Lines
from easy_esmm.aliccp.conversion.raw_block import MALFORMED
from easy_esmm.aliccp.conversion.shards import Counted, added
from easy_esmm.aliccp.conversion.sources import Source
from easy_esmm.aliccp.conversion.vocabulary import Vocabulary
from easy_esmm.aliccp.fields import FIELDS

_PER_SHARD = ("impressions", "clicks", "conversions", "user_rows")
_KEPT_ASIDE = (
    ("unknown_field", "features of fields that the file should not have"),
    ("repeated_field", "values beyond the first of a single-valued field"),
    ("other_weight", "weights other than 1.0 in fields without weights"),
)


def statistics(
    settings: Dict[str, Any],
    sources: Dict[str, Source],
    skeleton: Counts,
    common: Counts,
    shards: Sequence[Counted],
    vocabulary: Vocabulary,
    files: Sequence[Sequence[str]],
) -> Dict[str, Any]:
    """All counts, for `conversion.json`."""
    total = reduce(added, shards)
    counts = {"skeleton": skeleton, "common": common}
    dropped = {
        "impossible": asdict(skeleton.impossible),
        "unknown_key": total["unknown_key"],
        "repeated_key": total["repeated_key"],
        "malformed": {
            name: {kind: asdict(lines) for kind, lines in sorted(own.malformed.items())}
            for name, own in counts.items()
        },
    }
    sizes = {name: len(ids) for name, ids in vocabulary.ids.items()}
    return {
        "settings": settings,
        "inputs": {
            name: {
                "path": str(source),
                "bytes": source.bytes,
                "lines": counts[name].lines,
                "well_formed": counts[name].lines - counts[name].bad,
            }
            for name, source in sources.items()
        },
        "counts": {
            name: total[name]
            for name in (*_PER_SHARD, "unused_common_rows", "duplicate_impressions")
        },
        "dropped": dropped,
        "left_out": {
            name: {kind: asdict(lines) for kind, lines in _left_out(own).items() if lines.count}
            for name, own in counts.items()
        },
        "fields": {
            field.name: {
                **total["fields"][field.name],
                "missing": total["impressions"] - total["fields"][field.name]["impressions"],
                "vocabulary": sizes[field.name],
                "distinct_ids": vocabulary.distinct[field.name],
            }
            for field in FIELDS
        },
        "min_count": vocabulary.min_count,
        "by_order": total["by_order"],
        "by_position": total["by_position"],
        "impressions_per_user_row": total["impressions_per_user_row"],
        "history_lengths": total["history_lengths"],
        "official": official.compare(
            skeleton.lines, common.lines, skeleton.impossible.count, vocabulary.min_count, sizes
        ),
        "files": [
            {"names": list(names), **{name: shard[name] for name in _PER_SHARD}}
            for names, shard in zip(files, shards)
        ],
    }


def _left_out(counts: Counts) -> Dict[str, Lines]:
    return {name: getattr(counts, name) for name, _ in _KEPT_ASIDE}


def format_statistics(result: Dict[str, Any]) -> str:
    """The same as text for a terminal."""
    return "\n".join(_lines(result))


def _lines(result: Dict[str, Any]) -> Iterator[str]:
    counts, dropped = result["counts"], result["dropped"]
    for name, own in result["inputs"].items():
        yield f"{name:<9} {own['path']}: {own['lines']:,} lines"
    yield (
        f"written   {counts['impressions']:,} impressions, {counts['clicks']:,} clicks "
        f"({_share(counts['clicks'], counts['impressions'])}), {counts['conversions']:,} "
        f"conversions ({_share(counts['conversions'], counts['clicks'])} of the clicks)"
    )
    yield (
        f"          {counts['user_rows']:,} user rows, "
        f"{counts['impressions'] / max(1, counts['user_rows']):.1f} impressions each; "
        f"{counts['unused_common_rows']:,} common rows that no impression points to"
    )
    yield (
        f"          {counts['duplicate_impressions']:,} impressions repeat an earlier one "
        "in all but the sample id (kept)"
    )
    yield "dropped"
    yield _counted("conversions without a click", dropped["impossible"])
    yield _counted("impressions with a key that is not in the common file", dropped["unknown_key"])
    yield _counted("common rows with a key that came before", dropped["repeated_key"])
    for name, kinds in dropped["malformed"].items():
        for kind, lines in kinds.items():
            yield _counted(f"{name} lines: {MALFORMED[kind]}", lines)
    if any(result["left_out"].values()):
        yield "left out"
    meanings = dict(_KEPT_ASIDE)
    for name, kinds in result["left_out"].items():
        for kind, lines in kinds.items():
            yield _counted(f"{name}: {meanings[kind]}", lines)
    yield from _field_lines(result)
    yield from _official_lines(result["official"])


def _field_lines(result: Dict[str, Any]) -> Iterator[str]:
    yield f"fields    (vocabulary: ids seen at least {result['min_count']} times in training)"
    yield (
        f"  {'field':<8}{'impressions':>13}{'coverage':>10}{'values':>16}{'unknown':>9}"
        f"{'vocabulary':>12}{'distinct':>12}  meaning"
    )
    impressions = result["counts"]["impressions"]
    for field in FIELDS:
        own = result["fields"][field.name]
        coverage = _share(own["impressions"], impressions)
        yield (
            f"  {field.name:<8}{own['impressions']:>13,}{coverage:>10}"
            f"{own['values']:>16,}{_share(own['unknown_values'], own['values']):>9}"
            f"{own['vocabulary']:>12,}{own['distinct_ids']:>12,}  {field.meaning}"
        )


def _official_lines(compared: Dict[str, Any]) -> Iterator[str]:
    if compared["part"] is None:
        yield "official  no: the skeleton has not as many lines as an official one"
        return
    checks: List[Dict[str, Any]] = compared["checks"]
    agreed = sum(check["agrees"] for check in checks)
    yield f"official  {compared['part']}: {agreed} of {len(checks)} known counts agree"
    for check in checks:
        if not check["agrees"]:
            yield f"  differs: {check['what']}: known {check['known']:,}, found {check['found']:,}"


def _counted(what: str, lines: Dict[str, Any]) -> str:
    first = ", ".join(str(number) for number in lines["first"])
    return f"  {lines['count']:>9,} {what}" + (f" (first in line {first})" if first else "")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"
