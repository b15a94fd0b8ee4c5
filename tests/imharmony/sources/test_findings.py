"""Findings as a table and in numbers."""

from imharmony.sources.findings import FINDINGS, Finding, counted, findings_table

SOME = [Finding("unlisted", "a.jpg", "a file in no list"), Finding("leak", "b.jpg", "x"), Finding("unlisted", "c.jpg", "y")]


def test_a_leak_is_an_error_and_a_spare_file_is_not():
    assert [finding.is_error for finding in SOME] == [False, True, False]


def test_the_table_has_a_row_for_each_finding():
    table = findings_table(SOME)
    assert table.schema == FINDINGS
    assert table.to_pylist()[1] == {"kind": "leak", "subject": "b.jpg", "reason": "x", "is_error": True}
    assert findings_table([]).schema == FINDINGS


def test_kinds_are_counted_worst_first():
    assert list(counted(SOME).items()) == [("leak", 1), ("unlisted", 2)]
