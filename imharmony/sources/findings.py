"""What is wrong with a data set: one finding per defect, with its reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

# kind -> whether a set that has it is unfit for use: it leaks, or samples are broken or absent.
KINDS = {
    "leak": True,  # a photograph in two splits
    "near_duplicate": True,  # two photographs that look the same, in two splits
    "shared": True,  # a photograph in the test (or val) part of one set and in an earlier part of a second one
    "name": True,  # against the rule for names
    "missing": True,  # named, and no such file
    "twice": True,  # two samples of one name
    "unreadable": True,
    "changed": True,  # other pixels or bytes than the table has the hash of
    "size": True,  # pictures of one sample that disagree, or that are not as the table says
    "empty_mask": True,
    "list": False,  # the whole set's list disagrees with the subset's
    "unlisted": False,  # a composite in no list
    "unpaired": False,  # a mask or photograph without a composite
}

FINDINGS = pa.schema([("kind", pa.string()), ("subject", pa.string()), ("reason", pa.string()), ("is_error", pa.bool_())])


class Finding(NamedTuple):
    """One defect."""

    kind: str  # of ``KINDS``
    subject: str  # the file, sample or photograph
    reason: str

    @property
    def is_error(self) -> bool:
        """Whether it makes the set unfit."""
        return KINDS[self.kind]


def findings_table(findings: Iterable[Finding]) -> pa.Table:
    """One row per finding, in the given order."""
    return pa.Table.from_pylist([finding._asdict() | {"is_error": finding.is_error} for finding in findings], schema=FINDINGS)


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings of each kind there are, in the order of ``KINDS``."""
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}
