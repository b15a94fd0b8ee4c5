"""What a check leaves says what it found, and the page stands alone."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from imharmony.datasets.check import Check, statistics
from imharmony.datasets.check_page import MOST_FINDINGS, MOST_LABELS, page_of, verdict_of, write_check
from imharmony.sources.findings import Finding
from imharmony.storage.tables import read_table

VOID = {"meta", "link"}
SAMPLE = {"photograph": "a", "reference": None, "split": "train", "transfer": "luminance", "foreground_ratio": 0.1, "delta_e": 7.0}


def checked(*findings: Finding, categories: int = 2) -> Check:
    samples = [SAMPLE | {"sample": str(number), "category": f"<kind {number}>"} for number in range(categories)]
    return Check(Path("data", "R&D"), list(findings), statistics(samples))


class Page(HTMLParser):
    """Collects text and addresses, and checks that elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data.strip())


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], "Sound: nothing was found."),
        ([Finding("unlisted", "a", "x")], "Sound, with remarks: 1 unlisted."),
        ([Finding("unlisted", "a", "x"), Finding("leak", "a", "x"), Finding("leak", "b", "x")], "Not sound: 2 leak, 1 unlisted."),
    ],
)
def test_the_verdict_counts_what_was_found(findings, verdict):
    assert verdict_of(checked(*findings)) == verdict


def test_the_page_is_whole_and_needs_nothing_else():
    page = Page(page_of(checked(Finding("leak", "a<b>.jpg", "in 2 & more"))))
    assert page.addresses == ["data:,"]
    for text in ("R&D", "Not sound: 1 leak.", "a<b>.jpg", "in 2 & more", "<kind 0>", "10.0%", "7.0"):
        assert text in page.text


def test_a_sound_set_has_no_list_of_findings():
    assert "Findings" not in Page(page_of(checked())).text


def test_many_findings_and_labels_are_cut_and_said_so():
    findings = [Finding("unlisted", f"{number}.jpg", "x") for number in range(MOST_FINDINGS + 1)]
    text = Page(page_of(checked(*findings, categories=MOST_LABELS + 3))).text
    assert f"The first {MOST_FINDINGS} of {MOST_FINDINGS + 1}; findings.parquet has all." in text
    assert f"{MOST_FINDINGS}.jpg" not in text
    assert "3 others" in text


def test_the_folder_has_two_tables_and_the_page(tmp_path):
    result = checked(Finding("leak", "a", "x"))
    (tmp_path / "note.txt").write_text("mine")
    write_check(result, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["findings.parquet", "index.html", "note.txt", "statistics.parquet"]
    assert read_table(tmp_path / "findings.parquet")["kind"].to_pylist() == ["leak"]
    assert read_table(tmp_path / "statistics.parquet").equals(result.statistics)
    assert (tmp_path / "index.html").read_text() == page_of(result)
