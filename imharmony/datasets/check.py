"""Is a data set sound? Leaks between splits, files that are broken or not what its tables say, and what it is made of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.splits import SPLITS
from imharmony.datasets.contents import contents
from imharmony.datasets.overlap import roles_of, said, shared_with
from imharmony.datasets.perceptual_hash import RADIUS, near_pairs
from imharmony.errors import InputError
from imharmony.sources.findings import KINDS, Finding
from imharmony.storage.shards import Row

# Edges of the histograms; a bin has its lower edge. 0.01 and 0.8 are the limits of HCOCO, 0.05 and 0.15 those of the usual buckets.
EDGES = {"foreground_ratio": (0.0, 0.01, 0.05, 0.15, 0.3, 0.5, 0.8, 1.0), "delta_e": (0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, np.inf)}
ALL = "all"

# One row per number: ``label`` is the bin, category or transfer that ``value`` counts, or empty.
STATISTICS = pa.schema([("split", pa.string()), ("statistic", pa.string()), ("label", pa.string()), ("value", pa.float64())])


@dataclass(frozen=True)
class Check:
    """What was found in a data set."""

    folder: Path
    findings: list[Finding]  # by kind, as ``KINDS`` orders them
    statistics: pa.Table  # of ``STATISTICS``

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found that makes the set unfit."""
        return not any(finding.is_error for finding in self.findings)


def check(folder: Path, *, workers: int = 1) -> Check:
    """Decodes a whole data set, ours or in iHarmony4's layout, and judges it; raises ``InputError`` if it is none."""
    return check_together([folder], workers=workers)[0]


def check_together(folders: Sequence[Path], *, workers: int = 1) -> list[Check]:
    """Judges each of several data sets, and whether another learns from what it is judged by."""
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise InputError(f"{', '.join(map(str, folders))}: a data set comes twice; expected each once; leave one out")
    seen = [contents(folder, workers=workers) for folder in folders]
    found = []
    for folder, own in zip(folders, seen, strict=True):
        findings = [*own.findings, *leaks(own.samples), *near_duplicates(own.samples, own.hashes)]
        for other_folder, other in zip(folders, seen, strict=True):
            if other is not own:
                findings += shared_with(own, other, other_name=str(other_folder))
        findings.sort(key=lambda finding: list(KINDS).index(finding.kind))
        found.append(Check(folder, findings, statistics(own.samples)))
    return found


def leaks(samples: list[Row]) -> Iterator[Finding]:
    """Photographs in more than one split, as the background of a composite or as its reference for colours."""
    for photograph, counts in roles_of(samples).items():
        if len({split for _, split in counts}) > 1:
            yield Finding("leak", photograph, f"a photograph in two splits: {said(counts)}")


def near_duplicates(samples: list[Row], hashes: dict[str, np.uint64]) -> Iterator[Finding]:
    """Photographs that show the same as one of another split: for each of the later split, the nearest of all before it."""
    split_of = {sample["photograph"]: sample["split"] for sample in samples}
    names = list(hashes)
    groups = np.array([SPLITS.index(split_of[name]) for name in names], np.int64)
    pairs = near_pairs(np.array([hashes[name] for name in names], np.uint64), groups, radius=RADIUS)
    others = Counter(pairs.second.tolist())
    for position in np.lexsort((pairs.first, pairs.distance, pairs.second)).tolist():
        first, second = names[pairs.first[position]], names[pairs.second[position]]
        count = others.pop(int(pairs.second[position]), 0)
        if count:
            more = f", and {count - 1} more look like it" if count > 1 else ""
            apart = f"{pairs.distance[position]} of 64 bits"
            yield Finding("near_duplicate", second, f"in {split_of[second]}; {apart} from {first} in {split_of[first]}{more}")


def statistics(samples: list[Row]) -> pa.Table:
    """The numbers of each split and of all together."""
    splits = [split for split in SPLITS if any(sample["split"] == split for sample in samples)]
    rows = [row for split in [*splits, ALL] for row in _numbers([s for s in samples if split in (s["split"], ALL)], split)]
    return pa.Table.from_pylist(rows, schema=STATISTICS)


def _numbers(samples: list[Row], split: str) -> Iterator[Row]:
    def row(statistic: str, label: str, value: float) -> Row:
        return {"split": split, "statistic": statistic, "label": label, "value": value}

    yield row("composites", "", len(samples))
    yield row("photographs", "", len({sample["photograph"] for sample in samples}))
    for name, edges in EDGES.items():
        values = np.array([sample[name] for sample in samples if sample[name] is not None])
        if len(values):
            yield row(f"{name}_mean", "", float(values.mean()))
            yield row(f"{name}_median", "", float(np.median(values)))
        for low, high, count in zip(edges, edges[1:], np.histogram(values, edges)[0].tolist(), strict=False):
            yield row(name, f"{low:g} and more" if np.isinf(high) else f"{low:g} to {high:g}", count)
    for name in ("category", "transfer"):
        counts = Counter(sample[name] for sample in samples if sample[name])
        for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield row(name, label, count)
