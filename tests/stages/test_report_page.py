"""The page: what it is made of, and how it behaves in a browser."""

import base64
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from harmonization.tables import read_table
from pipeline.published_scores import PUBLISHED_SCORES, read_published
from tests.conftest import ROOT
from tests.reports import VARIANTS, reported


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """A folder in which the three stages have run."""
    with reported(tmp_path_factory.mktemp("workspace")) as folder:
        yield folder


@pytest.fixture
def inside(workspace, monkeypatch) -> Path:
    monkeypatch.chdir(workspace)
    return workspace


@pytest.fixture(scope="module")
def page(workspace) -> str:
    return (workspace / "reports" / "index.html").read_text()


class Elements(HTMLParser):
    """Every start tag with its attributes, and whether tags nest."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_asks_for_nothing_outside_itself(page):
    elements = Elements(page)
    assert re.findall(r"(?:https?:)?//[a-z]", page) == []
    assert elements.of("script") == [{}]
    assert {link["href"].split(",")[0] for link in elements.of("link")} == {"data:"}
    assert all(image["src"].startswith("data:image/") for image in elements.of("img"))
    assert all(link["href"].startswith("#") for link in elements.of("a"))


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    elements = Elements(page)
    assert elements.open == []
    names = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(names) == len(set(names))
    assert {link["href"][1:] for link in elements.of("a")} <= set(names)


def test_every_image_has_a_description_and_headings_follow_each_other(page):
    elements = Elements(page)
    assert all(image["alt"] for image in elements.of("img"))
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_the_page_has_both_themes_and_so_have_its_figures(page):
    assert "prefers-color-scheme: dark" in page
    figures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    assert len(figures) == 2 + 2 + 2
    for figure in figures:
        text = base64.b64decode(figure).decode()
        assert "prefers-color-scheme:dark" in text
        assert "currentColor" in text


def test_tables_scroll_inside_their_own_box(page):
    boxes = [attributes for tag, attributes in Elements(page).found if tag == "div" and attributes.get("class") == "scroll"]
    assert len(boxes) == 2 * 2 + 1 + 2 + len(read_published(ROOT / PUBLISHED_SCORES))
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_the_gallery_shows_best_and_worst_cases_with_every_method(page):
    cases = page.split('<figure class="case"')[1:]
    assert len(cases) == 2 * 5
    for case in cases:
        titles = re.findall(r"<b>([a-z_]+)</b>", case.split("</ul>")[0])
        assert titles == ["composite", "mask", "reinhard", *VARIANTS, "real"]
    assert "fMSE 900.0" in cases[0]


def test_what_comes_from_the_data_is_escaped(page):
    assert "&lt;tiny&gt; (1)" in page
    assert "crowd (3)" in page


def test_the_page_states_the_protocol_and_why_lpips_is_absent(page):
    assert "rounded to 8 bits, PSNR with peak 255" in page
    assert "evaluation.lpips of this profile is null" in page


def test_the_pages_leader_is_the_summarys(inside, page):
    rows = read_table(inside / "reports/tables/summary.parquet").to_pylist()
    headline = {"dataset": "people", "background": "composite", "quantisation": "uint8", "bucket": "all", "metric": "fmse"}
    means = {row["method"]: row["mean"] for row in rows if headline.items() <= row.items()}
    assert all(math.isfinite(mean) for mean in means.values())
    table = page.split('aria-label="Methods on people"')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row">([a-z_]+)', table) == sorted(means, key=means.__getitem__)
