"""Several packed splits as one: no picture is copied, each stays in the memory-mapped file that it is in.

A sample's name begins with its data set's, because two data sets may name samples alike. Photographs are numbered anew: those of one
source by the same number keep one, others are told apart. Foregrounds of two data sets are two, even if they are of one instance.
"""

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pyarrow as pa

from imharmony.composing.packed_split import SHAPES, PackedSplit
from imharmony.errors import InputError


class JoinedRows:
    """The rows of several arrays of one type, one array after the other; read by a position, a slice or an array of positions."""

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        self.shape = (int(self._ends[-1]), *parts[0].shape[1:])
        self.dtype = parts[0].dtype
        self.nbytes = sum(part.nbytes for part in parts)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        for part in self._parts:
            yield from part

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        if isinstance(index, slice):
            return self._gathered(np.arange(*index.indices(len(self))))
        if isinstance(index, np.ndarray):
            return self._gathered(index)
        return self._gathered(np.array([operator.index(index)]))[0]

    def _gathered(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) and not (-len(self) <= rows.min() and rows.max() < len(self)):
            raise IndexError(f"a position is out of range; there are {len(self)} rows")
        rows = np.where(rows < 0, rows + len(self), rows)
        owners = np.searchsorted(self._ends, rows, side="right")
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for owner in np.unique(owners).tolist():
            part, places = self._parts[owner], owners == owner
            found[places] = part[rows[places] - (self._ends[owner] - len(part))]
        return found


@dataclass(frozen=True)
class JoinedSplit(PackedSplit):
    """``parts`` are the data sets by name, in the order of their rows. ``weights``: their shares of an epoch; none: sizes decide."""

    parts: Mapping[str, PackedSplit] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def owners(self) -> np.ndarray:
        """Of each row the number of its part."""
        return np.repeat(np.arange(len(self.parts)), [len(part.composite) for part in self.parts.values()])


def joined(parts: Mapping[str, PackedSplit], *, sources: Mapping[str, str], weights: Mapping[str, float] | None = None) -> PackedSplit:
    """The data sets' splits as one, in the order of their names; one alone as it is.

    ``sources`` says where each one's photographs are from: data sets of one source mean the same photograph by a number.
    ``weights`` (> 0) are shares of an epoch, in any unit; None: each composite counts the same.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    parts = {name: parts[name] for name in sorted(parts)}
    shapes = {name: part.composite.shape[1:] for name, part in parts.items()}
    if len(set(shapes.values())) > 1:
        raise InputError(f"pictures of the shapes {shapes} are to be learned from together; expected one shape; pack them at one size")
    arrays = (JoinedRows([getattr(part, name) for part in parts.values()]) for name in SHAPES)
    # They are read as arrays are, by rows, which is all that training asks of them.
    composite, real, mask = (cast("np.ndarray", array) for array in arrays)
    given = {} if weights is None else {name: weights[name] for name in parts}
    return JoinedSplit(_rows(parts, sources), composite, real, mask, parts=parts, weights=given)


def parts_of(split: PackedSplit) -> dict[str, PackedSplit]:
    """The data sets that a split is made of, by name; a split of one is its own part, without a name."""
    return dict(split.parts) if isinstance(split, JoinedSplit) else {"": split}


def _rows(parts: Mapping[str, PackedSplit], sources: Mapping[str, str]) -> pa.Table:
    """What the tables have in common, with names and numbers that differ where samples, photographs and foregrounds do."""
    first, *others = (part.rows.column_names for part in parts.values())
    columns = [name for name in first if all(name in other for other in others)]
    table = pa.concat_tables([part.rows.select(columns) for part in parts.values()])
    names = pa.chunked_array([_named(name, part.rows["sample_id"]) for name, part in parts.items()])
    table = _with(table, "sample_id", names)
    for column, spaces in (("image_id", sources), ("annotation_id", {name: name for name in parts})):
        if column in columns:
            table = _with(table, column, _numbered([(spaces[name], part.rows[column].to_numpy()) for name, part in parts.items()]))
    return table


def _named(dataset: str, samples: pa.ChunkedArray) -> pa.Array:
    return pa.array([f"{dataset}/{sample}" for sample in samples.to_pylist()], pa.string())


def _numbered(columns: Sequence[tuple[str, np.ndarray]]) -> pa.Array:
    """A number for each pair of a name and a number."""
    spaces = np.concatenate([np.full(len(column), sorted({name for name, _ in columns}).index(name)) for name, column in columns])
    pairs = np.stack([spaces, np.concatenate([column for _, column in columns])], axis=1)
    return pa.array(np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64))


def _with(table: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, values)
