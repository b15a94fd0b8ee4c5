"""What a source's tables say of its instances but for their masks, and which of them that rules out.

Everything here is columns of numbers, a value for each row of ``instances.parquet`` in its own order: some tens of bytes for an instance.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.rules import Rules
from imharmony.errors import InputError
from imharmony.storage.streams import count_rows, read_batches
from imharmony.storage.tables import read_table

# Why an instance is dropped, in the order of the tests.
REASONS = (
    "category",
    "crowd",
    "licence",
    "min_side",
    "degenerate",
    "foreground_ratio",
    "border",
    "parts",
    "occlusion",
    "photograph_limit",
    "foreground_limit",
)
CODES = {name: code for code, name in enumerate(("", *REASONS))}  # "" where nothing rules it out
KEPT = CODES[""]
NO_DERIVATIVES = "NoDerivs"
AT_ONCE = 1 << 18  # values
COLUMNS = ["annotation_id", "image_id", "category", "iscrowd", "bbox_width", "bbox_height"]


@dataclass(frozen=True)
class Photographs:
    """A source's photographs by ascending id; ``licences`` and ``parts`` are positions in the names."""

    ids: np.ndarray  # int64
    licences: np.ndarray
    licence_names: list[str]
    parts: np.ndarray  # the source's own
    part_names: list[str]

    @staticmethod
    def read(path: Path) -> "Photographs":
        """From ``photographs.parquet``."""
        table = read_table(path, ["image_id", "licence", "official_split"])
        ids = table["image_id"].to_numpy()
        order = np.argsort(ids, kind="stable")
        columns = (table[name].combine_chunks().dictionary_encode() for name in ("licence", "official_split"))
        licences, parts = ((column.indices.to_numpy()[order], column.dictionary.to_pylist()) for column in columns)
        return Photographs(ids[order], *licences, *parts)

    def under(self, wanted: Sequence[str] | None) -> np.ndarray:
        """The ids of those under these licences, or under any that permits derivatives."""
        fine = [NO_DERIVATIVES not in name if wanted is None else name in wanted for name in self.licence_names]
        return self.ids[np.array(fine, bool)[self.licences]]


@dataclass(frozen=True)
class Candidates:
    """A source's instances; ``categories`` are positions in the names, ``reasons`` are ``CODES`` and change as tests are made."""

    annotation_ids: np.ndarray  # int64
    image_ids: np.ndarray  # int64
    categories: np.ndarray  # int32
    category_names: list[str]
    reasons: np.ndarray  # uint8
    ratios: np.ndarray  # float64, the share of its photograph that an instance covers; NaN until its mask is drawn

    @staticmethod
    def read(path: Path, photographs: Photographs, *, rules: Rules) -> "Candidates":
        """From ``instances.parquet``, with what the columns rule out; a rule for what the source does not have is an ``InputError``."""
        count, licensed = count_rows(path), photographs.under(rules.licences)
        kinds = {"annotation_ids": np.int64, "image_ids": np.int64, "categories": np.int32, "reasons": np.uint8}
        columns = {name: np.empty(count, kind) for name, kind in kinds.items()}
        names: dict[str, int] = {}
        start = 0
        for batch in read_batches(path, COLUMNS):
            encoded = batch["category"].dictionary_encode()
            codes = np.array([names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()], np.int32)
            found = (batch["annotation_id"], batch["image_id"], codes[encoded.indices], column_reasons(batch, licensed, rules=rules))
            for column, values in zip(columns.values(), found, strict=True):
                column[start : start + len(batch)] = values
            start += len(batch)
        _expect_known("category", "annotation", rules.categories, names)
        _expect_known("licence", "photograph", rules.licences, photographs.licence_names)
        return Candidates(**columns, category_names=list(names), ratios=np.full(count, np.nan))

    def left(self) -> np.ndarray:
        """The positions of those that nothing has ruled out yet, ascending."""
        return np.flatnonzero(self.reasons == KEPT)

    def sorted(self, positions: np.ndarray) -> np.ndarray:
        """These positions by annotation, then by photograph: a published set repeats the first."""
        return positions[np.lexsort((self.image_ids[positions], self.annotation_ids[positions]))]


def column_reasons(instances: pa.RecordBatch, licensed: np.ndarray, *, rules: Rules) -> np.ndarray:
    """``CODES`` of why the columns alone rule an instance out; ``licensed`` are the ids of photographs, ascending. No mask is drawn."""
    sides = np.minimum(instances["bbox_width"].to_numpy(), instances["bbox_height"].to_numpy())
    tests = {
        "category": True if rules.categories is None else _is_in(instances["category"], rules.categories),
        "crowd": ~instances["iscrowd"].to_numpy(zero_copy_only=False),
        "licence": is_among(instances["image_id"].to_numpy(), licensed),
        "min_side": sides >= rules.min_side_px,
    }
    reasons = np.full(len(instances), KEPT, np.uint8)
    for name, passes in reversed(tests.items()):  # the first that fails is the last to be written
        reasons[np.logical_not(passes)] = CODES[name]
    return reasons


def is_among(values: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    """Which of the values are in an ascending array; some at a time, where ``np.isin`` takes memory for all of them several times over."""
    found = np.zeros(len(values), bool)
    for start in range(0, len(values) if len(ascending) else 0, AT_ONCE):
        part = values[start : start + AT_ONCE]
        found[start : start + AT_ONCE] = ascending[np.minimum(np.searchsorted(ascending, part), len(ascending) - 1)] == part
    return found


def reason_counts(reasons: np.ndarray) -> str:
    """How many instances each reason dropped, in the order of the tests: "crowd 4, border 2"."""
    counts = np.bincount(reasons, minlength=len(CODES)).tolist()
    return ", ".join(f"{reason} {counts[CODES[reason]]}" for reason in REASONS if counts[CODES[reason]]) or "none"


def _is_in(column: pa.Array, values: Sequence[str]) -> np.ndarray:
    found = pc.call_function("is_in", [column], pc.SetLookupOptions(value_set=pa.array(values, pa.string())))
    return found.to_numpy(zero_copy_only=False)


def _expect_known(what: str, bearer: str, wanted: Sequence[str] | None, names: Sequence[str] | dict[str, int]) -> None:
    known = sorted(names)
    for name in wanted or ():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3) or known[:10]
            raise InputError(f"{what} {name!r}: no {bearer} has it; expected one that the source has, such as {', '.join(close)}")
